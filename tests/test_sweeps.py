"""Sweeps: points are rows, a grid is all combinations, mistakes are told, and everything runs from one item."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import torch

from retort.checking import params
from stages import (
    acquire_data,
    build_teachers,
    count_costs,
    distill_students,
    establish_protocols,
    evaluate_quality,
)
from stages.findings import comparing
from stages.learning import checkpoints
from stages.settings import paths, sweeps
from stages.settings.rows import Params
from stages.storage import prepared
from tests import all_tables, judged

Content = dict[str, Any]
SCHEDULE = {
    "steps": 8,
    "batch": 32,
    "learning_rate": 0.01,
    "critic_learning_rate": 0.01,
    "betas": [0.9, 0.999],
    "decay_from": 0.5,
    "decay": "linear",
    "average": 0.0,
    "flip": False,
}
NAMES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
SOFT = {"generator": "soft_labels", "discriminator": "none"}
SUBCLASS = {"generator": "subclass", "discriminator": "none"}


def content() -> Content:
    """Digits told apart by halves, and nothing that translates."""
    found = judged.content()
    found["datasets"] = {
        "numbers": {"dataset": "digits", "resolution": 8, "settings": {"validation": 100, "test": 300, "seed": 0}}
    }
    found["judges"] = {
        "numbers": {"dataset": "numbers", "width": 4, "steps": 2, "batch": 8, "learning_rate": 0.002, "seed": 0}
    }
    found["variants"] = {}
    metrics: Content = {"classification": {}, "calibration": {}, "subclasses": {}}
    found["evaluation"]["classification"] = {"batch": 100, "resamples": 100, "seed": 0, "metrics": metrics}
    found["schedules"] = {"short": SCHEDULE, "untrained": {**SCHEDULE, "steps": 0}}
    spec = {"network": "convolutional", "filters": 4, "dense": 16, "hidden": 8, "merge": 5, "subclasses": 5}
    found["teachers"] = {
        "big": {
            "family": "classifier",
            "dataset": "numbers",
            "partner": "numbers",
            "labels": NAMES,
            "partner_labels": [],
            "spec": spec,
            "losses": {"apart": 0.5},
            "play": {},
            "schedule": "short",
            "seed": 0,
        }
    }
    found["sweeps"] = {
        "halves": {
            "teacher": "big",
            "family": "classifier",
            "dataset": "numbers",
            "partner": "numbers",
            "compression": "resize",
            "student": {"network": "perceptron"},
            "distill": {"generator": "none", "discriminator": "none"},
            "pace": {"generator": "constant", "discriminator": "constant"},
            "examination": "classification",
            "play": {},
            "schedule": "short",
            "seeds": [0, 1],
            "problem": "halves",
            "thesis": "no KD",
            "points": {
                "teacher": {"compression": "none", "student": {}, "schedule": "untrained", "seeds": [0]},
                "none": {},
                "kd": {"distill": SOFT, "thesis": "KD", "grid": {"alpha": [0.5, 1], "temperature": [2.5]}},
                "sub": {"distill": SUBCLASS, "generator_lesson": {"alpha": 0.5, "temperature": 4.0}},
            },
        }
    }
    return found


ROWS = [
    "halves/teacher",
    "halves/none",
    "halves/kd-alpha0.5-temperature2.5",
    "halves/kd-alpha1-temperature2.5",
    "halves/sub",
]


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Params:
    monkeypatch.chdir(tmp_path)
    return judged.save(content())


def test_points_are_rows_that_differ_as_they_say(settings: Params) -> None:
    rows = sweeps.rows(settings)
    assert list(rows) == ROWS
    sweep = settings.sweeps["halves"]
    base = rows["halves/none"]
    assert base.model_dump() == sweep.model_dump(exclude={"points"})
    teacher = rows["halves/teacher"]
    assert (teacher.compression, teacher.student, teacher.seeds, teacher.thesis) == ("none", {}, [0], "no KD")
    one = rows["halves/kd-alpha1-temperature2.5"]
    assert one.generator_lesson == {"alpha": 1, "temperature": 2.5}
    assert one.thesis == "KD, α 1, T 2.5"
    assert one.model_dump(exclude={"generator_lesson", "thesis", "distill"}) == base.model_dump(
        exclude={"generator_lesson", "thesis", "distill"}
    )


def test_a_point_is_compared_with_the_one_that_is_not_taught(settings: Params) -> None:
    rows = sweeps.rows(settings)
    controls = {name: comparing.control_of(row, rows) for name, row in rows.items() if comparing.taught(row)}
    assert controls == dict.fromkeys(ROWS[2:], "halves/none")


BROKEN: dict[str, tuple[list[str], Any, str]] = {
    "unknown key": (["none", "sead"], 1, "sweeps.halves.points.none.sead: is not a known key"),
    "near miss of a lesson": (["kd", "distill", "generator"], "soft_label", "did you mean 'soft_labels'?"),
    "out of range": (["kd", "grid", "alpha"], [1.5], "sweeps.halves.points.kd.generator_lesson.alpha: should be"),
    "no such setting": (["kd", "grid", "beta"], [1.0], "kd.generator_lesson.beta: is not a setting here"),
    "an empty grid": (["kd", "grid", "alpha"], [], "at least 1 item"),
    "text in a grid": (["kd", "grid", "alpha"], ["much"], "grid.alpha.0"),
    "a critic's lesson": (["sub", "distill", "discriminator"], "none2", "distill.discriminator"),
    "a network there is not": (["sub", "distill"], {"generator": "none", "discriminator": "subclass"}, "family classifier has no discriminator to teach; write none"),  # noqa: E501
    "unknown schedule": (["none", "schedule"], "shorter", "did you mean 'short'?"),
    "a seed twice": (["none", "seeds"], [1, 1], "a seed stands twice"),
    "merged unevenly": (["none", "student"], {"merge": 20}, "is larger than the teacher's 5"),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_mistakes_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    monkeypatch.chdir(tmp_path)
    place, value, told = BROKEN[case]
    changed = content()
    points = changed["sweeps"]["halves"]["points"] = json.loads(json.dumps(changed["sweeps"]["halves"]["points"]))
    inner = points
    for key in place[:-1]:
        inner = inner.setdefault(key, {})
    inner[place[-1]] = value
    with pytest.raises(params.ParamsError) as caught:
        params.validate(changed)
    assert told in str(caught.value)


def test_a_sweep_may_not_be_called_as_a_variant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    changed = judged.content()
    changed["sweeps"] = {"plain": {**changed["variants"]["plain"], "points": {"none": {}}}}
    with pytest.raises(params.ParamsError, match=r"sweeps\.plain: is the name of a variant too"):
        params.validate(changed)


def test_two_points_may_not_have_one_name() -> None:
    changed = content()
    points = changed["sweeps"]["halves"]["points"]
    changed["sweeps"]["halves"]["points"] = {
        **points,
        "sub-alpha1": {},
        "sub": {**points["sub"], "grid": {"alpha": [1]}},
    }
    with pytest.raises(params.ParamsError, match="two of them are called halves/sub-alpha1; rename one"):
        params.validate(changed)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which every stage ran over the sweep."""
    folder = tmp_path_factory.mktemp("sweep")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        judged.save(content())
        acquire_data.main("numbers")
        build_teachers.main("big")
        distill_students.main("halves")
        establish_protocols.main("classification")
        evaluate_quality.main("halves")
        count_costs.main()
        all_tables.gather()
    return folder


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_point_and_seed_has_a_line_with_its_metrics(finished: Path) -> None:
    lines = read(finished / paths.results())
    expected = [("halves/teacher", "0"), *((name, seed) for name in ROWS[1:] for seed in "01")]
    assert [(line["variant"], line["seed"]) for line in lines] == expected
    for line in lines:
        assert float(line["error"]) + float(line["accuracy"]) == pytest.approx(1, abs=2e-6)
        assert float(line["error_low"]) <= float(line["error"]) <= float(line["error_high"])
        assert 0 <= float(line["ece"]) <= 1
        assert "cross_entropy_votes" not in line
        assert "l1" not in line
        assert float(line["macs"]) > 0
    meant = (finished / paths.columns()).read_text(encoding="utf-8")
    assert "| `f1_weakest` | max |" in meant


