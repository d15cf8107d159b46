"""Fruits, landscapes and streets: every trait is seen, and shapes, seasons and classes keep what is promised."""

import time
from collections.abc import Iterator

import numpy as np
import pytest

from stages.drawing import fruit, landscapes, street_classes, street_layout, street_light, streets
from stages.drawing.canvas import Layer
from stages.drawing.scenes import Scenes, Task
from stages.drawing.textures import dice, noise, whole

TASKS = fruit.TASKS | landscapes.TASKS | streets.TASKS
# Traits of something that is not in every scene, and the least share of scenes in which they are seen.
SOMETIMES = {
    "side": 0.5, "spread": 0.5, "ripeness_left": 0.15, "ripeness_right": 0.5, "swap": 0.5, "hut_hue": 0.5, "wind": 0.6,
    "crossing": 0.4, "warmth": 0.5, "road_tint": 0.3, "sidewalk_tint": 0.5, "car_ahead": 0.6,
    "person_left": 0.6, "person_right": 0.6,
}  # fmt: skip


def some(task: Task, count: int, seed: int = 0) -> Scenes:
    return Scenes(task.traits, np.random.default_rng(seed).random((count, len(task.traits))))


def street(count: int, seed: int = 0) -> Scenes:
    return some(TASKS["labels2photo"], count, seed)


def layers(name: str, scenes: Scenes, domain: str, resolution: int) -> Iterator[Layer]:
    if name == "apple2orange":
        return fruit.layers(scenes, domain, resolution)
    return landscapes.layers(scenes, domain == "winter", resolution)


def seen(before: np.ndarray, after: np.ndarray) -> float:
    """Share of the scenes in which at least three pixels move by more than 8 levels."""
    moved = np.abs(before.astype(int) - after).max(axis=-1) > 8
    return float((moved.sum(axis=(1, 2)) >= 3).mean())


@pytest.mark.parametrize("name", ["apple2orange", "summer2winter"])
def test_everything_is_drawn_in_float32(name: str) -> None:
    for domain in TASKS[name].domains:
        for layer in layers(name, some(TASKS[name], 3), domain, 16):
            assert layer.coverage.dtype == layer.paint.dtype == np.float32


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_every_trait_alone_is_seen_in_both_domains(task: Task) -> None:
    scenes = some(task, 32, seed=1)
    for domain in task.domains:
        plain = task.draw(scenes, domain, 32)
        for name in task.traits:
            column = scenes.traits[:, scenes.names.index(name)]
            moved = task.draw(scenes.replaced(name, (column + 0.5) % 1), domain, 32)
            if domain == "labels" and name in street_light.TRAITS:
                np.testing.assert_array_equal(moved, plain)
            else:
                assert seen(plain, moved) >= SOMETIMES.get(name, 0.75), (domain, name)


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_drawing_is_fast_enough_for_a_laptop(task: Task) -> None:
    scenes = some(task, 200)
    for domain in task.domains:
        start = time.process_time()
        task.draw(scenes, domain, 32)
        assert 200 / (time.process_time() - start) > 100


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
@pytest.mark.parametrize("value", [0.0, 1 - 2**-53])
def test_extreme_traits_can_be_drawn_at_any_resolution(task: Task, value: float) -> None:
    scenes = Scenes(task.traits, np.full((1, len(task.traits)), value))
    for resolution in (33, 256):
        for domain in task.domains:
            picture = task.draw(scenes, domain, resolution)
            assert picture.shape == (1, resolution, resolution, 3)
            assert picture.dtype == np.uint8


def test_noise_has_no_preferred_level_and_no_steps() -> None:
    i, j = np.meshgrid(np.arange(-50, 50, dtype=np.int32), np.arange(-50, 50, dtype=np.int32))
    levels = dice(i, j, 3)
    assert 0 <= levels.min() < 0.01 < 0.99 < levels.max() < 1
    assert abs(levels.mean() - 0.5) < 0.02
    assert abs(np.corrcoef(levels[1:].ravel(), levels[:-1].ravel())[0, 1]) < 0.05
    assert (dice(i, j, 4) != levels).mean() > 0.99
    along = np.linspace(-5, 5, 4001, dtype=np.float32)
    assert np.abs(np.diff(noise(along, along, 3))).max() < 0.02


def test_apple_and_orange_have_nearly_the_same_outline() -> None:
    scenes = some(TASKS["apple2orange"], 20).replaced("lean", np.full(20, 3 / 7))
    front = fruit.fruits(scenes)[-1]
    near = fruit._near(whole(128), front)
    apple, orange = fruit._apple(scenes, near, front)[0] < 0, fruit._orange(scenes, near)[0] < 0
    shared = (apple & orange).sum(axis=(1, 2)) / (apple | orange).sum(axis=(1, 2))
    assert 0.85 < shared.min() <= shared.max() < 0.99
    for shape, dented in ((apple, True), (orange, False)):
        top = np.where(shape.any(axis=1), np.where(shape, near.v, np.inf).min(axis=1), np.inf)
        middle = np.where(np.abs(near.u[:, 0]) < 0.05, top, np.inf).min(axis=1)
        assert ((middle > top.min(axis=1) + 0.04) == dented).all()


def test_the_leaf_of_an_orange_tells_how_ripe_the_apple_is() -> None:
    scenes = some(TASKS["apple2orange"], 40)
    red, green = scenes.replaced("ripeness", np.zeros(40)), scenes.replaced("ripeness", np.ones(40))
    moved = np.abs(fruit.draw(red, "orange", 32).astype(int) - fruit.draw(green, "orange", 32)).max(axis=-1)
    assert ((moved > 40).sum(axis=(1, 2)) >= 6).all()
    apples = fruit.draw(red, "apple", 32).astype(int) - fruit.draw(green, "apple", 32)
    assert (np.abs(apples).max(axis=-1) > 40).mean() > 2 * (moved > 40).mean()


