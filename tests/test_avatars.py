"""The drawn portraits: reproducible one by one, exactly changeable, as frequent and as correlated as asked."""

import re
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from stages.datasets import avatars
from stages.drawing.people import ATTRIBUTES, EXPRESSIONS, HAIR_COLOURS, TRAITS, People
from stages.drawing.portraits import draw, layers, region
from stages.preparing import writing
from stages.settings import members
from stages.storage import factors, prepared

# Share of all pixels that each change moves by more than 8/255, and its mean L1, at 32 px; at least.
VISIBLE = {
    "Black_Hair": (0.15, 0.04),
    "Blond_Hair": (0.15, 0.04),
    "Brown_Hair": (0.15, 0.03),
    "Male": (0.25, 0.05),
    "Young": (0.10, 0.02),
    "Mustache": (0.018, 0.005),
    "Goatee": (0.018, 0.006),
    "Rosy_Cheeks": (0.03, 0.004),
    "Bushy_Eyebrows": (0.03, 0.008),
    "Wearing_Lipstick": (0.018, 0.003),
} | dict.fromkeys(EXPRESSIONS, (0.06, 0.012))


def make(**changes: object) -> writing.Source:
    given_settings: dict[str, Any] = {
        "resolution": 16, "labels": "attributes", "train": 40, "validation": 6, "test": 6, "seed": 3,
        "frequencies": {}, "correlations": [],
    }  # fmt: skip
    return avatars.source(**members.options(avatars.source, given_settings | changes))


def crowd(
    count: int,
    seed: int = 0,
    frequencies: dict[str, float] | None = None,
    correlations: list[avatars.Correlation] | None = None,
) -> People:
    attributes, expressions = avatars.shares(frequencies or {})
    return avatars.population(seed, "train", range(count), attributes, expressions, correlations or [])


def joined(source: writing.Source, split: str, field: str) -> np.ndarray:
    return np.concatenate([getattr(chunk, field) for chunk in source.splits[split]()])


def column(people: People, name: str) -> np.ndarray:
    return people.attributes[:, ATTRIBUTES.index(name)]


def near(observed: float, expected: float, count: int) -> bool:
    """Within five standard deviations of a binomial share."""
    return abs(observed - expected) <= 5 * np.sqrt(expected * (1 - expected) / count) + 1e-12


def test_a_person_depends_on_seed_split_and_index_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    many = joined(make(), "train", "images")
    np.testing.assert_array_equal(many, joined(make(), "train", "images"))
    np.testing.assert_array_equal(many[:7], joined(make(train=7), "train", "images"))
    exact = joined(make(), "test", "counterfactuals")
    monkeypatch.setattr(avatars, "CHUNK_BYTES", 2 * 3 * 16**2 * 11)
    assert len(list(make().splits["test"]())) == 3
    np.testing.assert_array_equal(many, joined(make(), "train", "images"))
    np.testing.assert_array_equal(exact, joined(make(), "test", "counterfactuals"))
    for other in (joined(make(seed=4), "train", "images"), joined(make(train=6, test=40), "test", "images")):
        assert (other != many).any(axis=(1, 2, 3)).all()


def test_a_picture_does_not_depend_on_its_neighbours() -> None:
    people = crowd(40)
    together = draw(people, 32)
    alone = np.concatenate([draw(people.some(slice(i, i + 1)), 32) for i in range(40)])
    np.testing.assert_array_equal(together, alone)


def test_everything_is_drawn_in_float32() -> None:
    assert {array.dtype for layer in layers(crowd(2), 16) for array in (layer.coverage, layer.paint)} == {
        np.dtype(np.float32)
    }


def test_a_person_looks_the_same_at_every_resolution() -> None:
    people = crowd(12)
    fine = draw(people, 128).reshape(12, 32, 4, 32, 4, 3).mean(axis=(2, 4))
    assert np.abs(fine - draw(people, 32)).mean() < 4


def test_drawing_is_fast_enough_for_a_laptop() -> None:
    people = crowd(300)
    start = time.perf_counter()
    draw(people, 32)
    assert 300 / (time.perf_counter() - start) > 100


