"""Translating the test split with every seed of a row: against exact images, the judge's eyes, and sets of images."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Any

import torch

from stages.harness.learning import batches, checkpoints, devices, problems, resume
from stages.harness.measuring import examination, judging, kept, protocols, rulers, strips
from stages.harness.measuring.examination import Test
from stages.harness.settings import members, params, paths
from stages.harness.settings.rows import Evaluation, VariantRow
from stages.harness.splits.prepared import Bytes


@dataclass(frozen=True)
class Sitting:
    """One data set of a row's problem, ready to be judged."""

    test: Test
    rulers: rulers.Rulers
    references: kept.Arrays
    sanity: kept.Arrays
    teacher: Bytes


def sit(
    test: Test, tools: rulers.Rulers, row: VariantRow, family: ModuleType, settings: Evaluation, place: devices.Place
) -> Sitting:
    """References and the teacher's images, from scratch if an earlier row of the same data and protocol left them."""
    asked = {"data": test.header.sha256, "labels": test.domain.names, "settings": settings.model_dump()}

    def paint() -> kept.Arrays:
        generator = checkpoints.load(paths.teacher(row.teacher)).networks["generator"]
        translate = examination.network(test, family, generator, place.device)
        return {"images": examination.perceptual_images(test, translate, settings.batch)}

    def refer() -> kept.Arrays:
        return judging.references(test, tools, settings, place.device)

    def damage() -> kept.Arrays:
        return judging.sanity(test, tools, settings, place.device)

    references = kept.once(place, refer, what="references", rulers=tools.sha256, **asked)
    sanity = {}
    if row.compression == "none":
        sanity = dict(kept.once(place, damage, what="sanity", rulers=tools.sha256, **{**asked, "labels": ()}))
    teacher = kept.once(place, paint, what="teacher", file=resume.file_hash(paths.teacher(row.teacher)), **asked)
    return Sitting(test, tools, references, sanity, teacher["images"])


def judge(sitting: Sitting, translate: examination.Translator, settings: Evaluation, device: torch.device) -> Any:  # noqa: ANN401
    """Everything measured on one data set: overall, by label, and how sure the means are."""
    test, tools = sitting.test, sitting.rulers
    taken = judging.take(test, translate, tools, settings, sitting.teacher, device)
    real = torch.from_numpy(sitting.references["real"])
    sets = judging.distances(real, taken.features, tools.suffix, settings)
    return {
        "overall": {**judging.means(taken), **sets},
        "labels": judging.by_label(test, taken),
        "spread": judging.spread(taken, settings),
    }


def examine(
    name: str, row: VariantRow, settings: params.Params, place: devices.Place
) -> tuple[dict[str, Any], bytes | None]:
    """What is measured of every seed of a row, and a picture of translated test images."""
    evaluation = settings.evaluation
    family, parts = members.load("families", row.family), problems.parts(settings.teachers[row.teacher])
    headers = [data.header for data, _ in parts]
    tools = [rulers.load(evaluation, header, place.device) for header in headers]
    tests = [
        examination.prepare(domain, data.header, evaluation.images, data.split("validation"))
        for domain, (data, _) in zip(batches.domains(parts, "test"), parts, strict=True)
    ]
    sittings = [sit(t, r, row, family, evaluation, place) for t, r in zip(tests, tools, strict=True)]
    seeds: dict[str, Any] = {}
    picture: list[Bytes] = []
    for seed in row.seeds:
        student = checkpoints.load(paths.student(name, seed))
        generator = student.networks["generator"]
        translators = [examination.network(test, family, generator, place.device) for test in tests]
        pairs = list(zip(sittings, translators, strict=True))
        seeds[str(seed)] = {
            "training_precision": student.about["precision"],
            **judging.together({s.test.header.name: judge(s, t, evaluation, place.device) for s, t in pairs}),
        }
        picture = picture or [strips.lines(s.test, t, row.compression == "none") for s, t in pairs]
    return {**surroundings(sittings, evaluation, place), "seeds": seeds}, strips.png(picture)


def surroundings(sittings: list[Sitting], settings: Evaluation, place: devices.Place) -> dict[str, Any]:
    """What the numbers of every seed are to be read beside, by data set."""
    by_data = {sitting.test.header.name: sitting for sitting in sittings}
    references = [
        {name: float(value) for name, value in sitting.references.items() if not value.ndim and "/" not in name}
        for sitting in sittings
    ]
    return {
        "protocol": {
            "shared": protocols.shared(settings, place),
            "datasets": {name: protocols.of_data(s.test, s.rulers) for name, s in by_data.items()},
        },
        "ceiling": {name: s.rulers.ceiling for name, s in by_data.items()},
        "references": judging.mean_of_all(references),
        "label_references": {name: by_label(s.references) for name, s in by_data.items()},
        "sanity": {name: {kind: each.tolist() for kind, each in s.sanity.items()} for name, s in by_data.items()},
    }


def by_label(references: kept.Arrays) -> dict[str, dict[str, float]]:
    """What returning the input scores on each label."""
    found: dict[str, dict[str, float]] = {}
    for name, value in references.items():
        if "/" in name:
            _, label, column = name.split("/")
            found.setdefault(label, {})[column] = float(value)
    return found