def test_wall_and_table_are_the_same_behind_apples_and_oranges() -> None:
    scenes = some(TASKS["apple2orange"], 40)
    same = (fruit.draw(scenes, "apple", 32) == fruit.draw(scenes, "orange", 32)).all(axis=-1)
    assert same.mean() > 0.6
    assert same[:, 0].mean() > 0.85


def test_seasons_change_colours_and_no_shape() -> None:
    scenes = some(TASKS["summer2winter"], 20)
    for summer, winter in zip(*(landscapes.layers(scenes, season, 32) for season in (False, True)), strict=True):
        np.testing.assert_array_equal(summer.coverage, winter.coverage)
    warm, cold = (landscapes.draw(scenes, domain, 32).astype(float) for domain in landscapes.DOMAINS)
    assert (cold.mean(axis=(1, 2, 3)) > warm.mean(axis=(1, 2, 3)) + 20).all()
    assert (np.ptp(cold, axis=-1).mean(axis=(1, 2)) < 0.7 * np.ptp(warm, axis=-1).mean(axis=(1, 2))).all()


def test_bare_rock_in_summer_is_where_snow_lies_in_winter() -> None:
    scenes = some(TASKS["summer2winter"], 100)
    low, high = scenes.replaced("line", np.full(100, 0.1)), scenes.replaced("line", np.full(100, 0.9))
    summer, winter = (
        (landscapes.draw(low, domain, 32) != landscapes.draw(high, domain, 32)).any(axis=-1)
        for domain in landscapes.DOMAINS
    )
    assert (summer & winter).sum() > 0.9 * (summer | winter).sum()


def test_maps_have_the_colours_of_classes_alone() -> None:
    scenes = street(60)
    labels = np.array([kind.label for kind in street_classes.CLASSES])
    picture = streets.draw(scenes, "labels", 32)
    np.testing.assert_array_equal(labels[street_layout.layout(scenes, 32).ids], picture)
    shares = np.bincount(street_layout.layout(scenes, 32).ids.ravel(), minlength=len(labels)) / picture[..., 0].size
    assert shares.min() > 0.008
    assert shares.max() < 0.5


@pytest.mark.parametrize(("resolution", "count"), [(32, 250), (64, 60)])
def test_the_map_of_a_photograph_is_exact_under_extreme_lights(resolution: int, count: int) -> None:
    scenes, rng = street(count, seed=2), np.random.default_rng(3)
    for name in street_light.TRAITS:
        scenes = scenes.replaced(name, np.where(rng.random(count) < 0.5, 0.0, 1 - 2**-53))
    ids = street_layout.layout(scenes, resolution).ids
    photos = streets.draw(scenes, "photo", resolution)
    np.testing.assert_array_equal(street_classes.classes(photos), ids)
    # Not by luck: the second nearest class is clearly farther away.
    shares = photos / photos.sum(axis=-1, keepdims=True, dtype=float)
    middles = np.array([np.array(kind.prototype) / sum(kind.prototype) for kind in street_classes.CLASSES])
    nearest = np.sort(np.linalg.norm(shares[..., None, :] - middles, axis=-1), axis=-1)
    assert (nearest[..., 1] - nearest[..., 0]).min() > 0.03


def test_the_light_changes_every_class() -> None:
    scenes = street(60)
    dark, bright = (scenes.replaced("brightness", np.full(60, value)) for value in (0.0, 0.99))
    ids = street_layout.layout(scenes, 32).ids
    moved = np.abs(streets.draw(dark, "photo", 32).astype(int) - streets.draw(bright, "photo", 32)).max(axis=-1)
    for kind in range(len(street_classes.CLASSES)):
        assert np.median(moved[ids == kind]) > 20


def test_nothing_beats_the_median_over_lights() -> None:
    scenes = street(40, seed=4)
    photos = streets.draw(scenes, "photo", 32) / 255
    least = streets.bayes(scenes, 32)
    other = scenes
    for name, chances in zip(
        street_light.TRAITS, np.random.default_rng(5).random((len(street_light.TRAITS), 40)), strict=True
    ):
        other = other.replaced(name, chances)
    ids = street_layout.layout(scenes, 32).ids
    flat = np.array([photos[ids == kind].mean(axis=0) for kind in range(len(street_classes.CLASSES))])[ids]
    for guess in (streets.draw(other, "photo", 32) / 255, flat, streets.draw(scenes, "labels", 32) / 255):
        assert least.mean() < 0.95 * np.abs(photos - guess).mean()
    assert 0.02 < least.mean() < 0.1
    np.testing.assert_array_equal(streets.bayes(scenes.some(np.array([7, 3])), 32), least[[7, 3]])


def test_the_header_tells_the_palette_and_what_is_left_to_chance() -> None:
    splits = {"train": street(2), "validation": street(3, seed=6), "test": street(4, seed=7)}
    notes = streets.notes(splits, 32)
    assert set(notes) == {"palette", "bayes_l1_validation", "bayes_l1_test"}
    assert float(notes["bayes_l1_test"]) == pytest.approx(streets.bayes(splits["test"], 32).mean(), abs=1e-6)
    for kind, text in zip(street_classes.CLASSES, str(notes["palette"]).split(", "), strict=True):
        name, label, prototype = text.split()
        assert name == kind.name
        assert (bytes.fromhex(label[1:]), bytes.fromhex(prototype[1:])) == (bytes(kind.label), bytes(kind.prototype))
