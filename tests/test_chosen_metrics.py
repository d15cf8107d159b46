"""Metrics are found by the names that params give: a new one is a file, and reaches its own examination alone."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

import pytest
import torch
from pydantic import ValidationError

from stages.examinations import classification, translation
from stages.measuring import chosen, protocols
from stages.measuring.columns import JUDGE, Column, named
from stages.measuring.contracts import Sets
from stages.settings import members, params, paths
from stages.storage import hashing, prepared
from tests import judged

NEW = '''"""Share of the pixels of a translation that are bright."""

import torch

from stages.measuring.columns import JUDGE, Column, named
from stages.measuring.contracts import Pairs

NEEDS = "pairs"
COLUMNS = {"bright": Column("max", "", "brightness", "share of the pixels that are bright")}


def measure(given: Pairs, *, level: int) -> dict[str, torch.Tensor]:
    """The share in each image."""
    if given.unchanged:
        return {}
    return {"bright": torch.from_numpy((given.produced >= level).mean(axis=(1, 2, 3)))}
'''
STAGES = """
from stages import count_costs, establish_protocols, evaluate_quality, gather_curves, gather_results
count_costs.main()
establish_protocols.main("translation")
evaluate_quality.main("teacher")
gather_curves.main()
gather_results.main()
"""


def test_a_metric_that_needs_what_is_not_offered_is_refused() -> None:
    told = r"evaluation\.classification\.metrics\.fid: needs sets, this examination offers logits"
    with pytest.raises(chosen.MetricError, match=told):
        chosen.choose({"fid": {"allow_small_samples": True}}, classification.OFFERS, "classification")
    # What counts the cost of rows is no metric of an examination.
    with pytest.raises(chosen.MetricError, match=r"translation\.metrics\.cost: needs None"):
        chosen.choose({"cost": {}}, translation.OFFERS, "translation")


def test_names_and_settings_are_checked() -> None:
    with pytest.raises(ValueError, match="no metrics member named 'beauty'"):
        chosen.choose({"beauty": {}}, translation.OFFERS, "translation")
    for wrong in ({}, {"neighbours": 0}, {"neighbours": 3, "more": 1}):
        with pytest.raises(ValidationError):
            chosen.choose({"diversity": wrong}, translation.OFFERS, "translation")


def test_a_column_that_is_not_described_is_refused() -> None:
    (found,) = chosen.choose({"diversity": {"neighbours": 3}}, translation.OFFERS, "translation")

    features = torch.randn(20, 4, generator=torch.Generator().manual_seed(0))
    given = Sets(features, features, 0)
    assert found.measure(given) == {"precision": 1, "recall": 1}
    metric: Any = SimpleNamespace(measure=found.metric.measure, COLUMNS={"precision": Column()})
    with pytest.raises(chosen.MetricError, match=r"stages/metrics/careless\.py measures recall"):
        chosen.Chosen("careless", metric, found.settings).measure(given)


def copied(folder: Path) -> Path:
    """The project's code in a folder of its own, to be changed."""
    for package in ("stages", "tests"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(members.PACKAGE.parent / package, folder / package, ignore=ignored)
    return folder


def run(folder: Path, *arguments: str) -> None:
    """Run the copied code, warnings being errors."""
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    command = [sys.executable, "-W", "error", *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def small(folder: Path, monkeypatch: pytest.MonkeyPatch) -> judged.Content:
    """One teacher's row with all that its evaluation and the tables read."""
    monkeypatch.chdir(folder)
    content = judged.content()
    content["variants"] = {"teacher": content["variants"]["teacher"]}
    classifying = {"batch": 16, "resamples": 100, "seed": 0, "metrics": {"classification": {}, "calibration": {}}}
    content["evaluation"]["classification"] = classifying
    settings = judged.save(content)
    judged.judge(judged.faces("faces", train=24, test=16, validation=16, resolution=16), steps=1)
    judged.networks(settings)
    for curve in (paths.teacher_curve("large"), paths.student_curve("teacher", 0)):
        curve.parent.mkdir(parents=True, exist_ok=True)
        curve.write_text("step\n", encoding="utf-8")
    return content


def test_a_new_metric_is_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Named in params it stands in the report, the dictionary and results.csv, and no other line is written for it."""
    root = copied(tmp_path / "copy")
    content = small(root, monkeypatch)
    (root / "stages/metrics/bright.py").write_text(NEW, encoding="utf-8")
    content["evaluation"]["translation"]["metrics"]["bright"] = {"level": 128}
    judged.save(content)
    run(root, "-c", STAGES)
    report = json.loads(paths.quality("teacher").read_text(encoding="utf-8"))
    (seed,) = report["seeds"].values()
    assert 0 <= seed["intervals"]["bright"][0] <= seed["overall"]["bright"] <= seed["intervals"]["bright"][1] <= 1
    assert report["protocol"]["shared"]["metrics"]["bright"]["settings"] == {"level": 128}
    known = json.loads(paths.dictionary().read_text(encoding="utf-8"))["columns"]
    assert known["bright"] == {
        "metric": "bright",
        "better": "max",
        "unit": "",
        "title": "brightness",
        "meaning": "share of the pixels that are bright",
    }
    with paths.results().open(encoding="utf-8", newline="") as file:
        (line,) = csv.DictReader(file)
    assert float(line["bright"]) == pytest.approx(seed["overall"]["bright"])
    assert {"bright_low", "reference_input_bright", "perfect_bright"} <= set(line)


def test_a_metric_reaches_the_protocol_of_its_examination_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = copied(tmp_path / "copy")
    monkeypatch.chdir(root)
    content = judged.content()
    logits = {"batch": 16, "resamples": 100, "seed": 0, "metrics": {"classification": {}, "calibration": {}}}
    content["evaluation"]["classification"] = logits
    judged.save(content)

    def established() -> dict[str, str]:
        for name in ("translation", "classification"):
            run(root, "-m", "stages.establish_protocols", name)
        return {name: hashing.file_hash(paths.protocol(name)) for name in ("translation", "classification")}

    before = established()
    # A new metric that params do not name changes nothing.
    (root / "stages/metrics/bright.py").write_text(NEW, encoding="utf-8")
    assert established() == before
    with (root / "stages/metrics/calibration.py").open("a", encoding="utf-8") as file:
        file.write("# changed\n")
    edited = established()
    assert edited["translation"] == before["translation"]
    assert edited["classification"] != before["classification"]
    content["evaluation"]["translation"]["metrics"]["bright"] = {"level": 128}
    judged.save(content)
    named = established()
    assert named["translation"] != edited["translation"]
    assert named["classification"] == edited["classification"]


def test_a_protocol_holds_settings_and_hashes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    judged.save(judged.content())
    found = protocols.established("translation", params.read())
    assert found["examination"] == "translation"
    assert "metrics" not in found["settings"]
    for name, each in found["metrics"].items():
        assert hashing.file_hash(members.PACKAGE / "metrics" / f"{name}.py").startswith(each["sha256"])


@pytest.mark.parametrize("name", members.names("examinations"))
def test_an_examination_keeps_its_contract(name: str) -> None:
    examination = members.load("examinations", name)
    assert examination.OFFERS
    assert issubclass(examination.Settings, chosen.Settings)
    known = {
        column
        for metric in members.names("metrics")
        if getattr(members.load("metrics", metric), "NEEDS", None) in examination.OFFERS
        for stem in members.load("metrics", metric).COLUMNS
        for column in (stem, named(stem, JUDGE))
    }
    assert set(examination.HEADLINE) <= known
    assert examination.KINDS
    assert set(examination.KINDS) <= set(get_args(prepared.Kind))
    assert examination.ASKS or examination.WATCHES, "or rows of every family could go through it"


@pytest.mark.parametrize("scale", [paths.PARAMS, *sorted(paths.SCALES.glob("*.yaml"))], ids=str)
def test_every_scale_names_metrics_that_serve(scale: Path) -> None:
    for name, given in params.read(scale).evaluation.items():
        examination = members.load("examinations", name)
        settings = examination.Settings.model_validate(given)
        found = chosen.choose(settings.metrics, examination.OFFERS, name)
        assert [each.name for each in found] == list(settings.metrics)
