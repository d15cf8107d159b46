"""Sitting down to the tests of a row: what all rows of a test share, then every seed, then the report and a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import torch
from pydantic import Field

from stages.learning import checkpoints, roles
from stages.learning.devices import Place
from stages.measuring import chosen, examination, judging, kept, rulers, strips
from stages.measuring.contracts import Report
from stages.measuring.examination import Test, Translator, WayBack
from stages.measuring.judging import Bench
from stages.measuring.protocols import DIGITS
from stages.settings import members, paths
from stages.settings.rows import VariantRow
from stages.storage import hashing
from stages.storage.prepared import Bytes


class Settings(chosen.Settings):
    """What every examination is told, which features sets are compared in, and how many test images are translated."""

    extractor: rulers.Extractor
    extractor_weights: str = ""
    images: Annotated[int, Field(ge=16, le=1_000_000)]


@dataclass(frozen=True)
class Sitting:
    """One test of a row's problem, ready to be judged."""

    test: Test
    bench: Bench
    references: kept.Arrays
    sanity: kept.Arrays
    teacher: Bytes


def examine(
    name: str, row: VariantRow, tests: Sequence[tuple[Test, Bench]], version: int, place: Place
) -> tuple[Report, bytes]:
    """What is measured of every seed of a row in its tests, and a picture of translated test images."""
    family = members.load("families", row.family)
    sittings = [sit(test, bench, row, place) for test, bench in tests]
    seeds: dict[str, Any] = {}
    picture: list[Bytes] = []
    for seed in row.seeds:
        student = checkpoints.read(paths.student(name, seed))
        found = {}
        for each in sittings:
            translate = examination.network(each.test, family, student.networks, place.device)
            back = examination.way_back(each.test, family, student.networks, place.device)
            found[each.test.name] = judge(each, translate, back)
            if seed == row.seeds[0]:
                picture.append(strips.lines(each.test, translate, row.compression == "none"))
        seeds[str(seed)] = {"training_precision": student.about["precision"], **judging.together(found)}
    return {**surroundings(sittings, version, place), "seeds": seeds}, strips.png(picture)


def sit(test: Test, bench: Bench, row: VariantRow, place: Place) -> Sitting:
    """References and the teacher's images, from scratch if an earlier row of the same data and protocol left them."""
    data = {"data": test.header.sha256, "settings": bench.settings.model_dump(), "asked": test.asked}
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


def judge(sitting: Sitting, translate: Translator, back: WayBack | None) -> dict[str, Any]:
    """Everything measured in one test: overall, by label, and how sure the means are."""
    test, bench = sitting.test, sitting.bench
    taken = judging.take(test, translate, bench, sitting.teacher, back)
    real = torch.from_numpy(sitting.references["real"])
    return {
        "overall": {**judging.means(taken), **judging.distances(real, taken.features, bench)},
        "labels": judging.by_label(test, taken),
        "spread": judging.spread(taken, bench.settings),
    }


def surroundings(sittings: list[Sitting], version: int, place: Place) -> Report:
    """What the numbers of every seed are to be read beside, by test."""
    by_test = {sitting.test.name: sitting for sitting in sittings}
    first = sittings[0].bench
    references = [
        {name: float(value) for name, value in sitting.references.items() if not value.ndim and "/" not in name}
        for sitting in sittings
    ]
    shared = {"version": version, "split": "test", "real": "validation", "precision": place.precision}
    return {
        "columns": first.columns(),
        "protocol": {
            "shared": {**shared, **first.settings.model_dump(include={"extractor", "resamples", "seed"})},
            "datasets": {name: of_data(s.test, s.bench.rulers) for name, s in by_test.items()},
        },
        "ceiling": {name: s.bench.rulers.ceiling for name, s in by_test.items()},
        "references": judging.mean_of_all(references),
        "label_references": {name: by_label(s.references) for name, s in by_test.items()},
        "sanity": {name: {kind: each.tolist() for kind, each in s.sanity.items()} for name, s in by_test.items()},
        "sanity_columns": list(judging.distance_columns(first).values()),
    }


def of_data(test: Test, tools: rulers.Rulers) -> dict[str, Any]:
    """What must be equal for all rows of one test."""
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
