"""Portraits drawn by a program, with the exact image a perfect translator returns; made here, see data/README.md."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict

from stages.drawing.people import ATTRIBUTES, EXPRESSIONS, HAIR_COLOURS, TRAITS, People
from stages.drawing.portraits import draw
from stages.preparing.writing import Chunk, Source
from stages.storage import factors
from stages.storage.factors import Factors, Program
from stages.storage.prepared import FRESH, SPLITS, Bytes, DataError

# Hair of another colour takes what is left: 0.16. Expressions that are not named share what is left evenly.
FREQUENCIES = dict.fromkeys(ATTRIBUTES, 0.5) | dict.fromkeys(HAIR_COLOURS, 0.28)
CHUNK_BYTES = 2**24

HAIR, EXPRESSION, OTHER = "Hair", "Expression", "other"
"""Factors that stand for several labels, and the value of hair without a colour of these."""
SIMPLE = tuple(name for name in ATTRIBUTES if name not in HAIR_COLOURS)
JOINT = (HAIR, "Male", "Young")

Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1, le=2**40)]


@with_config(ConfigDict(extra="forbid"))
class Correlation(TypedDict):
    """With probability |strength| the second attribute copies the first; its opposite if negative."""

    first: str
    second: str
    strength: Annotated[float, Field(ge=-1, le=1)]


def source(
    *,
    resolution: Annotated[int, Field(ge=16, le=512)],
    labels: Literal["attributes", "expressions"],
    train: Count,
    validation: Count,
    test: Count,
    seed: Annotated[int, Field(ge=0, lt=2**64)],
    variety: Share = 1.0,
    frequencies: dict[str, Share] | None = None,
    correlations: list[Correlation] | None = None,
    fresh: Annotated[int, Field(ge=0, le=2**40)] = 0,
) -> Source:
    """People are drawn one by one from (seed, split, index), whatever the counts and the chunks.

    `variety` narrows every trait that is no label to that share of its range around the middle. `fresh` asks for that
    many draws on which no network is trained, and for the factors of all images.
    """
    attributes, expressions = shares(frequencies or {})
    confounds = list(correlations or [])
    check_correlations(confounds)
    if fresh and (confounds or not variety):
        reason = "correlations are set" if confounds else "variety: 0 leaves no traits"
        raise DataError(f"fresh: {reason}, so the law of single factors is not known; leave out one of the two")
    targets = ATTRIBUTES if labels == "attributes" else EXPRESSIONS
    counts = {"train": train, "validation": validation, "test": test} | ({FRESH: fresh} if fresh else {})

    def reader(split: str) -> Callable[[], Iterator[Chunk]]:
        exact = split in ("validation", "test")
        step = max(1, CHUNK_BYTES // (3 * resolution**2 * (1 + exact * len(targets))))

        def read() -> Iterator[Chunk]:
            for start in range(0, counts[split], step):
                indices = range(start, min(start + step, counts[split]))
                people = population(seed, split, indices, attributes, expressions, confounds, variety)
                known = coded(people, variety) if fresh else None
                yield replace(chunk(people, resolution, targets, exact), factors=known)

        return read

    return Source(
        labels=targets,
        kind=labels,
        exclusive=(HAIR_COLOURS,) if labels == "attributes" else (),
        targets=targets,
        splits={split: reader(split) for split in counts},
        notes=lambda: {"licence": "CC-BY-4.0", "origin": "drawn by a program, no real person"},
        factors=law(attributes, expressions) if fresh else None,
    )


def program(
    *, resolution: int, variety: float = 1.0, frequencies: dict[str, Share] | None = None, **_: object
) -> Program:
    """What draws given factors, under the settings of `source`."""
    return Program(law(*shares(frequencies or {})), lambda codes: draw(people_of(codes, variety), resolution))


def law(attributes: npt.NDArray[np.float64], expressions: npt.NDArray[np.float64]) -> Factors:
    """Hair, the attributes that are no hair colour, the expression and the traits, with their chances."""
    coloured, single = np.split(attributes, [len(HAIR_COLOURS)])
    simple = {name: (1 - share, share) for name, share in zip(SIMPLE, single.tolist(), strict=True)}
    hair = (*coloured.tolist(), max(0.0, round(1 - float(coloured.sum()), 12)))
    return Factors(
        categories={HAIR: (*HAIR_COLOURS, OTHER), **dict.fromkeys(SIMPLE, ("no", "yes")), EXPRESSION: EXPRESSIONS},
        chances={HAIR: hair, **simple, EXPRESSION: tuple(expressions.tolist())},
        traits=TRAITS,
        joint=JOINT,
        cells=(HAIR, *SIMPLE),
    )


def coded(people: People, variety: float) -> Bytes:
    """The factors of people whose traits were narrowed."""
    colours, simple = np.split(people.attributes, [len(HAIR_COLOURS)], axis=1)
    hair = np.where(colours.any(axis=1), colours.argmax(axis=1), len(HAIR_COLOURS))
    traits = factors.encoded((people.traits - 0.5) / variety + 0.5)
    return np.column_stack([hair, simple, people.expressions, traits]).astype(np.uint8)


def people_of(codes: Bytes, variety: float) -> People:
    """People of given factors."""
    hair, simple, expression, traits = np.split(codes, [1, 1 + len(SIMPLE), 2 + len(SIMPLE)], axis=1)
    return People(
        attributes=np.concatenate([hair == np.arange(len(HAIR_COLOURS)), simple > 0], axis=1),
        expressions=expression[:, 0].astype(np.intp),
        traits=0.5 + variety * (factors.decoded(traits) - 0.5),
    )


def chunk(people: People, resolution: int, targets: tuple[str, ...], exact: bool) -> Chunk:
    """The portraits and, if asked for, each of them redrawn towards every target."""
    images, labels = draw(people, resolution), label(people, targets)
    if not exact:
        return Chunk(images, labels)
    redrawn = np.empty((len(people), len(targets), *images.shape[1:]), np.uint8)
    relabelled = np.empty((len(people), len(targets), len(targets)), np.uint8)
    for position, target in enumerate(targets):
        changed = people.towards(target)
        redrawn[:, position] = draw(changed, resolution)
        relabelled[:, position] = label(changed, targets)
    return Chunk(images, labels, redrawn, relabelled)


def label(people: People, targets: tuple[str, ...]) -> Bytes:
    """The columns of labels.npy."""
    if targets == ATTRIBUTES:
        return people.attributes.astype(np.uint8)
    return (people.expressions[:, None] == np.arange(len(EXPRESSIONS))).astype(np.uint8)


def population(
    seed: int,
    split: str,
    indices: range,
    attributes: npt.NDArray[np.float64],
    expressions: npt.NDArray[np.float64],
    correlations: list[Correlation],
    variety: float = 1.0,
) -> People:
    """One counter-based stream each: traits, then hair, the other attributes, the expression, the correlations."""
    hair, others = len(HAIR_COLOURS), len(ATTRIBUTES) - len(HAIR_COLOURS)
    width = len(TRAITS) + 1 + others + 1 + len(correlations)
    draws = np.empty((len(indices), width))
    for row, index in enumerate(indices):
        key = np.array([seed, (*SPLITS, FRESH).index(split) << 48 | index], np.uint64)
        draws[row] = np.random.Generator(np.random.Philox(key=key)).random(width)
    traits, pick, rest, mood, copies = np.split(draws, np.cumsum([len(TRAITS), 1, others, 1]), axis=1)
    edges = np.cumsum(attributes[:hair])
    coloured = (pick < edges) & (pick >= np.concatenate([[0.0], edges[:-1]]))
    people = People(
        attributes=np.concatenate([coloured, rest < attributes[hair:]], axis=1),
        expressions=np.searchsorted(np.cumsum(expressions)[:-1], mood[:, 0], side="right"),
        traits=0.5 + variety * (traits - 0.5),
    )
    for correlation, chance in zip(correlations, copies.T, strict=True):
        confound(people, correlation, chance)
    return people


def confound(people: People, correlation: Correlation, chance: npt.NDArray[np.float64]) -> None:
    """Overwrites the second attribute where chance says so; setting a hair colour clears the others."""
    first, second, strength = correlation["first"], correlation["second"], correlation["strength"]
    if first in EXPRESSIONS:
        value = people.expressions == EXPRESSIONS.index(first)
    else:
        value = people.attributes[:, ATTRIBUTES.index(first)]
    value = value == (strength > 0)
    copied = chance < abs(strength)
    if second in HAIR_COLOURS:
        people.attributes[np.ix_(copied & value, [ATTRIBUTES.index(name) for name in HAIR_COLOURS])] = False
    people.attributes[copied, ATTRIBUTES.index(second)] = value[copied]


def shares(frequencies: dict[str, float]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The probability of each attribute and of each expression."""
    for name in frequencies:
        _known("frequencies", name, ATTRIBUTES + EXPRESSIONS)
    attributes = FREQUENCIES | {name: share for name, share in frequencies.items() if name in ATTRIBUTES}
    coloured = sum(attributes[name] for name in HAIR_COLOURS)
    if coloured > 1 + 1e-9:
        raise DataError(
            f"frequencies: nobody has two hair colours, so {', '.join(HAIR_COLOURS)} may sum to 1 at most, "
            f"not {coloured:.4g} (each that isn't named counts with its default of {FREQUENCIES[HAIR_COLOURS[0]]})"
        )
    named = {name: share for name, share in frequencies.items() if name in EXPRESSIONS}
    left, unnamed = 1 - sum(named.values()), len(EXPRESSIONS) - len(named)
    if left < -1e-9 or (left > 1e-9 and not unnamed):
        raise DataError(
            f"frequencies: everybody has one expression, so they sum to 1, or to less while some of "
            f"{', '.join(EXPRESSIONS)} are left unnamed; these sum to {sum(named.values()):.4g}"
        )
    expressions = [named[name] if name in named else max(left, 0.0) / unnamed for name in EXPRESSIONS]
    return np.array([attributes[name] for name in ATTRIBUTES]), np.array(expressions)


def check_correlations(correlations: list[Correlation]) -> None:
    """Both sides exist, and differ."""
    for correlation in correlations:
        _known("correlations: first", correlation["first"], ATTRIBUTES + EXPRESSIONS)
        _known("correlations: second", correlation["second"], ATTRIBUTES)
        if correlation["first"] == correlation["second"]:
            raise DataError(f"correlations: {correlation['first']} cannot be correlated with itself")


def _known(setting: str, name: str, names: tuple[str, ...]) -> None:
    if name not in names:
        raise DataError(f"{setting}: {name!r} is not one of {', '.join(names)}")
