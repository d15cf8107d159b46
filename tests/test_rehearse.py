"""A rehearsal shows every lesson of a scale at its own sizes, on layouts and weights that the real readers take."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from retort.checking import params
from retort.rehearsing import choosing, cloning, counting, layouts, reckoning, telling, weights
from retort.rehearsing.choosing import Limits
from retort.rehearsing.counting import Work
from retort.rehearsing.reckoning import Rehearsed
from stages.acquire_data import load_source
from stages.families import backbone
from stages.measuring import inception
from stages.settings import paths, specs
from stages.settings.rows import DataRow, Params
from stages.storage import weights as published_weights

ROOT = Path(__file__).resolve().parents[1]
PAPER = ROOT / paths.SCALES / "paper.yaml"
SIDE = 32


@pytest.fixture(scope="module")
def paper() -> Params:
    return params.typed(PAPER)


@pytest.fixture(scope="module")
def derived(paper: Params) -> Params:
    return params.modelled(choosing.derived(paper, Limits()), PAPER)


def shown(settings: Params) -> set[tuple[str, ...]]:
    """Family, axis and member of all students; paces that watch gradients."""
    rows = [row for row in {**settings.variants, **settings.chosen}.values() if row.compression != choosing.WHOLE]
    return {(row.family, *each) for row in rows if choosing.available(row) for each in choosing.named(row)}


def test_every_lesson_and_compression_of_every_family_is_rehearsed(paper: Params, derived: Params) -> None:
    assert shown(derived) >= shown(paper)
    assert choosing.families(derived) == choosing.families(paper)
    assert len(derived.variants) < len(paper.variants) / 2
    for section in ("datasets", "wides", "searches", "sweeps"):
        assert list(getattr(derived, section)) == list(getattr(paper, section))


def test_of_each_examination_one_teacher_is_examined_where_tests_are_fewest(paper: Params, derived: Params) -> None:
    whole = {name: row.examination for name, row in derived.variants.items() if row.compression == choosing.WHOLE}
    examinations = {row.examination for row in paper.variants.values()}
    assert sorted(whole.values()) == sorted(examinations)
    for name, examination in whole.items():
        mine = [row for row in paper.variants.values() if row.examination == examination]
        fewest = min(choosing.tests(row) for row in mine if row.compression == choosing.WHOLE)
        assert choosing.tests(derived.variants[name]) == fewest
    assert choosing.tests(paper.variants["joint-teacher"]) == 2 * choosing.tests(paper.variants["set1-teacher"])
    assert choosing.tests(paper.variants["horse2zebra-teacher"]) == 2


def test_every_kind_of_examination_and_export_is_rehearsed(paper: Params, derived: Params) -> None:
    assert derived.evaluation.keys() == paper.evaluation.keys()
    assert {row.family for row in derived.exports.values()} == {row.family for row in paper.exports.values()}
    for name, given in derived.evaluation.items():
        assert given["metrics"].keys() == paper.evaluation[name]["metrics"].keys()
        assert given.get("images", 0) <= Limits().images


def test_networks_resolutions_and_lessons_are_the_scale_s_own(paper: Params, derived: Params) -> None:
    for name, row in derived.teachers.items():
        assert specs.of_teacher(row, derived) == specs.of_teacher(paper.teachers[name], paper)
    for name, mine in derived.variants.items():
        theirs = paper.variants[name]
        assert mine.student == theirs.student
        assert mine.distill == theirs.distill
        assert mine.generator_lesson == theirs.generator_lesson
        assert len(mine.seeds) == 1
    for name, data in derived.datasets.items():
        assert data.resolution == paper.datasets[name].resolution


def test_trainings_are_short_and_batches_fit(paper: Params, derived: Params) -> None:
    limits = Limits()
    for name, schedule in derived.schedules.items():
        theirs = paper.schedules[name]
        assert schedule.steps == min(limits.steps, theirs.steps)
        assert 1 <= schedule.batch <= theirs.batch
        assert schedule.learning_rate == theirs.learning_rate
    for row in derived.teachers.values():
        side = derived.datasets[row.dataset].resolution
        assert derived.schedules[row.schedule].batch * side**2 <= limits.pixels
    # A base that stands still for a share of the training is let go within it.
    assert 0 < derived.teachers["tissue"].play["frozen_steps"] < limits.steps


def test_one_family_alone(paper: Params) -> None:
    some = params.modelled(choosing.derived(paper, Limits(), frozenset({"classifier"})), PAPER)
    assert list(some.teachers) == ["digits", "halves"]
    assert list(some.datasets) == list(some.judges) == ["mnist"]
    assert not some.variants
    assert not some.searches
    assert list(some.evaluation) == ["classification"]


LAID: dict[str, tuple[str, dict[str, Any]]] = {
    "celeba": (
        "celeba",
        {"directory": "d", "crop": 178, "split": "seeded", "test": 2000, "validation": 2000, "seed": 1},
    ),
    "rafd": ("rafd", {"directory": "d", "split": "folders", "validation": 240, "seed": 1}),
    "mnist": ("mnist", {"directory": "d", "validation": 5000, "seed": 1}),
    "mhist": ("mhist", {"directory": "d", "validation": 218, "seed": 1}),
    "unpaired": ("unpaired", {"directory": "horse2zebra", "labels": ["horse", "zebra"], "validation": 240, "seed": 1}),
    "cityscapes": ("cityscapes", {"directory": "d", "validation": 400, "seed": 1}),
    "aligned": ("aligned", {"directory": "d", "labels": ["photo", "labels"], "direction": "BtoA"}),
    "faces": ("images", {"path": "d", "validation": 5000, "test": 5000, "seed": 1}),
    "churches": ("images", {"path": "lsun/train_images", "validation": 5000, "test": 5000, "seed": 1}),
}


@pytest.mark.parametrize("name", LAID)
def test_layouts_are_read_by_the_real_readers(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    reader, given = LAID[name]
    # Validation faces are drawn whatever they express, so few would lack some expression.
    held = 64 if name == "rafd" else 16
    row, counts = DataRow(dataset=reader, resolution=SIDE, settings=given), layouts.Counts(held, held)
    layouts.write(row, counts, tmp_path)
    source = load_source(row.model_copy(update={"settings": layouts.settings(name, row, counts)}))
    images = {split: np.concatenate([chunk.images for chunk in read()]) for split, read in source.splits.items()}
    assert {split: len(each) for split, each in images.items() if split != "train"} == {
        "validation": held,
        "test": held,
    }
    assert len(images["train"]) == (layouts.DIGITS if reader == "mnist" else held)
    together = np.concatenate(list(images.values()))
    assert together.shape[1:] == (SIDE, SIDE, 3)
    # No image is in two splits.
    pictures = np.concatenate([images["validation"], images["test"]])
    assert len({each.tobytes() for each in pictures}) > len(pictures) // 2
    assert {each.tobytes() for each in images["test"]}.isdisjoint({each.tobytes() for each in images["train"]})


def test_all_readers_of_the_scale_have_a_layout(paper: Params) -> None:
    for name, row in paper.datasets.items():
        changed = layouts.settings(name, row, layouts.Counts(16, 16))
        assert changed.keys() >= row.settings.keys()
    odd = DataRow(dataset="avatars", resolution=SIDE, settings={})
    with pytest.raises(layouts.LayoutError, match="no layout is known for the reader 'avatars'"):
        layouts.settings("odd", odd, layouts.Counts(16, 16))


def trusted(names: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Random weights that are taken for the published ones, as in a rehearsal's clone."""
    digits = weights.write(names, folder)
    for name in names:
        one = published_weights.PUBLISHED[name]
        new = digits[one.sha256_prefix]
        changed = replace(one, file=one.file.replace(one.sha256_prefix, new), sha256_prefix=new)
        monkeypatch.setitem(published_weights.PUBLISHED, name, changed)
    monkeypatch.setenv(published_weights.ENVIRONMENT, str(folder))
    return digits


