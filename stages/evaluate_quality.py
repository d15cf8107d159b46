"""Translate the test split with every seed of a row, and measure.

In: data, judges, teacher, students; out: results/quality/<variant>.json and results/samples/<variant>.png.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import torch

from stages.harness import (
    batches,
    checkpoints,
    devices,
    examination,
    judging,
    kept,
    members,
    params,
    paths,
    problems,
    protocols,
    provenance,
    resume,
    rulers,
    strips,
)
from stages.harness.checkpoints import write_atomically
from stages.harness.examination import Test
from stages.harness.prepared import Bytes
from stages.harness.rows import Evaluation, VariantRow

DIGITS = 6


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


def main(name: str) -> None:
    """Judge every seed of the row called `name`."""
    settings = params.load_or_exit()
    row, evaluation = settings.variants[name], settings.evaluation
    # Always float32: what is compared is what was learnt, not how it is rounded.
    place = devices.choose(settings.run.device, "float32")
    family, parts = members.load("families", row.family), problems.parts(settings.teachers[row.teacher])
    headers = [data.header for data, _ in parts]
    tools = [rulers.load(evaluation, header, place.device) for header in headers]
    tests = [
        examination.prepare(domain, data.header, evaluation.images, data.split("validation"))
        for domain, (data, _) in zip(batches.domains(parts, "test"), parts, strict=True)
    ]
    with provenance.timed("evaluate_quality", name, precision=place.precision, device=place.device.type):
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
        write_atomically(paths.samples(name), strips.png(picture))
        content = rounded({"variant": name, **surroundings(sittings, evaluation, place), "seeds": seeds})
        write_atomically(paths.quality(name), f"{json.dumps(content, indent=1)}\n".encode())


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


def rounded(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    """The same report with six significant digits and at most six decimals, so that its bytes are stable."""
    if isinstance(value, float):
        return round(float(f"{value:.{DIGITS}g}"), DIGITS) + 0.0
    if isinstance(value, dict):
        return {key: rounded(each) for key, each in value.items()}
    return [rounded(each) for each in value] if isinstance(value, (list, tuple)) else value


if __name__ == "__main__":
    main(sys.argv[1])
