"""Tables: verdicts on numbers made by hand, rows in order, nothing mixed, no NaN, no column without a note."""

from __future__ import annotations

import csv
import json
import math
import shutil
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from scipy.stats import ttest_rel

from stages import gather_curves, gather_results
from stages.findings import additions, comparing, contrasts, curves, dictionary, records, tables
from stages.measuring import columns
from stages.metrics import cost
from stages.settings import members, params, paths, sweeps
from stages.settings.rows import VariantRow
from tests import all_tables, judged

PROTOCOL = {
    "shared": {"examination": "translation", "version": 1, "extractor": "judge", "split": "test"},
    "datasets": {"faces": {"images": 16, "extractor": "ab"}},
}
KEPT = [column for column in cost.COLUMNS if column != "training_macs"]
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
    measured = {
        column: (metric, known)
        for metric in ("pixels", "attributes", "kid")
        for stem, known in members.load("metrics", metric).COLUMNS.items()
        for column in (stem, f"{stem}_judge")
    }
    overall: Any = next(iter(seeds.values()))["overall"]
    return {
        "variant": name,
        "headline": "l1",
        "columns": {name: each for name, each in columns.described(measured).items() if name in overall},
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
    rows = sweeps.rows(settings)
    for name in rows:
        write(name, report(name, seeds[name]))
    counted = {"kept": {column: index for index, column in enumerate(KEPT)}, "training": {"macs": 12345678901234}}
    costs = {"teachers": {}, "variants": dict.fromkeys(rows, counted)}
    paths.costs().write_text(json.dumps(costs), encoding="utf-8")
    files = [paths.teacher_curve(name) for name in settings.teachers]
    files += [paths.student_curve(name, seed) for name, row in rows.items() for seed in row.seeds]
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
    all_tables.gather()
    found = read(paths.results())
    assert [(row["variant"], row["seed"]) for row in found] == [
        (name, seed) for name, each in SEEDS.items() for seed in each
    ]
    assert list(found[0]) == [*tables.NAMES, *dictionary.read().columns, "protocol"]
    assert list(found[0])[:2] == ["variant", "seed"]
    taught = found[-1]
    assert (taught["generator_lesson"], taught["discriminator_lesson"]) == ("euclidean", "euclidean")
    assert (taught["l1"], taught["l1_low"], taught["l1_high"]) == ("0.024100", "0.023100", "0.025100")
    assert taught["reference_input_l1"] == "0.043000"
    assert taught["macs"] == str(KEPT.index("macs"))
    assert taught["training_macs"] == "12345678901234"
    assert (taught["examination"], taught["pace"], taught["headline"]) == ("translation", "constant", "false")
    # A column that no row has is not there; a cell that a row does not have is empty, not zero.
    assert "ssim" not in taught
    assert len({row["protocol"] for row in found}) == 1


@pytest.mark.usefixtures("content")
def test_gathering_repeats_itself() -> None:
    tables_of_rows = (
        paths.results(),
        paths.comparisons(),
        paths.additions(),
        paths.variance(),
        paths.training_curves(),
    )
    files = (*tables_of_rows, paths.columns(), paths.dictionary())
    all_tables.gather()
    first = [file.read_bytes() for file in files]
    all_tables.gather()
    assert [file.read_bytes() for file in files] == first
    assert all(b"\r" not in each for each in first)


@pytest.mark.usefixtures("content")
def test_comparisons_are_paired_with_the_control() -> None:
    all_tables.gather()
    found = {row["metric"]: row for row in read(paths.comparisons())}
    assert list(found) == ["l1", "accuracy_target"]  # a spread has no better direction
    row = found["l1"]
    assert (row["variant"], row["control"], row["better"], row["n"]) == ("taught", "plain", "min", "2")
    assert float(row["difference"]) == pytest.approx(-0.00995)
    interval = ttest_rel([0.026, 0.0241], [0.036, 0.034]).confidence_interval(0.95)
    assert float(row["low"]) == pytest.approx(interval.low, abs=1e-6)
    assert float(row["high"]) == pytest.approx(interval.high, abs=1e-6)
    assert row["verdict"] == found["accuracy_target"]["verdict"] == "better"


def compared(mine: dict[str, float], control: dict[str, float] | None, direction: str) -> comparing.Comparison:
    """One row against another, which are a family by themselves."""
    asked = None if control is None else contrasts.pair("mine", "control")
    (found,) = comparing.compare([asked], {"mine": mine, "control": control or {}}, direction)
    return found


@pytest.mark.parametrize(
    ("mine", "control", "direction", "verdict"),
    [
        ([0.02, 0.021, 0.02], [0.03, 0.031, 0.0305], "min", "better"),
        ([0.02, 0.021, 0.02], [0.03, 0.031, 0.0305], "max", "worse"),
        ([0.03, 0.031, 0.0305], [0.02, 0.021, 0.02], "min", "worse"),
        ([0.03, 0.031, 0.0305], [0.02, 0.021, 0.02], "max", "better"),
        ([0.02, 0.04, 0.03], [0.03, 0.03, 0.031], "min", "no evidence"),
        ([0.02, 0.02], [0.02, 0.02], "min", "no difference"),
        ([0.02, 0.0201, 0.0201], [0.02, 0.02, 0.0202], "min", "no difference"),
        ([0.01, 0.01], [0.02, 0.02], "min", "no evidence"),
        ([0.01], [0.03], "min", "single seed"),
        ([0.01, 0.02], [0.03], "min", "single seed"),
        ([0.01, 0.02], None, "min", "no control"),
    ],
)
def test_verdicts(mine: list[float], control: list[float] | None, direction: str, verdict: str) -> None:
    given = {str(seed): value for seed, value in enumerate(mine)}
    other = None if control is None else {str(seed): value for seed, value in enumerate(control)}
    found = compared(given, other, direction)
    assert found.verdict == verdict
    # Equal in every seed, and yet different: no noise was seen, so there is no interval.
    assert (found.low is None) == (found.n < 2 or found.deviation == 0 != found.difference)


def test_other_seeds_are_no_control() -> None:
    assert compared({"1": 0.1, "2": 0.1}, {"3": 0.1}, "min").verdict == "no common seed"


def test_pairing_sees_what_seeds_share() -> None:
    """A small gain that every seed shows is found under a large spread between seeds; unpaired it would drown."""
    control = {"0": 0.10, "1": 0.20, "2": 0.30}
    mine = {seed: value - 0.01 - 0.001 * int(seed) for seed, value in control.items()}
    assert compared(mine, control, "min").verdict == "better"
    shuffled = dict(zip(mine, (mine["2"], mine["0"], mine["1"]), strict=True))
    assert compared(shuffled, control, "min").verdict == "no evidence"


@pytest.mark.usefixtures("content")
def test_a_control_differs_in_nothing_but_the_lesson() -> None:
    rows = params.read().variants
    taught, plain = rows["taught"], rows["plain"]
    assert comparing.control_of(taught, rows) == "plain"
    changes: list[dict[str, Any]] = [
        {"student": {"width": 3}},
        {"schedule": "untrained"},
        {"compression": "prune"},
        {"teacher": "x"},
        {"play": {}},
        {"examination": "x"},
    ]
    for change in changes:
        assert comparing.control_of(taught, {"plain": plain.model_copy(update=change), "taught": taught}) is None


def test_a_row_without_control_and_one_of_one_seed_say_so(content: judged.Content) -> None:
    rows = content["variants"]
    rows["lonely"] = {**rows["taught"], "student": {"width": 2, "blocks": 2}, "generator_lesson": {"match": {"image": "image"}, "weight": 1.0}}  # fmt: skip # noqa: E501
    rows["single"] = {**rows["taught"], "seeds": [1]}
    publish(content, {**SEEDS, "lonely": {"0": 0.01, "1": 0.01}, "single": {"1": 0.0001}})
    all_tables.gather()
    verdicts = {row["variant"]: row["verdict"] for row in read(paths.comparisons()) if row["metric"] == "l1"}
    assert verdicts == {"taught": "better", "lonely": "no control", "single": "single seed"}


def test_variance_is_split_where_there_are_three_seeds(content: judged.Content) -> None:
    all_tables.gather()
    assert read(paths.variance()) == []
    content["variants"]["plain"]["seeds"] = [0, 1, 2]
    publish(content, {**SEEDS, "plain": {"0": 0.036, "1": 0.034, "2": 0.035}})
    all_tables.gather()
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
        all_tables.gather()
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
    on = "all translation" if section == ("shared",) else r"faces \(translation\)"
    with pytest.raises(tables.TableError, match=rf"taught and teacher .*different protocols on {on} \({key}\)"):
        all_tables.gather()


@pytest.mark.usefixtures("content")
def test_rows_of_one_data_set_have_one_set_of_metrics() -> None:
    other = report("taught", SEEDS["taught"])
    del other["seeds"]["1"]["overall"]["accuracy_target"]
    write("taught", other)
    with pytest.raises(tables.TableError, match=r"taught \(seed 1\) and teacher .*accuracy_target"):
        all_tables.gather()


def test_missing_rows_seeds_and_files_are_named(content: judged.Content) -> None:
    write("taught", report("taught", {"0": 0.1}))
    with pytest.raises(tables.TableError, match=r"taught\.json holds seeds 0, the row has \[0, 1\]"):
        all_tables.gather()
    paths.quality("taught").unlink()
    with pytest.raises(tables.TableError, match=r"taught\.json does not exist"):
        all_tables.gather()
    publish(content, SEEDS)
    paths.student_curve("plain", 1).unlink()
    with pytest.raises(tables.TableError, match=r"seed1\.tsv does not exist"):
        all_tables.gather()
    publish(content, SEEDS)
    paths.costs().write_text('{"variants": {}}', encoding="utf-8")
    with pytest.raises(tables.TableError, match="does not know teacher"):
        all_tables.gather()


def test_tables_of_the_curves_are_all_that_is_needed_of_trainings(content: judged.Content) -> None:
    all_tables.gather()
    made = {file: file.read_bytes() for file in paths.RESULTS.rglob("*.csv")}
    shutil.rmtree(paths.teacher_curve("large").parents[1])
    gather_results.main()
    assert {file: file.read_bytes() for file in paths.RESULTS.rglob("*.csv")} == made
    for table in (paths.moments(), paths.training_curves()):
        publish(content, SEEDS)
        gather_curves.main()
        table.unlink()
        with pytest.raises(tables.TableError, match=f"{table} does not exist; `retort repro gather_curves` makes it"):
            gather_results.main()
    paths.moments().write_text("variant,seed\nplain,0\n", encoding="utf-8")
    with pytest.raises(tables.TableError, match="is not the table that gather_curves writes"):
        gather_results.main()


@pytest.mark.usefixtures("content")
def test_curves_are_thinned_and_keep_their_mean() -> None:
    all_tables.gather()
    found = read(paths.training_curves())
    assert list(found[0]) == ["kind", "name", "seed", "step", "generator/cycle"]
    large = [row for row in found if row["name"] == "large"]
    assert 10 < len(large) <= curves.POINTS
    assert [int(row["step"]) for row in large][-1] == 100
    assert float(large[0]["generator/cycle"]) == pytest.approx((1 + 1 / 2 + 1 / 3) / 3, rel=1e-3)
    assert {(row["kind"], row["name"], row["seed"]) for row in found} == {
        ("teacher", "large", "0"), *(("variant", name, seed) for name in ("plain", "taught") for seed in ("0", "1"))
    }  # fmt: skip


@pytest.mark.usefixtures("content")
def test_every_column_is_documented() -> None:
    all_tables.gather()
    known, page = dictionary.read(), paths.columns().read_text(encoding="utf-8")
    columns = list(read(paths.results())[0])
    for name in columns:
        assert f"| `{name}` |" in page
    for name in set(columns) - {*tables.NAMES, "protocol"}:
        column = known.described(name)
        assert column.meaning
        assert column.title
        assert column.metric in members.names("metrics")
        # Of a bound or a reference neither side is better.
        assert not (column.better and name.endswith(("_low", "_high")))
        assert not (column.better and name.startswith(("reference_input_", "perfect_")))
    assert known.described("l1_low").meaning.startswith(known.described("l1").meaning)
    assert known.described("macs").better == "min"
    with pytest.raises(tables.TableError, match="beauty"):
        known.described("beauty")


@pytest.mark.usefixtures("content")
def test_the_dictionary_says_what_decides_in_each_problem() -> None:
    all_tables.gather()
    known = dictionary.read()
    assert list(known.problems) == ["two"]
    assert known.examination("two") == "translation"
    assert (known.headline("two").name, known.headline("two").better) == ("l1", "min")
    with pytest.raises(tables.TableError, match="three"):
        known.headline("three")


def test_every_problem_has_its_own_headline(content: judged.Content) -> None:
    """One row without exact images decides nothing about the others; within a problem rows are judged alike."""
    content["variants"]["blind"] = {**content["variants"]["teacher"], "problem": "blind"}
    publish(content, {**SEEDS, "blind": {"0": 0.02}})
    blind = report("blind", {"0": 0.02})
    blind["headline"] = "accuracy_target"
    for seed in blind["seeds"].values():
        del seed["overall"]["l1"], seed["intervals"]["l1"], seed["standard_errors"]["l1"]
    blind["references"] = {}
    write("blind", blind)
    all_tables.gather()
    known = dictionary.read()
    assert (known.headline("two").name, known.headline("blind").name) == ("l1", "accuracy_target")
    assert read(paths.results())[-1]["l1"] == ""
    content["variants"]["blind"]["problem"] = "two"
    judged.save(content)
    with pytest.raises(tables.TableError, match=r"blind .*teacher .*not the same metrics: l1"):
        all_tables.gather()


def test_a_column_that_no_metric_describes_is_refused() -> None:
    rows = {"taught": params.read(paths.SCALES / "smoke.yaml").variants["set1-teacher"]}
    made = report("taught", {"0": 0.1})
    made["references"] = {"reference_input_beauty": 1.0}
    with pytest.raises(tables.TableError, match="reference_input_beauty"):
        dictionary.of_reports(rows, {"taught": made}, cost.COLUMNS)


def test_columns_keep_the_order_of_every_report() -> None:
    merged = dictionary.merged([["a", "c"], ["a", "b", "c", "d"], ["x", "c"], []])
    assert merged == ["x", "a", "b", "c", "d"]


def test_a_point_and_a_variant_are_rows_alike(content: judged.Content) -> None:
    plain = content["variants"].pop("plain")
    content["sweeps"] = {"many": {**plain, "points": {"plain": {}}}}
    renamed = {"teacher": SEEDS["teacher"], "many/plain": SEEDS["plain"], "taught": SEEDS["taught"]}
    publish(content, renamed)
    all_tables.gather()
    lines = {row["metric"]: row for row in read(paths.comparisons())}
    assert lines["l1"]["control"] == "many/plain"
    assert {row["name"] for row in read(paths.training_curves())} == {"large", "many/plain", "taught"}


@pytest.mark.parametrize(
    ("pace", "taught", "written"),
    [
        (("linear", "constant"), "none", "linear"),
        (("linear", "constant"), "euclidean", "linear/constant"),
        (("step", "step"), "euclidean", "step"),
    ],
)
@pytest.mark.usefixtures("content")
def test_a_pace_is_the_generator_s_and_the_discriminator_s_where_it_differs(
    pace: tuple[str, str], taught: str, written: str
) -> None:
    row = params.read().variants["taught"]
    roles = type(row.pace)
    changed = row.model_copy(
        update={
            "pace": roles(generator=pace[0], discriminator=pace[1]),
            "distill": roles(generator="euclidean", discriminator=taught),
        }
    )
    assert records.pace(changed) == written


def test_points_without_a_number_do_not_count_in_the_mean(tmp_path: Path) -> None:
    (tmp_path / "curve.tsv").write_text("step\tloss\tcosine\n1\t2\t\n2\t4\t0.5\n", encoding="utf-8")
    points = curves.read(tmp_path / "curve.tsv")
    assert points == [{"step": 1, "loss": 2}, {"step": 2, "loss": 4, "cosine": 0.5}]
    assert curves.means(points) == {"step": 1.5, "loss": 3, "cosine": 0.5}


def test_cells() -> None:
    assert [tables.written(value) for value in (True, False)] == ["true", "false"]
    cells = {None: "", 7: "7", 0.5: "0.500000", -1e-9: "0.000000", -2.0: "-2.000000", "a": "a"}
    assert {value: tables.written(value) for value in cells} == cells
    with pytest.raises(tables.TableError):
        tables.written(math.nan)


def test_a_protocol_has_one_key() -> None:
    reordered = dict(reversed(PROTOCOL.items()))
    assert records.key(PROTOCOL) == records.key(reordered)
    assert records.key(PROTOCOL) != records.key({**PROTOCOL, "shared": {}})


def taught_by(lesson: dict[str, Any], generator: str = "combined") -> VariantRow:
    """A student of one kind, with a lesson."""
    rows = params.read(members.PACKAGE.parent / "scales/smoke.yaml").variants
    row = next(row for row in rows.values() if row.compression == "resize")
    roles = row.distill.model_copy(update={"generator": generator})
    return row.model_copy(update={"distill": roles, "generator_lesson": lesson, "discriminator_lesson": {}})


def test_additions_are_the_smallest_steps_between_lessons() -> None:
    image, relation = {"weight": 10.0, "images": ["a.image", "b.image"]}, {"weight": 1.0, "match": {"a.x": "a.x"}}
    rows = {
        "none": taught_by({}, "none"),
        "image": taught_by({"image": image}),
        "one-sided": taught_by({"image": {**image, "images": ["a.image"]}}),
        "both": taught_by({"image": image, "relation": relation}),
        "stronger": taught_by({"image": {**image, "weight": 20.0}, "relation": relation}),
        "squared": taught_by({"image": {**image, "images": ["a.image"]}, "norm": 2}),
    }
    found = {(each.more, each.less): each.added for each in additions.of_rows(rows)}
    # Not one-sided -> both, since image stands between; nothing to a row of another weight or of another distance.
    assert found == {("image", "one-sided"): additions.SIDES, ("both", "image"): "relation"}


def test_an_addition_of_taps_is_called_by_them() -> None:
    rows = {
        "fr": taught_by({"match": {"res5": "res2"}, "weight": 10.0}, "euclidean"),
        "fr5out": taught_by({"match": {"res5": "res2", "image": "image"}, "weight": 10.0}, "euclidean"),
    }
    assert [(each.more, each.added) for each in additions.of_rows(rows)] == [("fr5out", "image")]
