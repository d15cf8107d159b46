"""The judge: learns, repeats itself, says how good it is, and its distances grow with what is wrong in the images."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from stages import build_judges
from stages.datasets import avatars
from stages.learning import problems
from stages.measuring import damages, examination, frechet, judges
from stages.measuring.features import extract
from stages.measuring.judge import FEATURES, TURNS, Judge, answers, asked, disturbed
from stages.metrics import kid
from stages.preparing import writing
from stages.settings import paths
from stages.storage import prepared
from stages.storage.prepared import to_tensor
from tests import judged


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[prepared.Prepared]:
    with contextlib.chdir(tmp_path_factory.mktemp("faces")):
        yield judged.faces("faces", train=600, test=300, validation=300)


@pytest.fixture(scope="module")
def judge(data: prepared.Prepared) -> judges.Described:
    return judged.judge(data)


@pytest.mark.parametrize("resolution", [16, 20, 32, 64])
def test_every_resolution_gives_answers_features_and_maps(resolution: int) -> None:
    seen = Judge(5, 4, resolution).eval().watch(torch.zeros(2, 3, resolution, resolution))
    assert seen.logits.shape == (2, 5)
    assert seen.features.shape == (2, FEATURES)
    assert [m.shape[2] for m in seen.maps] == sorted((m.shape[2] for m in seen.maps), reverse=True)
    assert seen.maps[0].shape[2] == resolution
    assert 2 <= seen.maps[-1].shape[2] <= 4


def test_disturbing_keeps_range_and_repeats_itself(data: prepared.Prepared) -> None:
    images = to_tensor(data.split("test").images[:8])
    once = disturbed(images, torch.Generator().manual_seed(1))
    assert torch.equal(once, disturbed(images, torch.Generator().manual_seed(1)))
    assert not torch.equal(once, disturbed(images, torch.Generator().manual_seed(2)))
    assert once.abs().max() <= 1
    assert once.shape == images.shape
    # Mild: most of what is seen stays where it was.
    assert 0.01 < float((once - images).abs().mean()) < 0.3


def test_one_seed_gives_one_judge(data: prepared.Prepared) -> None:
    def train(seed: int) -> dict[str, Tensor]:
        row = judged.ROW.model_copy(update={"steps": 3, "seed": seed})
        return build_judges.train(data, row, judged.CPU, "faces").state_dict()

    one, again, other = train(0), train(0), train(1)
    assert all(torch.equal(one[name], again[name]) for name in one)
    assert not torch.equal(one["answer.weight"], other["answer.weight"])


def test_it_learns_and_says_how_well(data: prepared.Prepared, judge: judges.Described) -> None:
    split = data.split("test")
    seen = judge.network(to_tensor(split.images[:])).numpy()
    truth = np.asarray(split.labels, bool)
    hair = [data.header.labels.index(name) for name in data.header.exclusive[0]]
    answer = seen > 0
    answer[:, hair] &= seen[:, hair] == seen[:, hair].max(axis=1, keepdims=True)
    for column, label in enumerate(data.header.labels):
        assert judge.about["ceiling"][label] == pytest.approx((answer == truth)[:, column].mean(), abs=1e-6)
    assert judge.about["ceiling"]["mean"] == pytest.approx((answer == truth).mean(), abs=1e-6)
    assert judge.about["ceiling"]["mean"] > 0.85
    assert judge.about["ceiling"]["Black_Hair"] > 0.95


def test_of_expressions_the_share_recognised_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    data = judged.faces("moods", train=32, test=32, labels="expressions")
    judge = judged.judge(data, steps=2)
    split = data.split("test")
    chosen, truth = judge.network(to_tensor(split.images[:])).argmax(dim=1).numpy(), split.labels.argmax(axis=1)
    assert judge.about["ceiling"]["mean"] == pytest.approx((chosen == truth).mean(), abs=1e-6)
    for column, label in enumerate(data.header.labels):
        shown = truth == column
        if shown.any():
            assert judge.about["ceiling"][label] == pytest.approx((chosen[shown] == column).mean(), abs=1e-6)
        else:
            assert label not in judge.about["ceiling"]


def blinded(name: str, **settings: Any) -> prepared.Prepared:  # noqa: ANN401 - settings of avatars
    """Faces of which nothing but the images is known."""
    source = avatars.source(resolution=16, labels="attributes", seed=0, **settings)

    def without(split: str) -> Iterator[writing.Chunk]:
        for chunk in source.splits[split]():
            yield writing.Chunk(chunk.images, np.ones((len(chunk.images), 1), np.uint8))

    splits = {split: partial(without, split) for split in source.splits}
    images = writing.Source(("image",), "images", (), (), splits, source.notes)
    writing.write(paths.dataset(name), name, 16, images, {})
    return prepared.read(paths.dataset(name))


def test_without_labels_it_learns_how_images_are_turned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    data = blinded("blind", train=300, validation=10, test=100)
    judge = judged.judge(data, steps=60)
    assert judge.labels == data.header.labels == ("image",)
    assert set(judge.about["ceiling"]) == {*TURNS, "mean"}
    assert judge.about["ceiling"]["mean"] > 0.75
    upright = to_tensor(data.split("test").images[:])
    assert upright.shape == (100, 3, 16, 16)
    for quarters in range(4):
        found = judge.network(upright.rot90(quarters, dims=(2, 3))).argmax(dim=1)
        share = float((found == quarters).double().mean())
        assert judge.about["ceiling"][TURNS[quarters]] == pytest.approx(share, abs=1e-6)


def test_images_with_labels_are_asked_as_they_are(data: prepared.Prepared) -> None:
    images, labels = torch.zeros(2, 3, 16, 16), torch.ones(2, len(data.header.labels))
    assert asked(data.header, images, labels) == (images, labels)
    assert answers(data.header) == data.header.labels


def test_the_stage_writes_a_judge_that_describes_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    content = judged.content()
    content["judges"]["faces"]["steps"] = 2
    judged.save(content)
    data = judged.faces("faces", train=24, test=8)
    build_judges.main("faces")
    written = paths.judge("faces").read_bytes()
    found = judges.read_for(paths.judge("faces"), data.header)
    assert found.about["data"] == data.header.sha256
    assert found.about["row"] == content["judges"]["faces"]
    assert not found.network.training
    assert not any(parameter.requires_grad for parameter in found.network.parameters())
    build_judges.main("faces")
    assert paths.judge("faces").read_bytes() == written


def test_a_wrong_judge_is_refused(data: prepared.Prepared, judge: judges.Described, tmp_path: Path) -> None:
    assert judge.labels == data.header.labels
    with pytest.raises(judges.JudgeError, match="does not exist"):
        judges.read(tmp_path / "absent.safetensors")
    (tmp_path / "damaged.safetensors").write_bytes(paths.judge("faces").read_bytes()[:-8])
    with pytest.raises(judges.JudgeError, match="delete it and run again"):
        judges.read(tmp_path / "damaged.safetensors")
    other = judged.faces("moods", train=2, test=2, labels="expressions")
    with pytest.raises(judges.JudgeError, match=r"Black_Hair.*moods has angry"):
        judges.read_for(paths.judge("faces"), other.header)
    larger = replace(data.header, resolution=64)
    with pytest.raises(judges.JudgeError, match="was made for 32 px; faces has 64 px"):
        judges.read_for(paths.judge("faces"), larger)


def test_answers_do_not_depend_on_the_batch(data: prepared.Prepared, judge: judges.Described) -> None:
    images = data.split("test").images[:50]
    features = [extract(judge.network.features, images, batch=batch) for batch in (1, 7, 50)]
    for other in features[1:]:
        torch.testing.assert_close(other, features[0], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kind", [*damages.DAMAGES, "dropped"])
def test_distances_grow_with_damage(data: prepared.Prepared, judge: judges.Described, kind: str) -> None:
    (domain,) = problems.of_parts([(data, ("Male",))], "test").domains
    test = examination.prepare(domain, data.header, 300, data.split("validation"))
    sets = [images for name, _, images in damages.damaged(test) if name == kind]
    features = [extract(judge.network.features, images, batch=100) for images in sets]
    unseen = extract(judge.network.features, test.real, batch=100)
    real = frechet.moments(unseen)
    distances = [frechet.frechet_distance(real, frechet.moments(each)) for each in features]
    assert all(len(images) == 300 for images in sets)
    assert len(sets) == 4
    assert all(after > before for before, after in pairwise(distances)), distances
    # Not of repeated images: the kernel distance takes images for independent.
    if kind != "dropped":
        kernels = [kid.squared_mmd(unseen, each) for each in features]
        assert all(after > before for before, after in pairwise(kernels)), kernels


def test_what_is_left_without_modes_is_real(data: prepared.Prepared) -> None:
    """Two hair colours and another label vanish one by one; the faces that are left stand in for them."""
    (domain,) = problems.of_parts([(data, ("Male",))], "test").domains
    test = examination.prepare(domain, data.header, 300, data.split("validation"))
    for count, rows in enumerate(damages.without_modes(test)):
        left = test.labels[rows]
        for index, name in enumerate(damages.modes(data.header)):
            vanished = index < count
            assert bool(left[:, data.header.labels.index(name)].any()) != vanished
