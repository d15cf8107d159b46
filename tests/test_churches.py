"""The drawn churches: reproducible one by one, of a known law, every count and kind to be seen at 32 pixels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from stages.datasets import churches
from stages.drawing.churches import CHANCES, TRAITS, draw, layers
from stages.preparing import writing
from stages.settings import members
from stages.storage import factors, prepared

# Levels of 255 that a change of this category moves, on average over all pixels and churches at 32 px; at least.
VISIBLE = {"Towers": 1.8, "Roof": 1.5, "Windows": 1.0, "Door": 0.4, "Trees": 2.0, "Sky": 20.0}


def make(**changes: object) -> writing.Source:
    given: dict[str, Any] = {"resolution": 16, "train": 30, "validation": 5, "test": 6, "seed": 3}
    return churches.source(**members.options(churches.source, given | changes))


def joined(source: writing.Source, split: str, field: str) -> np.ndarray:
    return np.concatenate([getattr(chunk, field) for chunk in source.splits[split]()])


def codes(count: int) -> np.ndarray:
    return churches.coded(churches.population(0, "test", range(count)), 1.0)


def test_a_church_depends_on_seed_split_and_index_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    many = joined(make(), "train", "images")
    np.testing.assert_array_equal(many[:7], joined(make(train=7, fresh=4), "train", "images"))
    monkeypatch.setattr(churches, "CHUNK_BYTES", 3 * 16**2 * 11)
    assert len(list(make().splits["train"]())) == 3
    np.testing.assert_array_equal(many, joined(make(), "train", "images"))
    for other in (joined(make(seed=4), "train", "images"), joined(make(fresh=30), "fresh", "images")):
        assert (other != many).any(axis=(1, 2, 3)).all()


def test_a_picture_does_not_depend_on_its_neighbours() -> None:
    scenes = churches.population(1, "train", range(40))
    alone = [draw(scenes.some(slice(row, row + 1)), 32) for row in range(40)]
    np.testing.assert_array_equal(draw(scenes, 32), np.concatenate(alone))


def test_everything_is_drawn_in_float32() -> None:
    found = layers(churches.population(1, "train", range(8)), 16)
    assert {array.dtype for layer in found for array in (layer.coverage, layer.paint)} == {np.dtype(np.float32)}


def test_a_church_looks_the_same_at_every_resolution() -> None:
    scenes = churches.population(2, "train", range(12))
    fine = draw(scenes, 128).reshape(12, 32, 4, 32, 4, 3).mean(axis=(2, 4))
    assert np.abs(fine - draw(scenes, 32)).mean() < 4


def test_no_set_has_factors_unless_it_is_asked_for_fresh_draws(tmp_path: Path) -> None:
    header = writing.write(tmp_path / "churches", "churches", 16, make(), {})
    assert factors.of(header) is None
    assert header.counts == {"train": 30, "validation": 5, "test": 6}
    assert header.targets == ()
    assert prepared.read(tmp_path / "churches").split("test").counterfactuals is None


@pytest.mark.parametrize("variety", [1.0, 0.4])
def test_the_program_draws_what_the_factors_say(tmp_path: Path, variety: float) -> None:
    header = writing.write(tmp_path / "churches", "churches", 16, make(variety=variety, fresh=9), {})
    assert prepared.verify(tmp_path / "churches") == header
    program = churches.program(resolution=16, variety=variety, seed=3)
    assert program.factors == factors.of(header)
    for name in header.counts:
        split = prepared.read(tmp_path / "churches").split(name)
        assert split.factors is not None
        error = np.abs(program.draw(split.factors).astype(int) - split.images).mean(axis=(1, 2, 3))
        assert error.max() < 1
        np.testing.assert_array_equal(split.labels, churches.labels(split.factors))
        assert (split.labels.sum(axis=1) == len(CHANCES)).all()


def test_factors_follow_their_law_and_are_independent() -> None:
    count = 6000
    drawn = codes(count)
    for column, (category, values) in enumerate(CHANCES.items()):
        assert sum(values.values()) == pytest.approx(1)
        for place, chance in enumerate(values.values()):
            error = 5 * np.sqrt(chance * (1 - chance) / count)
            assert abs((drawn[:, column] == place).mean() - chance) < error, (category, place)
    correlation = np.corrcoef(drawn, rowvar=False) - np.eye(drawn.shape[1])
    assert np.abs(correlation).max() < 5 / np.sqrt(count)
    assert np.abs(drawn[:, len(CHANCES) :].mean(axis=0) - 127.5).max() < 5 * 74 / np.sqrt(count)


@pytest.mark.parametrize("category", CHANCES)
def test_every_kind_can_be_seen_at_32_pixels(category: str) -> None:
    program, drawn, column = churches.program(resolution=32), codes(60), list(CHANCES).index(category)
    pictures = []
    for place in range(len(CHANCES[category])):
        changed = drawn.copy()
        changed[:, column] = place
        pictures.append(program.draw(changed).astype(int))
    for first in range(len(pictures)):
        for second in range(first):
            moved = np.abs(pictures[first] - pictures[second]).mean(axis=(1, 2, 3))
            assert moved.mean() > VISIBLE[category], (first, second)
            assert moved.min() > 0


@pytest.mark.parametrize("trait", TRAITS)
def test_every_trait_can_be_seen_in_every_church(trait: str) -> None:
    program, drawn = churches.program(resolution=32), codes(60)
    low, high = drawn.copy(), drawn.copy()
    column = len(CHANCES) + TRAITS.index(trait)
    low[:, column], high[:, column] = 0, 255
    assert np.abs(program.draw(low).astype(int) - program.draw(high)).mean(axis=(1, 2, 3)).min() > 0.3


def islands(mask: np.ndarray) -> int:
    """How many pieces hang together by their sides."""
    from scipy.ndimage import label

    return int(label(mask)[1])


def test_windows_can_be_counted_at_32_pixels() -> None:
    program, drawn = churches.program(resolution=32), codes(80)
    column = churches.LAW.columns(["Windows", "Sky", "Towers", "Trees", "roof_hue"])
    counts = []
    for place in range(6):
        drawn[:, column] = place, 0, 0, 0, 255
        pictures = program.draw(drawn).astype(int)
        # Glass by day is dark and bluish, as are a pixel or two around the cross.
        dark = (pictures.max(axis=-1) < 120) & (pictures[..., 2] >= pictures[..., 0])
        counts.append([islands(picture) for picture in dark])
    assert (np.diff(counts, axis=0) == 1).all()


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"resolution": 8}, "resolution"),
        ({"train": 0}, "train"),
        ({"variety": 0.0}, "variety"),
        ({"fresh": -1}, "fresh"),
    ],
)
def test_settings_out_of_range_are_named(changes: dict[str, Any], where: str) -> None:
    with pytest.raises(ValidationError) as caught:
        make(**changes)
    assert where in {".".join(str(part) for part in error["loc"]) for error in caught.value.errors()}