@settings(max_examples=60, deadline=None)
@given(
    traits=st.lists(st.floats(0, 1, exclude_max=True), min_size=len(TRAITS), max_size=len(TRAITS)),
    flags=st.lists(st.booleans(), min_size=7, max_size=7),
    hair=st.sampled_from([None, *HAIR_COLOURS]),
    expression=st.integers(0, len(EXPRESSIONS) - 1),
    target=st.sampled_from(ATTRIBUTES + EXPRESSIONS),
    resolution=st.sampled_from([16, 33, 64]),
)
def test_a_change_stays_in_its_region(
    traits: list[float], flags: list[bool], hair: str | None, expression: int, target: str, resolution: int
) -> None:
    attributes = np.array([[name == hair for name in HAIR_COLOURS] + flags])
    person = People(attributes, np.array([expression]), np.array([traits]))
    changed = draw(person, resolution) != draw(person.towards(target), resolution)
    assert not changed.any(axis=-1)[~region(person, target, resolution)].any()


def test_regions_are_small_and_where_they_should_be() -> None:
    people = crowd(100)
    shares = {name: region(people, name, 32).mean() for name in ATTRIBUTES + EXPRESSIONS}
    assert shares.pop("Male") < 0.45
    for name in HAIR_COLOURS:
        assert shares.pop(name) < 0.4
    assert shares.pop("Young") < 0.2
    assert max(shares.values()) < 0.13
    for name in ("Mustache", "Goatee", "Wearing_Lipstick"):
        assert not region(people, name, 32)[:, :16].any()
    assert not region(people, "Bushy_Eyebrows", 32)[:, 18:].any()


@pytest.mark.parametrize("target", ATTRIBUTES + EXPRESSIONS)
def test_every_change_is_visible_at_32_pixels(target: str) -> None:
    people = crowd(200, seed=1)
    goal = people.towards(target)
    moved = (goal.attributes != people.attributes).any(axis=1) | (goal.expressions != people.expressions)
    assert moved.sum() > 90
    difference = np.abs(draw(people, 32).astype(float) - draw(goal, 32))[moved] / 255
    share, amount = VISIBLE[target]
    assert (difference.max(axis=-1) > 8 / 255).mean() >= share
    assert difference.mean() >= amount


@pytest.mark.parametrize("labels", ["attributes", "expressions"])
def test_counterfactuals_have_the_labels_and_pixels_of_their_target(labels: str) -> None:
    source = make(labels=labels, test=25)
    assert [chunk.counterfactuals for chunk in source.splits["train"]()] == [None]
    images, truth = joined(source, "test", "images"), joined(source, "test", "labels")
    redrawn, relabelled = joined(source, "test", "counterfactuals"), joined(source, "test", "counterfactual_labels")
    assert redrawn.shape == (25, len(source.targets), 16, 16, 3)
    for position, target in enumerate(source.targets):
        place = source.labels.index(target)
        expected = truth.copy()
        group = [place] if labels == "attributes" else list(range(len(source.labels)))
        group = [source.labels.index(name) for name in HAIR_COLOURS] if target in HAIR_COLOURS else group
        flips = labels == "attributes" and target not in HAIR_COLOURS
        expected[:, group] = 0
        expected[:, place] = 1 - truth[:, place] if flips else 1
        np.testing.assert_array_equal(relabelled[:, position], expected)
        same = (images == redrawn[:, position]).all(axis=(1, 2, 3))
        np.testing.assert_array_equal(same, (expected == truth).all(axis=1))


def test_what_is_not_labelled_varies() -> None:
    people = crowd(400)
    assert set(people.expressions) == set(range(len(EXPRESSIONS)))
    assert people.traits.std(axis=0).min() > 0.25
    assert not people.attributes[:, :3].any(axis=1).all()
    assert people.attributes[:, :3].sum(axis=1).max() == 1


def test_frequencies_are_the_ones_asked_for() -> None:
    count = 4000
    asked = {"Black_Hair": 0.5, "Blond_Hair": 0.0, "Male": 0.2, "Goatee": 1.0, "happy": 0.6}
    people = crowd(count, frequencies=asked)
    for name, share in (avatars.FREQUENCIES | asked).items():
        if name in ATTRIBUTES:
            assert near(column(people, name).mean(), share, count), name
    for position, name in enumerate(EXPRESSIONS):
        assert near((people.expressions == position).mean(), asked.get(name, 0.4 / 7), count), name


