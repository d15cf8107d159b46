"""Numbers of images that were made without input, against the real side, the law of factors, and a teacher's images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch.nn.functional as F
from torch import Tensor

from stages.measuring import bootstrap, chosen, kept, laws, looking, readings
from stages.measuring.contracts import Given, Nearest, Read, Redrawn, Sets, Twins
from stages.measuring.examination import spaced
from stages.measuring.judging import Bench
from stages.measuring.looking import Seen
from stages.measuring.readings import Readings
from stages.measuring.realities import HELD, Drawn, Reality
from stages.storage.factors import Factors
from stages.storage.prepared import Bytes, Prepared, to_tensor, to_uint8

OFFERS = ("sets", "factors", "renderings", "neighbours", "twins")
SEED = 2**20
"""Added to the seed of an examination where known sets are drawn."""

Columns = Mapping[str, Tensor | float]


def offered(seen: Seen, reality: Reality, bench: Bench, teacher: Seen | None) -> Iterator[tuple[str, Given]]:
    """What metrics can be given, by what they need; nothing of factors where none are known."""
    yield "sets", Sets(reality.features, seen.features, bench.settings.seed)
    drawn, found = reality.drawn, seen.found
    if drawn is not None and found is not None:
        first = found.some(slice(len(seen.images)))
        distances = looking.redrawn(drawn.program, seen.images, first, bench.settings.batch)
        yield "factors", read(found, drawn)
        yield "renderings", Redrawn(distances, drawn.distances)
        yield "neighbours", Nearest(found, drawn.train, drawn.fresh, drawn.mistakes.followed)
    if teacher is not None:
        yield "twins", Twins(seen.images, teacher.images, found, teacher.found)


def read(found: Readings, drawn: Drawn) -> Read:
    """What a reader sees, beside the law."""
    return Read(found, drawn.fresh, drawn.law, drawn.mistakes)


def measured(seen: Seen, reality: Reality, bench: Bench, teacher: Seen | None = None) -> Columns:
    """The columns of a set of images: a number per image, or one of all of them."""
    found: dict[str, Tensor | float] = {}
    for needs, given in offered(seen, reality, bench, teacher):
        suffix = bench.rulers.suffix if needs == "sets" else ""
        for metric in chosen.needing(bench.metrics, needs):
            found |= {f"{name}{suffix}": value for name, value in metric.measure(given).items()}
    return found


def means(columns: Columns) -> dict[str, float]:
    """Of every column one number."""
    return {name: float(each.mean()) if isinstance(each, Tensor) else float(each) for name, each in columns.items()}


def judgement(columns: Columns, bench: Bench) -> dict[str, Any]:
    """Every column's number, and of those that have one per image the interval and standard error of its mean."""
    images = {name: each for name, each in columns.items() if isinstance(each, Tensor)}
    settings = bench.settings
    intervals = {
        name: list(bootstrap.interval(each, resamples=settings.resamples, seed=settings.seed))
        for name, each in images.items()
    }
    errors = {name: float(each.std() / len(each) ** 0.5) for name, each in images.items()}
    return {"overall": means(columns), "intervals": intervals, "standard_errors": errors}


def floors(found: Readings, drawn: Drawn, bench: Bench) -> dict[str, float]:
    """What chance alone leaves of distances to the law in as many draws, where a metric says it."""
    given = read(found, drawn)
    more = [metric.more("floor", given) for metric in chosen.needing(bench.metrics, "factors")]
    return {name: float(value) for each in more for name, value in each.items()}


def frequencies(drawn: Drawn, teacher: Readings, rows: Sequence[Readings]) -> dict[str, Any]:
    """Of each category its values, their known chances, and the shares of real draws, the teacher and every seed."""
    law = drawn.law

    def shares(found: Readings, name: str) -> list[float]:
        observed = readings.shares(found, law, [name])
        return readings.corrected(observed, drawn.mistakes.confusions, [name]).tolist()

    return {
        name: {
            "values": list(values),
            "known": list(law.chances[name]),
            "real": shares(drawn.fresh, name),
            "teacher": shares(teacher, name),
            "row": [shares(each, name) for each in rows],
        }
        for name, values in law.categories.items()
    }


def real_draws(data: Prepared, reality: Reality, count: int, bench: Bench) -> Iterator[Bytes]:
    """As many real images as are judged: drawn anew where a program can, else those that choices are held against."""
    if reality.drawn is None:
        return evenly(data.split(HELD["choosing"]).images, count, bench)
    law = reality.drawn.law
    return looking.drawn(reality.drawn.program, codes(law, count, bench), bench.settings.batch)


def codes(law: Factors, count: int, bench: Bench) -> Bytes:
    """The factors of real draws."""
    return laws.draws(law, count, np.random.default_rng(bench.settings.seed + SEED))


def known_sets(data: Prepared, reality: Reality, count: int, bench: Bench) -> Iterator[tuple[str, Iterator[Bytes]]]:
    """Sets with one known fault each: what some rulers must find, and what others must leave alone."""
    drawn, batch, train = reality.drawn, bench.settings.batch, data.split("train").images
    if drawn is not None:
        random = np.random.default_rng(bench.settings.seed + SEED)
        dealt = laws.shuffled(drawn.law, codes(drawn.law, count, bench))
        yield "shuffled factors", looking.drawn(drawn.program, dealt, batch)
        yield "one mode dropped", looking.drawn(drawn.program, laws.dropped(drawn.law, count, random), batch)
    yield "train images", evenly(train, count, bench)
    yield "blurred draws", (blurred(part) for part in real_draws(data, reality, count, bench))


def evenly(images: Bytes, count: int, bench: Bench) -> Iterator[Bytes]:
    """At most so many images, evenly spaced."""
    return looking.pieces(images[spaced(min(count, len(images)), len(images))], bench.settings.batch)


def blurred(images: Bytes) -> Bytes:
    """The mean of three by three pixels."""
    framed = F.pad(to_tensor(images), (1,) * 4, mode="replicate")
    return to_uint8(F.avg_pool2d(framed, 3, 1))


def as_arrays(columns: Mapping[str, float]) -> kept.Arrays:
    """Numbers as arrays, to be kept in scratch."""
    return {name: np.array(value) for name, value in columns.items()}


def as_numbers(arrays: kept.Arrays) -> dict[str, float]:
    """The same as numbers again."""
    return {name: float(value) for name, value in arrays.items()}