def test_a_backbone_begins_with_random_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trusted(["mobilenet_v2"], tmp_path, monkeypatch)
    spec = backbone.Spec(labels=2, classes=2, resolution=32, network="mobilenet_v2", pretrained="imagenet")
    networks = backbone.build(spec)
    backbone.begin(networks)
    seen = networks["classifier"].eval()(torch.zeros(2, 3, 32, 32))
    assert torch.isfinite(seen).all()
    expected = weights.state("mobilenet_v2")["features.0.0.weight"]
    assert torch.equal(networks["classifier"].base[0][0].weight, expected)  # type: ignore[index, union-attr]


def test_inception_is_read_and_its_features_are_finite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (digits,) = trusted(["inception"], tmp_path, monkeypatch).values()
    network = inception.load(published_weights.find("inception", None), sha256=digits)
    with torch.no_grad():
        features = network(torch.rand(1, 3, 64, 64) * 2 - 1)
    assert features.shape == (1, inception.FEATURES)
    assert torch.isfinite(features).all()
    assert 1e-3 < float(features.std()) < 1e3


def test_names_of_a_resnet_are_those_of_torchvision() -> None:
    spec = backbone.Spec(labels=2, classes=2, resolution=32, network="resnet50", pretrained="imagenet")
    with torch.device("meta"):
        own = backbone.build(spec)["classifier"].base.state_dict()  # type: ignore[union-attr]
        theirs = weights.NETWORKS["resnet50"]().state_dict()
    assert {name: value.shape for name, value in own.items()} == {
        name: value.shape for name, value in theirs.items() if not name.startswith("fc.")
    }


