"""Tables: verdicts on numbers made by hand, rows in order, nothing mixed, no NaN, no column without a note."""

from __future__ import annotations

import csv
import json
import math
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from scipy.stats import ttest_rel

from stages import gather_results
from stages.harness.findings import comparing, curves, records, tables
from stages.harness.settings import members, params, paths
from tests import judged

PROTOCOL = {
    "shared": {"version": 1, "extractor": "judge", "lpips": "judge", "split": "test"},
    "datasets": {"faces": {"images": 16, "extractor": "ab"}},
}
SEEDS = {"teacher": {"0": 0.010}, "plain": {"0": 0.036, "1": 0.034}, "taught": {"0": 0.026, "1": 0.0241}}


def report(name: str, errors: dict[str, float]) -> dict[str, Any]:
    """A quality report of one metric in which less is better, and one in which more is."""
    seeds = {
        seed: {
            "overall": {"l1": error, "accuracy_target": 1 - 10 * error, "kid_spread_judge": 0.5},
            "intervals": {"l1": [error - 0.001, error + 0.001]},
            "standard_errors": {"l1": 0.0005},
            "datasets": {},
        }
        for seed, error in errors.items()
    }
    return {
        "variant": name,
        "protocol": deepcopy(PROTOCOL),
        "references": {"reference_input_l1": 0.043},
        "seeds": seeds,
    }


@pytest.fixture
def content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> judged.Content:
    """Params, reports, costs and curves on disk."""
    monkeypatch.chdir(tmp_path)
    found = judged.content()
    publish(found, SEEDS)
    return found


def publish(content: judged.Content, seeds: dict[str, dict[str, float]]) -> None:
    settings = judged.save(content)
    for name in settings.variants:
        write(name, report(name, seeds[name]))
    numbers = {column: index for index, column in enumerate(tables.COSTS)}
    costs = {"teachers": {}, "variants": {name: {"generator": numbers} for name in settings.variants}}
    paths.costs().write_text(json.dumps(costs), encoding="utf-8")
    files = [paths.teacher_curve(name) for name in settings.teachers]
    files += [paths.student_curve(name, seed) for name, row in settings.variants.items() for seed in row.seeds]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("step\tgenerator/cycle\n" + "".join(f"{step}\t{1 / step:g}\n" for step in range(1, 101)))
    paths.student_curve("teacher", 0).write_text("step\n")


def write(name: str, content: dict[str, Any]) -> None:
    paths.quality(name).parent.mkdir(parents=True, exist_ok=True)
    paths.quality(name).write_text(json.dumps(content), encoding="utf-8")


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.usefixtures("content")
def test_results_hold_every_row_and_seed_in_order() -> None:
    write("removed", report("removed", {"0": 0.0}))
    gather_results.main()
    found = read(paths.results())
    assert [(row["variant"], row["seed"]) for row in found] == [
        (name, seed) for name, each in SEEDS.items() for seed in each
    ]
    assert list(found[0])[:14] == [*tables.NAMES, "parameters", "macs", "macs_output_rule", "bytes"]
    assert list(found[0])[:8] == [
        "variant", "seed", "teacher", "family", "dataset", "compression", "generator_lesson", "discriminator_lesson"
    ]  # fmt: skip
    taught = found[-1]
    assert (taught["generator_lesson"], taught["discriminator_lesson"]) == ("euclidean", "euclidean")
    assert (taught["l1"], taught["l1_low"], taught["l1_high"]) == ("0.024100", "0.023100", "0.025100")
    assert taught["reference_input_l1"] == "0.043000"
    assert taught["macs"] == "1"
    # What these data do not have is empty, not zero.
    assert taught["ssim"] == ""
    assert len({row["protocol"] for row in found}) == 1


@pytest.mark.usefixtures("content")
def test_gathering_repeats_itself() -> None:
    files = (paths.results(), paths.comparisons(), paths.variance(), paths.training_curves(), paths.columns())
    gather_results.main()
    first = [file.read_bytes() for file in files]
    gather_results.main()
    assert [file.read_bytes() for file in files] == first
    assert all(b"\r" not in each for each in first)


@pytest.mark.usefixtures("content")
def test_comparisons_are_paired_with_the_control() -> None:
    gather_results.main()
    found = {row["metric"]: row for row in read(paths.comparisons())}
    assert list(found) == ["l1", "accuracy_target"]  # a spread has no better direction
    row = found["l1"]
    assert (row["variant"], row["control"], row["better"], row["n"]) == ("taught", "plain", "min", "2")
    assert float(row["difference"]) == pytest.approx(-0.00995)
    interval = ttest_rel([0.026, 0.0241], [0.036, 0.034]).confidence_interval(0.95)
    assert float(row["low"]) == pytest.approx(interval.low, abs=1e-6)
    assert float(row["high"]) == pytest.approx(interval.high, abs=1e-6)
    assert row["verdict"] == found["accuracy_target"]["verdict"] == "better"