def test_attributes_and_nuisance_are_independent_by_default() -> None:
    count = 4000
    people = crowd(count, seed=5)
    moods = people.expressions[:, None] == np.arange(len(EXPRESSIONS))
    drawn = np.concatenate([people.attributes, moods, people.traits], axis=1)
    correlation = np.corrcoef(drawn, rowvar=False)
    # Hair colours exclude each other, and so do expressions; every other pair is independent.
    hair, mood = np.arange(3), np.arange(len(ATTRIBUTES), len(ATTRIBUTES) + len(EXPRESSIONS))
    correlation[np.ix_(hair, hair)] = correlation[np.ix_(mood, mood)] = 0
    np.fill_diagonal(correlation, 0)
    assert np.abs(correlation).max() < 5 / np.sqrt(count)


@pytest.mark.parametrize(
    ("first", "second", "strength"),
    [
        ("Male", "Wearing_Lipstick", -0.8),
        ("Male", "Mustache", 0.5),
        ("happy", "Young", 1.0),
        ("Young", "Blond_Hair", 0.6),
    ],
)
def test_a_correlation_is_realised(first: str, second: str, strength: float) -> None:
    count = 4000
    people = crowd(count, correlations=[{"first": first, "second": second, "strength": strength}])
    free = crowd(count)
    np.testing.assert_array_equal(people.traits, free.traits)
    cause = people.expressions == EXPRESSIONS.index(first) if first in EXPRESSIONS else column(people, first)
    for value in (True, False):
        share = avatars.FREQUENCIES[second] * (1 - abs(strength)) + abs(strength) * (value == (strength > 0))
        assert near(column(people, second)[cause == value].mean(), share, int((cause == value).sum()))
    assert people.attributes[:, :3].sum(axis=1).max() == 1
    untouched = [name for name in ATTRIBUTES if name != second and not {name, second} <= set(HAIR_COLOURS)]
    for name in untouched:
        np.testing.assert_array_equal(column(people, name), column(free, name))


def test_it_can_be_prepared_and_read_back(tmp_path: Path) -> None:
    source = make(labels="expressions")
    header = writing.write(tmp_path / "avatars", "avatars", 16, source, {})
    assert header.counts == {"train": 40, "validation": 6, "test": 6}
    split = prepared.read(tmp_path / "avatars").split("test")
    assert split.counterfactuals is not None
    np.testing.assert_array_equal(split.counterfactuals, joined(source, "test", "counterfactuals"))


# Of the sets below as they were before data sets could have factors.
UNCHANGED = {
    "attributes": "ad45632a3fb59adf354f74011ad3d0c904b8071b740a0733ff92e8ba27c3bcd5",
    "expressions": "6e864dc32cad967ad6254e5acde757c52b48425dd99d2303039a721af4535e68",
}


@pytest.mark.parametrize("labels", UNCHANGED)
def test_without_fresh_draws_nothing_changes(tmp_path: Path, labels: str) -> None:
    for name, source in (("a", make(labels=labels, variety=0.3)), ("b", make(labels=labels, variety=0.3, fresh=0))):
        header = writing.write(tmp_path / name, "avatars", 16, source, {"seed": 3})
        assert header.sha256 == UNCHANGED[labels]
        assert factors.of(header) is None
        assert prepared.read(tmp_path / name).split("test").factors is None


def test_fresh_draws_leave_the_other_splits_alone(tmp_path: Path) -> None:
    plain = writing.write(tmp_path / "plain", "avatars", 16, make(), {})
    header = writing.write(tmp_path / "more", "avatars", 16, make(fresh=20), {})
    assert header.counts == {**plain.counts, "fresh": 20}
    assert plain.arrays.items() < header.arrays.items()
    assert prepared.verify(tmp_path / "more") == header
    data = prepared.read(tmp_path / "more")
    images = [np.asarray(data.split(split).images) for split in header.counts]
    assert len(np.unique(np.concatenate(images).reshape(40 + 6 + 6 + 20, -1), axis=0)) == 72
    assert data.split("fresh").counterfactuals is None
    assert "Hair" not in prepared.describe(header)


