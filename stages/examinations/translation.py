"""Translating the test split with every seed of a row: against exact images, the judge's eyes, and sets of images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import torch
from pydantic import Field

from stages.learning import checkpoints, problems, roles
from stages.learning.devices import Place
from stages.measuring import chosen, examination, judging, kept, rulers, strips
from stages.measuring.contracts import Report
from stages.measuring.examination import Test, Translator
from stages.measuring.judging import Bench
from stages.measuring.protocols import DIGITS
from stages.settings import members, paths
from stages.settings.rows import Params, VariantRow
from stages.storage import hashing
from stages.storage.prepared import Bytes

OFFERS = ("pairs", "answers", "perceptual", "sets")
# The exact error; where there are no exact images, the Fréchet distance.
HEADLINE = ("l1", "fid", "fid_judge")
# To be raised when a change elsewhere than in the metrics moves numbers.
VERSION = 2


class Settings(chosen.Settings):
    """What every examination is told, which features sets are compared in, and how many test images are translated."""

    extractor: rulers.Extractor
    extractor_weights: str = ""
    images: Annotated[int, Field(ge=16, le=1_000_000)]


@dataclass(frozen=True)
class Sitting:
    """One data set of a row's problem, ready to be judged."""

    test: Test
    bench: Bench
    references: kept.Arrays
    sanity: kept.Arrays
    teacher: Bytes


def examine(name: str, row: VariantRow, settings: Params, place: Place) -> tuple[Report, bytes | None]:
    """What is measured of every seed of a row, and a picture of translated test images."""
    family = members.load("families", row.family)
    sittings = [sit(test, bench, row, place) for test, bench in prepare(row, settings, place)]
    seeds: dict[str, Any] = {}
    picture: list[Bytes] = []
    for seed in row.seeds:
        student = checkpoints.read(paths.student(name, seed))
        translators = [examination.network(s.test, family, student.networks, place.device) for s in sittings]
        pairs = list(zip(sittings, translators, strict=True))
        seeds[str(seed)] = {
            "training_precision": student.about["precision"],
            **judging.together({s.test.header.name: judge(s, translate) for s, translate in pairs}),
        }
        picture = picture or [strips.lines(s.test, t, row.compression == "none") for s, t in pairs]
    return {**surroundings(sittings, place), "seeds": seeds}, strips.png(picture)


def prepare(row: VariantRow, settings: Params, place: Place) -> list[tuple[Test, Bench]]:
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


def sit(test: Test, bench: Bench, row: VariantRow, place: Place) -> Sitting:
    """References and the teacher's images, from scratch if an earlier row of the same data and protocol left them."""
    data = {"data": test.header.sha256, "settings": bench.settings.model_dump()}
    labels, tools = test.domain.names, bench.rulers.sha256

    def paint() -> kept.Arrays:
        family = members.load("families", row.family)
        networks = roles.kept(family, checkpoints.read(paths.teacher(row.teacher)).networks)
        translate = examination.network(test, family, networks, place.device)
        return {"images": examination.perceptual_images(test, translate, bench.settings.batch)}

    def refer() -> kept.Arrays:
        return judging.references(test, bench)

    def damage() -> kept.Arrays:
        return judging.sanity(test, bench)

    references = kept.once(place, refer, what="references", rulers=tools, labels=labels, **data)
    sanity: kept.Arrays = {}
    if row.compression == "none":
        sanity = kept.once(place, damage, what="sanity", rulers=tools, **data)
    file = hashing.file_hash(paths.teacher(row.teacher))
    teacher = kept.once(place, paint, what="teacher", file=file, labels=labels, **data)
    return Sitting(test, bench, references, sanity, teacher["images"])


def judge(sitting: Sitting, translate: Translator) -> dict[str, Any]:
    """Everything measured on one data set: overall, by label, and how sure the means are."""
    test, bench = sitting.test, sitting.bench
    taken = judging.take(test, translate, bench, sitting.teacher)
    real = torch.from_numpy(sitting.references["real"])
    return {
        "overall": {**judging.means(taken), **judging.distances(real, taken.features, bench)},
        "labels": judging.by_label(test, taken),
        "spread": judging.spread(taken, bench.settings),
    }


def surroundings(sittings: list[Sitting], place: Place) -> Report:
    """What the numbers of every seed are to be read beside, by data set."""
    by_data = {sitting.test.header.name: sitting for sitting in sittings}
    first = sittings[0].bench
    references = [
        {name: float(value) for name, value in sitting.references.items() if not value.ndim and "/" not in name}
        for sitting in sittings
    ]
    shared = {"version": VERSION, "split": "test", "real": "validation", "precision": place.precision}
    return {
        "columns": first.columns(),
        "protocol": {
            "shared": {**shared, **first.settings.model_dump(include={"extractor", "resamples", "seed"})},
            "datasets": {name: of_data(s.test, s.bench.rulers) for name, s in by_data.items()},
        },
        "ceiling": {name: s.bench.rulers.ceiling for name, s in by_data.items()},
        "references": judging.mean_of_all(references),
        "label_references": {name: by_label(s.references) for name, s in by_data.items()},
        "sanity": {name: {kind: each.tolist() for kind, each in s.sanity.items()} for name, s in by_data.items()},
        "sanity_columns": list(judging.distance_columns(first).values()),
    }


def of_data(test: Test, tools: rulers.Rulers) -> dict[str, Any]:
    """What must be equal for all rows of one data set."""
    return {
        "data": test.header.sha256[:DIGITS],
        "resolution": test.header.resolution,
        "images": len(test.images),
        "real_images": len(test.real),
        "perceptual_images": test.perceptual,
        **{name: digest[:DIGITS] for name, digest in tools.sha256.items()},
    }


def by_label(references: kept.Arrays) -> dict[str, dict[str, float]]:
    """What returning the input scores on each label."""
    found: dict[str, dict[str, float]] = {}
    for name, value in references.items():
        if "/" in name:
            _, label, column = name.split("/")
            found.setdefault(label, {})[column] = float(value)
    return found