def test_taught_points_have_verdicts(finished: Path) -> None:
    found = {(line["variant"], line["metric"]): line for line in read(finished / paths.comparisons())}
    assert {variant for variant, _ in found} == set(ROWS[2:])
    assert found["halves/sub", "error"]["control"] == "halves/none"
    assert found["halves/sub", "error"]["better"] == "min"
    assert found["halves/sub", "auc"]["n"] == "2"


def test_the_files_of_a_sweep_lie_in_the_folders_of_its_item(finished: Path) -> None:
    made = {path.relative_to(finished).as_posix() for path in (finished / "results").rglob("*") if path.is_file()}
    for row in ROWS:
        assert f"results/quality/{row}.json" in made
        assert f"results/students/{row}/seed0.safetensors" in made
        assert f"results/curves/students/{row}/seed0.tsv" in made
    assert "results/provenance/distill_students_sweeps@halves.json" in made
    pictures = [finished / name for name in made if name.startswith("results/samples")]
    assert len(pictures) == len(ROWS)
    assert all(file.stat().st_size for file in pictures)


def test_the_teacher_as_a_point_is_the_teacher(finished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(finished)
    teacher = checkpoints.read(paths.teacher("big")).networks["classifier"]
    point = checkpoints.read(paths.student("halves/teacher", 0)).networks["classifier"]
    mine = point.state_dict()
    assert all(torch.equal(value, mine[name]) for name, value in teacher.state_dict().items())


def test_numbers_are_those_of_the_networks(finished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(finished)
    network: Any = checkpoints.read(paths.student("halves/sub", 1)).networks["classifier"]
    split = prepared.read(paths.dataset("numbers")).split("test")
    with torch.inference_mode():
        answers = network.watch(prepared.to_tensor(split.images))["classes"].argmax(dim=1)
    truth = torch.from_numpy(split.labels.argmax(axis=1)) // 5
    wrong = (answers != truth).double().mean().item()
    report = json.loads(paths.quality("halves/sub").read_text(encoding="utf-8"))
    assert report["seeds"]["1"]["overall"]["error"] == pytest.approx(wrong, abs=1e-6)
    assert list(report["seeds"]["1"]["labels"]) == ["zero–four", "five–nine"]
    bins = report["seeds"]["1"]["reliability"]
    assert sum(bins["images"]) == 300


def test_judging_does_not_depend_on_the_batch(finished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(finished)
    before = paths.quality("halves/none").read_bytes()
    changed = content()
    changed["evaluation"]["classification"]["batch"] = 7
    judged.save(changed)
    establish_protocols.main("classification")
    evaluate_quality.main("halves")
    mine, other = json.loads(paths.quality("halves/none").read_bytes()), json.loads(before)
    for metric, value in mine["seeds"]["0"]["overall"].items():
        assert value == pytest.approx(other["seeds"]["0"]["overall"][metric], abs=2e-6)


def test_only_the_teacher_draws_its_subclasses(finished: Path) -> None:
    reports = {row: json.loads((finished / paths.quality(row)).read_text(encoding="utf-8")) for row in ROWS}
    assert [row for row, report in reports.items() if "picture" in report] == ["halves/teacher"]
    drawn = reports["halves/teacher"]["picture"]
    assert {len(each) for each in drawn.values()} == {300}
    assert set(drawn["label"]) == set(range(10))
    assert all(-1 <= report["seeds"]["0"]["overall"]["subclass_ami"] <= 1 for report in reports.values())