@pytest.mark.parametrize(
    ("mine", "control", "direction", "verdict"),
    [
        ([0.02, 0.021, 0.02], [0.03, 0.031, 0.0305], "min", "better"),
        ([0.02, 0.021, 0.02], [0.03, 0.031, 0.0305], "max", "worse"),
        ([0.03, 0.031, 0.0305], [0.02, 0.021, 0.02], "min", "worse"),
        ([0.03, 0.031, 0.0305], [0.02, 0.021, 0.02], "max", "better"),
        ([0.02, 0.04, 0.03], [0.03, 0.03, 0.031], "min", "no evidence"),
        ([0.02, 0.02], [0.02, 0.02], "min", "no evidence"),
        ([0.01], [0.03], "min", "single seed"),
        ([0.01, 0.02], [0.03], "min", "single seed"),
        ([0.01, 0.02], None, "min", "no control"),
    ],
)
def test_verdicts(mine: list[float], control: list[float] | None, direction: str, verdict: str) -> None:
    given = {str(seed): value for seed, value in enumerate(mine)}
    other = None if control is None else {str(seed): value for seed, value in enumerate(control)}
    found = comparing.compare(given, other, direction)
    assert found.verdict == verdict
    assert (found.low is None) == (found.n < 2)


def test_other_seeds_are_no_control() -> None:
    assert comparing.compare({"1": 0.1, "2": 0.1}, {"3": 0.1}, "min").verdict == "no common seed"


def test_pairing_sees_what_seeds_share() -> None:
    """A small gain that every seed shows is found under a large spread between seeds; unpaired it would drown."""
    control = {"0": 0.10, "1": 0.20, "2": 0.30}
    mine = {seed: value - 0.01 - 0.001 * int(seed) for seed, value in control.items()}
    assert comparing.compare(mine, control, "min").verdict == "better"
    shuffled = dict(zip(mine, (mine["2"], mine["0"], mine["1"]), strict=True))
    assert comparing.compare(shuffled, control, "min").verdict == "no evidence"


@pytest.mark.usefixtures("content")
def test_a_control_differs_in_nothing_but_the_lesson() -> None:
    rows = params.load().variants
    taught, plain = rows["taught"], rows["plain"]
    assert comparing.control_of(taught, rows) == "plain"
    for change in ({"student": {"width": 3}}, {"schedule": "untrained"}, {"compression": "prune"}, {"teacher": "x"}):
        assert comparing.control_of(taught, {"plain": plain.model_copy(update=change), "taught": taught}) is None


def test_a_row_without_control_and_one_of_one_seed_say_so(content: judged.Content) -> None:
    rows = content["variants"]
    rows["lonely"] = {**rows["taught"], "student": {"width": 2, "blocks": 2}, "generator_lesson": {"match": {"image": "image"}, "weight": 1.0}}  # fmt: skip # noqa: E501
    rows["single"] = {**rows["taught"], "seeds": [1]}
    publish(content, {**SEEDS, "lonely": {"0": 0.01, "1": 0.01}, "single": {"1": 0.0001}})
    gather_results.main()
    verdicts = {row["variant"]: row["verdict"] for row in read(paths.comparisons()) if row["metric"] == "l1"}
    assert verdicts == {"taught": "better", "lonely": "no control", "single": "single seed"}


def test_variance_is_split_where_there_are_three_seeds(content: judged.Content) -> None:
    gather_results.main()
    assert read(paths.variance()) == []
    content["variants"]["plain"]["seeds"] = [0, 1, 2]
    publish(content, {**SEEDS, "plain": {"0": 0.036, "1": 0.034, "2": 0.035}})
    gather_results.main()
    (row,) = read(paths.variance())
    assert (row["variant"], row["metric"], row["seeds"]) == ("plain", "l1", "3")
    assert float(row["seed_deviation"]) == pytest.approx(0.001)
    assert float(row["sample_error"]) == pytest.approx(0.0005)
    assert float(row["seed_share"]) == pytest.approx(0.8)


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.usefixtures("content")
def test_what_is_no_number_is_named(value: float) -> None:
    broken = report("taught", SEEDS["taught"])
    broken["seeds"]["1"]["overall"]["accuracy_target"] = value
    write("taught", broken)
    with pytest.raises(tables.TableError, match=r"taught: seeds\.1\.overall\.accuracy_target is (nan|inf)"):
        gather_results.main()
    assert not paths.results().exists()


