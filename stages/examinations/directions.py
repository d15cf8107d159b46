"""Translating from one of two domains to the other, each direction that a family has as a test of its own.

The test images of the source label are translated to the target label, and held against the validation images of that
label. In reports a direction is an entry beside others, called `<data set> to <target label>`; what is said overall is
the mean over directions. Asked for the label they have are the test images of the target label, through the network of
that direction, as in the identity term that it is trained with.
"""

from __future__ import annotations

from stages.learning import problems
from stages.learning.devices import Place
from stages.measuring import chosen, examination, rulers, sittings
from stages.measuring.contracts import Report
from stages.measuring.judging import Bench
from stages.settings import members
from stages.settings.rows import Params, VariantRow
from stages.storage.prepared import DataError

OFFERS = ("pairs", "answers", "perceptual", "sets", "cycles", "layouts")
KINDS = ("domains", "pairs")
ASKS, WATCHES = ("translate", "DIRECTIONS"), ()
# The exact error; where there are no exact images, the Fréchet distance.
HEADLINE = ("l1", "fid", "fid_judge")
# To be raised when a change elsewhere than in the metrics moves numbers.
VERSION = 1


class Settings(sittings.Settings):
    """What every examination of images is told; `images` are those of each direction, at most."""


def examine(name: str, row: VariantRow, settings: Params, place: Place) -> tuple[Report, bytes | None]:
    """What is measured of every seed of a row, and a picture of translated test images."""
    return sittings.examine(name, row, prepare(row, settings, place), VERSION, place)


def prepare(row: VariantRow, settings: Params, place: Place) -> list[tuple[examination.Test, Bench]]:
    """The questions of each direction and the rulers; what is missing is found before anything is computed."""
    mine = Settings.model_validate(settings.evaluation[row.examination])
    metrics = chosen.choose(mine.metrics, OFFERS, row.examination)
    teacher = settings.teachers[row.teacher]
    if teacher.partner != teacher.dataset:
        raise DataError(f"teachers.{row.teacher}.partner: directions are those of one data set; repeat it as partner")
    ((data, _),), (domain,) = problems.parts(teacher), problems.read(teacher, "test").domains
    tools = rulers.read(data.header, mine.extractor, mine.extractor_weights, metrics, place.device)
    bench = Bench(metrics, tools, mine, place.device)
    pairs = members.load("families", row.family).DIRECTIONS
    tests = [
        examination.directed(domain, data.header, mine.images, data.split("validation"), pair, pair[::-1] in pairs)
        for pair in pairs
    ]
    return [(test, bench) for test in tests]
