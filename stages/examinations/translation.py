"""Translating the test split with every seed of a row: against exact images, the judge's eyes, and sets of images."""

from __future__ import annotations

from stages.learning import problems
from stages.learning.devices import Place
from stages.measuring import chosen, examination, rulers, sittings
from stages.measuring.contracts import Report
from stages.measuring.judging import Bench
from stages.settings.rows import Params, VariantRow

OFFERS = ("pairs", "answers", "perceptual", "sets")
KINDS = ("attributes", "expressions", "classes")
ASKS, WATCHES = ("translate",), ()
# The exact error; where there are no exact images, the Fréchet distance.
HEADLINE = ("l1", "fid", "fid_judge")
# To be raised when a change elsewhere than in the metrics moves numbers.
VERSION = 2


class Settings(sittings.Settings):
    """What every examination of images is told, and no more."""


def examine(name: str, row: VariantRow, settings: Params, place: Place) -> tuple[Report, bytes | None]:
    """What is measured of every seed of a row, and a picture of translated test images."""
    return sittings.examine(name, row, prepare(row, settings, place), VERSION, place)


def prepare(row: VariantRow, settings: Params, place: Place) -> list[tuple[examination.Test, Bench]]:
    """The questions and the rulers of each data set; what is missing is found before anything is computed."""
    mine = Settings.model_validate(settings.evaluation[row.examination])
    metrics = chosen.choose(mine.metrics, OFFERS, row.examination)
    teacher = settings.teachers[row.teacher]
    found = []
    for domain, (data, _) in zip(problems.read(teacher, "test").domains, problems.parts(teacher), strict=True):
        tools = rulers.read(data.header, mine.extractor, mine.extractor_weights, metrics, place.device)
        test = examination.prepare(domain, data.header, mine.images, data.split("validation"))
        found.append((test, Bench(metrics, tools, mine, place.device)))
    return found