@pytest.mark.parametrize(
    ("section", "key"), [(("shared",), "extractor"), (("datasets", "faces"), "images"), (("datasets", "faces"), "more")]
)
@pytest.mark.usefixtures("content")
def test_protocols_are_not_mixed(section: tuple[str, ...], key: str) -> None:
    other = report("taught", SEEDS["taught"])
    place = other["protocol"]
    for name in section:
        place = place[name]
    place[key] = "another"
    write("taught", other)
    with pytest.raises(tables.TableError, match=rf"taught and teacher .*different protocols.*\({key}\)"):
        gather_results.main()


@pytest.mark.usefixtures("content")
def test_rows_of_one_data_set_have_one_set_of_metrics() -> None:
    other = report("taught", SEEDS["taught"])
    del other["seeds"]["1"]["overall"]["accuracy_target"]
    write("taught", other)
    with pytest.raises(tables.TableError, match=r"taught \(seed 1\) and teacher .*accuracy_target"):
        gather_results.main()


def test_missing_rows_seeds_and_files_are_named(content: judged.Content) -> None:
    write("taught", report("taught", {"0": 0.1}))
    with pytest.raises(tables.TableError, match=r"taught\.json holds seeds 0, the row has \[0, 1\]"):
        gather_results.main()
    paths.quality("taught").unlink()
    with pytest.raises(tables.TableError, match=r"taught\.json does not exist"):
        gather_results.main()
    publish(content, SEEDS)
    paths.student_curve("plain", 1).unlink()
    with pytest.raises(tables.TableError, match=r"seed1\.tsv does not exist"):
        gather_results.main()
    paths.costs().write_text('{"variants": {}}', encoding="utf-8")
    with pytest.raises(tables.TableError, match="does not know teacher"):
        gather_results.main()


@pytest.mark.usefixtures("content")
def test_curves_are_thinned_and_keep_their_mean() -> None:
    gather_results.main()
    found = read(paths.training_curves())
    assert list(found[0]) == ["kind", "name", "seed", "step", "generator/cycle"]
    large = [row for row in found if row["name"] == "large"]
    assert 10 < len(large) <= curves.POINTS
    assert [int(row["step"]) for row in large][-1] == 100
    assert float(large[0]["generator/cycle"]) == pytest.approx((1 + 1 / 2 + 1 / 3) / 3, rel=1e-3)
    assert {(row["kind"], row["name"], row["seed"]) for row in found} == {
        ("teacher", "large", "0"), *(("variant", name, seed) for name in ("plain", "taught") for seed in ("0", "1"))
    }  # fmt: skip


@pytest.mark.parametrize("extractor", ["judge", "inception"])
@pytest.mark.parametrize("perceptual", ["judge", "alex", "vgg"])
def test_every_column_is_documented_from_its_metric(extractor: str, perceptual: str) -> None:
    measured = tables.measured(extractor, perceptual)
    assert len(measured) == len(set(measured))
    for name in measured:
        column = tables.described(name)
        assert column.meaning
        assert column.source in members.names("metrics")
    # What Inception and the judge say never shares a column.
    assert ("fid" in measured) == (extractor == "inception")
    assert ("fid_judge" in measured) == (extractor == "judge")
    assert f"lpips_{perceptual}_truth" in measured
    page = tables.page(measured, {"ab": PROTOCOL})
    for name in (*tables.NAMES, *tables.COSTS, *measured, "protocol"):
        assert f"| `{name}` |" in page


def test_every_metric_column_has_a_note() -> None:
    for owner in tables.OWNERS:
        for name in owner.COLUMNS:
            assert tables.described(name).better == owner.COLUMNS[name][0]
    assert tables.described("l1_low").better == ""
    assert tables.described("perfect_fid_judge").better == ""
    assert tables.described("lpips_judge_teacher").better == "min"
    with pytest.raises(tables.TableError, match="beauty"):
        tables.described("beauty")


def test_cells() -> None:
    cells = {None: "", 7: "7", 0.5: "0.500000", -1e-9: "0.000000", -2.0: "-2.000000", "a": "a"}
    assert {value: tables.written(value) for value in cells} == cells
    with pytest.raises(tables.TableError):
        tables.written(math.nan)


def test_a_protocol_has_one_key() -> None:
    reordered = dict(reversed(PROTOCOL.items()))
    assert records.key(PROTOCOL) == records.key(reordered)
    assert records.key(PROTOCOL) != records.key({**PROTOCOL, "shared": {}})