@pytest.mark.parametrize("variety", [1.0, 0.3])
def test_the_program_draws_what_the_factors_say(tmp_path: Path, variety: float) -> None:
    wanted: dict[str, Any] = {"fresh": 30, "variety": variety, "frequencies": {"Black_Hair": 0.1, "Male": 0.2}}
    source = make(**wanted)
    header = writing.write(tmp_path / "avatars", "avatars", 16, source, {})
    known = factors.of(header)
    assert known == source.factors
    assert known is not None
    assert known.chances["Hair"] == (0.1, 0.28, 0.28, 0.34)
    program = avatars.program(resolution=16, **wanted)
    assert program.factors == known
    for name in header.counts:
        split = prepared.read(tmp_path / "avatars").split(name)
        assert split.factors is not None
        error = np.abs(program.draw(split.factors).astype(int) - split.images).mean(axis=(1, 2, 3))
        assert error.max() < 0.6
        hair = split.factors[:, 0]
        np.testing.assert_array_equal(split.labels[:, :3], hair[:, None] == np.arange(3))
        np.testing.assert_array_equal(split.labels[:, 3:], split.factors[:, known.columns(ATTRIBUTES[3:])])


def test_factors_follow_their_law() -> None:
    source, count = make(fresh=4000, labels="expressions", variety=0.3, frequencies={"happy": 0.6, "Young": 0.9}), 4000
    assert source.factors is not None
    drawn = np.concatenate([chunk.factors for chunk in source.splits["fresh"]()])
    for column, name in enumerate(source.factors.categories):
        for value, chance in enumerate(source.factors.chances[name]):
            assert near((drawn[:, column] == value).mean(), chance, count), name
    traits = drawn[:, source.factors.columns(TRAITS)]
    assert np.abs(traits.mean(axis=0) - 127.5).max() < 5 * 74 / np.sqrt(count)
    assert np.abs(np.sort(traits, axis=0) - np.linspace(0, 255, count)[:, None]).mean() < 4


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"fresh": 5, "correlations": [{"first": "Male", "second": "Young", "strength": 0.5}]},
            "fresh: correlations are set",
        ),
        ({"fresh": 5, "variety": 0.0}, "fresh: variety: 0 leaves no traits"),
        ({"frequencies": {"Beard": 0.5}}, "'Beard' is not one of Black_Hair"),
        ({"frequencies": {"Black_Hair": 0.6, "Blond_Hair": 0.3}}, "may sum to 1 at most, not 1.18"),
        ({"frequencies": {"happy": 0.7, "sad": 0.7}}, "sum to 1.4"),
        ({"frequencies": dict.fromkeys(EXPRESSIONS, 0.1)}, "sum to 0.8"),
        ({"correlations": [{"first": "Male", "second": "happy", "strength": 0.5}]}, "second: 'happy' is not one of"),
        ({"correlations": [{"first": "Age", "second": "Male", "strength": 0.5}]}, "first: 'Age' is not one of"),
        (
            {"correlations": [{"first": "Male", "second": "Male", "strength": 0.5}]},
            "Male cannot be correlated with itself",
        ),
    ],
)
def test_bad_settings_are_explained(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(prepared.DataError, match=message):
        make(**changes)


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"resolution": 8}, "resolution"),
        ({"resolution": 1024}, "resolution"),
        ({"train": 0}, "train"),
        ({"seed": -1}, "seed"),
        ({"labels": "poses"}, "labels"),
        ({"frequencies": {"Male": 1.5}}, "frequencies.Male"),
        ({"correlations": [{"first": "Male", "second": "Young", "strength": 2}]}, "correlations.0.strength"),
        ({"correlations": [{"first": "Male", "second": "Young"}]}, "correlations.0.strength"),
        ({"correlations": [{"first": "Male", "second": "Young", "strength": 1, "sign": 1}]}, "correlations.0.sign"),
    ],
)
def test_settings_out_of_range_are_named(changes: dict[str, Any], where: str) -> None:
    with pytest.raises(ValidationError) as caught:
        make(**changes)
    assert where in {".".join(str(part) for part in error["loc"]) for error in caught.value.errors()}


def test_the_code_of_the_data_card_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    card = Path(__file__).resolve().parents[1] / "data/README.md"
    blocks = re.findall(r"```python\n(.*?)```", card.read_text(encoding="utf-8"), re.DOTALL)
    (block,) = [text for text in blocks if "data/avatars" in text]
    writing.write(tmp_path / "data/avatars", "avatars", 16, make(), {})
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(block, names)
    assert names["before"].shape == names["after"].shape == (6, 16, 16, 3)
    assert (names["before"] != names["after"]).any()