def one(item: str, macs: int, seconds: float, published: int) -> Rehearsed:
    """A training of two steps."""
    return Rehearsed(item, "drawn", "none", 256, 2, 16, 2, 1000, 1, 3, seconds, macs, published, 1 << 30)


def test_hours_follow_multiplications() -> None:
    found = [one("build_teachers@a", 100, 2.0, 10_000), one("distill_students@b", 100, 6.0, 3_000)]
    assert found[0].hours == pytest.approx(10_000 / 100 * 2 / 3600)
    works = [Work("build_teachers@a", "drawn", 1, 10_000), Work("distill_students@b", "drawn", 3, 3_000)]
    (system,) = reckoning.systems(found, works)
    assert system.hours == pytest.approx(sum(each.hours for each in found))
    # What was not rehearsed goes at the pace of its family.
    more = [*works, Work("distill_students@c", "drawn", 2, 8_000)]
    (longer,) = reckoning.systems(found, more)
    assert longer.hours == pytest.approx(system.hours + 8_000 / (200 / 8) / 3600)
    assert longer.trainings == 6
    assert longer.slowest_step.item == "distill_students@b"
    assert reckoning.on_a_gpu(10**13, 20.0) == pytest.approx(1 / 3600)


def test_batches_and_paces_do_not_change_what_is_counted(paper: Params) -> None:
    row = paper.variants["ffhq-thin-cosine"]
    plain = counting.constant(row)
    assert plain.pace.generator == "constant"
    assert plain.distill == row.distill
    assert counting.constant(paper.variants["ffhq-thin-conflict"]).pace.generator == "conflict"
    assert counting.alike(paper).schedules["teacher"].steps == paper.schedules["teacher"].steps


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        (0.001, "under a minute"),
        (0.5, "30 minutes"),
        (5, "5 hours"),
        (72, "3 days"),
        (24 * 365.25 * 3.04, "3 years"),
        (1.2e9, "140,000 years"),
    ],
)
def test_durations_are_told_in_units_that_suit_them(hours: float, expected: str) -> None:
    assert telling.duration(hours) == expected


def test_the_committed_block_is_made_of_the_committed_record(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    text = telling.record_file("paper").read_text(encoding="utf-8")
    content: dict[str, Any] = json.loads(text)
    assert telling.text(content) == text
    assert telling.block(content) == telling.block_file("paper").read_text(encoding="utf-8")
    assert {row["family"] for row in content["systems"]} == set(choosing.families(params.typed(PAPER)))
    for row in content["systems"]:
        assert row["gpu_hours"] == pytest.approx(reckoning.on_a_gpu(row["macs"], content["gpu_tflops"]), rel=1e-3)


def test_classifiers_are_rehearsed_in_a_clone(tmp_path: Path) -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("no git repository to clone")
    folder, limits, only = tmp_path / "clone", Limits(images=32), frozenset({"classifier"})
    cloning.prepare(ROOT, folder, "paper", limits, only, lambda _: None)
    assert cloning.run(folder, 2, "evaluate_quality_sweeps@halves") == 0
    told = reckoning.seen(folder, "distill_students_sweeps@halves")
    settings = params.typed(folder / paths.PARAMS)
    points = settings.sweeps["halves"].points
    assert len(told["loops"]) == len(points) - 1
    assert all(len(loop["steps"]) == limits.steps for loop in told["loops"])
    assert all(seconds > 0 for loop in told["loops"] for step in loop["steps"] for seconds in step)
    assert told["peak_bytes"] > 1 << 26
    report = json.loads((folder / paths.RESULTS / "quality/halves/subclass.json").read_text(encoding="utf-8"))
    assert report["seeds"].keys() == {"0"}
    # The same again continues; another one is refused.
    cloning.prepare(ROOT, folder, "paper", limits, only, lambda _: None)
    with pytest.raises(cloning.RehearsalError, match="holds another rehearsal"):
        cloning.prepare(ROOT, folder, "paper", Limits(), only, lambda _: None)
