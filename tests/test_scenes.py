"""Scenes in two domains: reproducible one by one, exactly translatable, with nothing that only one domain shows."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from stages.datasets import scenes as data
from stages.drawing import bodies, coats, quadrupeds
from stages.drawing.canvas import Grid, Plane, cover
from stages.drawing.scenes import Scenes
from stages.preparing import writing
from stages.settings import members
from stages.storage import prepared

ANIMALS = [name for name, task in data.TASKS.items() if task.traits == quadrupeds.TRAITS]
UNPAIRED = [name for name, task in data.TASKS.items() if not task.paired]


def make(task: str, **changes: object) -> writing.Source:
    plain: dict[str, Any] = {"resolution": 16, "task": task, "train": 12, "validation": 6, "test": 6, "seed": 3}
    return data.source(**members.options(data.source, plain | changes))


def some(task: str, count: int, seed: int = 0) -> Scenes:
    return data.population(data.TASKS[task], seed, "train", range(count), 0, 0.0)


def joined(source: writing.Source, split: str, field: str) -> np.ndarray:
    return np.concatenate([getattr(chunk, field) for chunk in source.splits[split]()])


def draw(task: str, scenes: Scenes, domain: int, resolution: int = 32) -> np.ndarray:
    return data.TASKS[task].draw(scenes, data.TASKS[task].domains[domain], resolution)


def frame(scenes: Scenes, resolution: int) -> Grid:
    return quadrupeds._pose(scenes, resolution)


@pytest.mark.parametrize("task", data.TASKS)
def test_a_scene_depends_on_seed_split_and_index_alone(task: str, monkeypatch: pytest.MonkeyPatch) -> None:
    few, many = (joined(make(task, train=count), "train", "images") for count in (12, 20))
    np.testing.assert_array_equal(few[:6], many[:6])
    exact = joined(make(task), "test", "counterfactuals")
    monkeypatch.setattr(data, "CHUNK_BYTES", 2 * 3 * 16**2 * 3)
    assert len(list(make(task).splits["test"]())) == 4
    np.testing.assert_array_equal(exact, joined(make(task), "test", "counterfactuals"))
    np.testing.assert_array_equal(few, joined(make(task), "train", "images"))
    for other in (joined(make(task, seed=4), "train", "images"), joined(make(task, test=12), "test", "images")):
        assert (other != few).any(axis=(1, 2, 3)).all()


@pytest.mark.parametrize("task", data.TASKS)
def test_a_picture_does_not_depend_on_its_neighbours(task: str) -> None:
    scenes = some(task, 40)
    for domain in (0, 1):
        alone = np.concatenate([draw(task, scenes.some(slice(i, i + 1)), domain) for i in range(40)])
        np.testing.assert_array_equal(draw(task, scenes, domain), alone)


@pytest.mark.parametrize("task", data.TASKS)
def test_a_scene_looks_the_same_at_every_resolution(task: str) -> None:
    scenes = some(task, 8)
    for domain in (0, 1):
        fine = draw(task, scenes, domain, 128).reshape(8, 32, 4, 32, 4, 3).mean(axis=(2, 4))
        assert np.abs(fine - draw(task, scenes, domain)).mean() < 7


@pytest.mark.parametrize("task", UNPAIRED)
def test_no_scene_of_the_lesson_is_in_both_domains(task: str) -> None:
    images = joined(make(task), "train", "images")
    first, second = (data.population(data.TASKS[task], 3, "train", range(6 * i, 6 * i + 6), i, 0.0) for i in (0, 1))
    np.testing.assert_array_equal(images[:6], draw(task, first, 0, 16))
    np.testing.assert_array_equal(images[6:], draw(task, second, 1, 16))
    assert not np.isin(first.traits, second.traits).any()


@pytest.mark.parametrize("task", data.TASKS)
def test_the_exact_image_is_the_same_scene_drawn_in_the_other_domain(task: str) -> None:
    source, both = make(task), np.eye(2)
    images, labels = joined(source, "test", "images"), joined(source, "test", "labels")
    redrawn, relabelled = joined(source, "test", "counterfactuals"), joined(source, "test", "counterfactual_labels")
    assert source.labels == source.targets == data.TASKS[task].domains
    np.testing.assert_array_equal(labels, both[[0, 0, 0, 1, 1, 1]])
    np.testing.assert_array_equal(relabelled, np.tile(both, (6, 1, 1)))
    for row, domain in enumerate((0, 0, 0, 1, 1, 1)):
        index = row % 3 if source.kind == "pairs" else row
        scene = data.population(data.TASKS[task], 3, "test", range(index, index + 1), domain, 0.0)
        np.testing.assert_array_equal(images[row], redrawn[row, domain])
        for shown in (0, 1):
            np.testing.assert_array_equal(redrawn[row, shown], draw(task, scene, shown, 16)[0])
    assert [chunk.counterfactuals for chunk in source.splits["train"]()] == [None, None]


@pytest.mark.parametrize("task", ANIMALS)
@pytest.mark.parametrize("trait", quadrupeds.TRAITS)
def test_every_trait_is_visible_in_both_domains(task: str, trait: str) -> None:
    scenes = some(task, 24, seed=1)
    low, high = scenes.replaced(trait, np.full(24, 0.15)), scenes.replaced(trait, np.full(24, 0.85))
    for domain in (0, 1):
        moved = np.abs(draw(task, low, domain).astype(int) - draw(task, high, domain)).max(axis=-1) > 12
        assert moved.any(axis=(1, 2)).all()
        assert np.median(moved.mean(axis=(1, 2))) > 0.01


@pytest.mark.parametrize("task", ANIMALS)
def test_what_changes_is_a_good_part_of_the_animal_and_nothing_else(task: str) -> None:
    scenes = some(task, 60)
    changed = (draw(task, scenes, 0) != draw(task, scenes, 1)).any(axis=-1)
    grid = frame(scenes, 32)
    body = (bodies.horse if task == "horse2zebra" else bodies.cat)(scenes, grid)
    coat = np.minimum(body.near.distance, body.far.distance) < grid.pixel / 2
    assert not changed[~coat].any()
    assert changed[coat].mean() > 0.75
    assert changed.any(axis=1).sum(axis=1).min() >= 18
    assert not changed[cover(np.minimum(body.hooves, body.mane), grid.pixel) == 1].any()


def test_stripes_are_wide_enough_for_32_pixels() -> None:
    scenes = some("horse2zebra", 6).replaced("size", np.zeros(6)).replaced("coat", np.ones(6))
    pictures, grid = draw("horse2zebra", scenes, 1, 256), frame(scenes, 256)
    for picture, u, v in zip(pictures, grid.u[:, 0], grid.v[:, :, 0], strict=True):
        row = int(np.abs(v).argmin())
        dark = picture[row, np.abs(u + 0.06) < 0.5].max(axis=-1) < 128
        edges = np.flatnonzero(dark[1:] != dark[:-1])
        assert len(edges) >= 4
        assert (edges[2:] - edges[:-2]).min() >= 6 * 256 / 32


@pytest.mark.parametrize("coat", [coats.zebra, coats.tiger, coats.leopard])
def test_patterns_keep_their_place_on_the_body(coat: Callable[[bodies.Part, Grid], Plane]) -> None:
    def pattern(scenes: Scenes) -> np.ndarray:
        grid = frame(scenes, 64)
        body = (bodies.horse if coat is coats.zebra else bodies.cat)(scenes, grid)
        return coat(body.near, grid) * (body.near.distance < 0)

    scenes = some("horse2zebra", 9).replaced("shift", np.full(9, 0.4)).replaced("facing", np.zeros(9))
    still = pattern(scenes)
    turned = pattern(scenes.replaced("shift", np.full(9, 0.6)).replaced("facing", np.ones(9)))
    np.testing.assert_allclose(turned[..., ::-1], still, atol=1e-3)
    # The range of shifts is 0.12 wide, a pixel 2 / 64.
    moved = pattern(scenes.replaced("shift", np.full(9, 0.4 + 2 / 64 / 0.12)))
    np.testing.assert_allclose(moved[..., 1:], still[..., :-1], atol=1e-3)


def test_the_coat_of_a_zebra_can_be_told_unless_it_is_hidden() -> None:
    scenes = some("horse2zebra", 20)
    # As dark animals are larger, both stand here for the same size.
    dark = scenes.replaced("coat", np.zeros(20)).replaced("size", np.zeros(20))
    fair = scenes.replaced("coat", np.ones(20)).replaced("size", np.ones(20))
    shown, other = draw("horse2zebra", dark, 1).astype(int), draw("horse2zebra", fair, 1)
    assert ((np.abs(shown - other).max(axis=-1) > 40).mean(axis=(1, 2)) > 0.05).all()
    task = data.TASKS["horse2zebra"]
    assert task.hidden is not None
    assert task.hidden[0] == task.domains[0]
    np.testing.assert_array_equal(task.draw(dark, task.hidden[1], 32), task.draw(fair, task.hidden[1], 32))
    plain, hidden = (make("horse2zebra", hidden=hidden) for hidden in (False, True))
    same = (joined(plain, "test", "counterfactuals") == joined(hidden, "test", "counterfactuals")).all(axis=(2, 3, 4))
    assert same[:, 0].all()
    assert not same[:, 1].any()


def test_tiger_and_leopard_have_the_same_colours() -> None:
    """Levels of 255; for each animal, over what is seen of its coat, and for all pictures together."""
    scenes = some("tiger2leopard", 300, seed=5)
    tigers, leopards = (draw("tiger2leopard", scenes, domain).astype(float) for domain in (0, 1))
    grid = frame(scenes, 32)
    body = bodies.cat(scenes, grid)
    bare = np.minimum(np.minimum(body.hooves, body.pale), np.minimum(body.eye, body.nose))
    weight = (cover(body.near.distance, grid.pixel) * (1 - cover(bare, grid.pixel)))[..., None].astype(float)
    moments = []
    for pictures in (tigers, leopards):
        mean = (weight * pictures).sum(axis=(1, 2)) / weight.sum(axis=(1, 2))
        square = (weight * (pictures - mean[:, None, None]) ** 2).sum(axis=(1, 2)) / weight.sum(axis=(1, 2))
        moments.append((mean, np.sqrt(square)))
    (mean, deviation), (other_mean, other_deviation) = moments
    assert np.abs(mean - other_mean).max() < 2
    assert np.abs(deviation - other_deviation).max() < 4
    assert np.abs(tigers.mean(axis=(0, 1, 2)) - leopards.mean(axis=(0, 1, 2))).max() < 0.15
    assert np.abs(tigers.std(axis=(0, 1, 2)) - leopards.std(axis=(0, 1, 2))).max() < 0.5
    assert np.abs(tigers - leopards).mean() / 255 > 0.03


def test_dark_animals_are_larger_and_most_look_to_the_right() -> None:
    scenes = some("horse2zebra", 2000)
    scale = (np.float32(2 / 32) / frame(scenes, 32).pixel).ravel()
    assert np.corrcoef(scale, coats.fairness(scenes).ravel())[0, 1] < -0.5
    assert 0.6 < (quadrupeds._facing(scenes) > 0).mean() < 0.8
    assert np.median(coats.fairness(scenes)) < 0.3


@pytest.mark.parametrize("task", [name for name, task in data.TASKS.items() if task.confound])
def test_confounding_moves_one_trait_of_as_many_scenes_as_asked(task: str) -> None:
    asked, trait, count = data.TASKS[task], data.TASKS[task].confound, 1000
    assert trait is not None
    free = some(task, count)
    for domain in (0, 1):
        half = data.population(asked, 0, "train", range(count), domain, 0.5)
        all_ = data.population(asked, 0, "train", range(count), domain, 1.0)
        column = asked.traits.index(trait)
        assert ((all_.traits[:, column] >= 0.5) == bool(domain)).all()
        assert 0.4 < (half.traits != free.traits).any(axis=1).mean() < 0.6
        np.testing.assert_array_equal(np.delete(half.traits, column, 1), np.delete(free.traits, column, 1))
    changed = joined(make(task, confound=1.0), "train", "images") != joined(make(task), "train", "images")
    assert changed.any(axis=(1, 2, 3)).all()


@pytest.mark.parametrize("task", data.TASKS)
def test_it_can_be_prepared_and_read_back(task: str, tmp_path: Path) -> None:
    header = writing.write(tmp_path / "scenes", "scenes", 16, make(task), {})
    assert header.counts == {"train": 12, "validation": 6, "test": 6}
    assert header.kind == ("pairs" if data.TASKS[task].paired else "domains")
    assert header.notes["licence"] == "CC-BY-4.0"
    split = prepared.read(tmp_path / "scenes").split("validation")
    assert split.counterfactuals is not None
    np.testing.assert_array_equal(split.counterfactuals, joined(make(task), "validation", "counterfactuals"))


@pytest.mark.parametrize("task", data.TASKS)
def test_options_that_a_task_lacks_are_refused(task: str) -> None:
    for option, value, offered in (
        ("hidden", True, data.TASKS[task].hidden),
        ("confound", 0.5, data.TASKS[task].confound),
    ):
        if offered:
            make(task, **{option: value})
        else:
            with pytest.raises(prepared.DataError, match=f"{option}: {task} has no trait .*horse2zebra"):
                make(task, **{option: value})


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"resolution": 8}, "resolution"),
        ({"resolution": 1024}, "resolution"),
        ({"train": 0}, "train"),
        ({"test": 5}, "test"),
        ({"seed": -1}, "seed"),
        ({"task": "horse2cow"}, "task"),
        ({"confound": 1.5}, "confound"),
        ({"hidden": "mane"}, "hidden"),
    ],
)
def test_settings_out_of_range_are_named(changes: dict[str, Any], where: str) -> None:
    with pytest.raises(ValidationError) as caught:
        make(**{"task": "horse2zebra"} | changes)
    assert where in {".".join(str(part) for part in error["loc"]) for error in caught.value.errors()}


def test_the_code_of_the_data_card_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    card = Path(__file__).resolve().parents[1] / "data/README.md"
    blocks = re.findall(r"```python\n(.*?)```", card.read_text(encoding="utf-8"), re.DOTALL)
    (block,) = [text for text in blocks if "data/horse2zebra" in text]
    source = data.source(resolution=16, task="horse2zebra", train=4, validation=2, test=6, seed=0)
    writing.write(tmp_path / "data/horse2zebra", "horse2zebra", 16, source, {})
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(block, names)
    assert names["before"].shape == names["after"].shape == (3, 16, 16, 3)
    assert names["changes"].any()
