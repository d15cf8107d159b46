"""Figures: every one is listed, the same bytes twice, no text on top of text, and no colour where there is no evidence."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from stages import count_costs, gather_results
from stages.datasets import avatars
from stages.harness import examination, params, paths, tables
from stages.harness.prepared import Bytes
from stages.harness.rows import Params, TeacherRow, VariantRow
from stages.harness.strips import IMAGES, png

ROOT = Path(__file__).resolve().parents[1]


def people(settings: Params, row: TeacherRow) -> list[tuple[Bytes, Bytes]]:
    """Input and exact images, label by label, of each data set of a problem."""
    found = []
    for data, labels in ((row.dataset, row.labels), (row.partner, row.partner_labels)):
        if not labels:
            continue
        asked = settings.datasets[data]
        kept = {**asked.settings, "train": IMAGES, "validation": IMAGES, "test": IMAGES}
        source = avatars.source(resolution=asked.resolution, **kept)
        chunk = next(source.splits["test"]())
        assert chunk.counterfactuals is not None
        found.append((chunk.images, chunk.counterfactuals[:, [source.targets.index(name) for name in labels]]))
    return found


def strip(images: Bytes, exact: Bytes, skill: float, beside: bool) -> Bytes:
    """What `strips.lines` makes of a translator that goes `skill` of the way."""
    mixed = (images[:, None] * (1 - skill) + exact * skill).astype(np.uint8)
    tiles = [mixed[:, target] for target in range(exact.shape[1])]
    if beside:
        tiles += [images, *(exact[:, target] for target in range(exact.shape[1]))]
    return np.concatenate([np.concatenate(list(tile)) for tile in tiles], axis=1)


def numbers(settings: Params, draw: random.Random, skill: float) -> dict[str, float]:
    """A value for every measured column, better where the skill is greater."""
    found = {}
    for name in tables.measured(settings.evaluation.extractor, settings.evaluation.lpips):
        if name.startswith(("reference_", "perfect_")) or name.endswith(("_low", "_high")):
            continue
        scale = {"psnr": 30.0, "fid_judge": 20.0, "fid_infinity_judge": 18.0}.get(name, 0.05)
        if tables.described(name).better == "max":
            found[name] = (scale if name == "psnr" else 1.0) * (0.5 + 0.5 * skill) * draw.uniform(0.98, 1.0)
        else:
            found[name] = scale * (1.1 - skill) * draw.uniform(0.97, 1.03)
    return found


def report(name: str, row: VariantRow, settings: Params, skill: float) -> dict[str, Any]:
    """A quality report of the form that evaluate_quality writes."""
    teacher = settings.teachers[row.teacher]
    draw = random.Random(name)
    names = {row.dataset: teacher.labels, **({row.partner: teacher.partner_labels} if teacher.partner_labels else {})}
    seeds = {}
    for seed in row.seeds:
        overall = numbers(settings, draw, skill)
        datasets = {
            data: {"overall": overall, "labels": {label: numbers(settings, draw, skill) for label in labels}}
            for data, labels in names.items()
        }
        seeds[str(seed)] = {
            "overall": overall,
            "intervals": {column: [value * 0.97, value * 1.03] for column, value in overall.items()},
            "standard_errors": {column: value * 0.015 for column, value in overall.items()},
            "datasets": datasets,
        }
    lazy = numbers(settings, random.Random(0), 0.1)
    return {
        "variant": name,
        "protocol": {
            "shared": {"version": 1, "extractor": "judge"},
            "datasets": {
                data: {"resolution": settings.datasets[data].resolution, "perceptual_images": 16} for data in names
            },
        },
        "ceiling": {data: {} for data in names},
        "references": {f"reference_input_{column}": value for column, value in lazy.items()},
        "seeds": seeds,
    }


def curve(path: Path, names: tuple[str, ...], steps: int) -> None:
    """The losses of one training."""
    lines = ["\t".join(("step", *names))]
    lines += ["\t".join(str(v) for v in (step, *(5 / (k + step) for k in range(1, len(names) + 1)))) for step in range(1, steps + 1)]  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines[: 1 if steps == 0 else None]) + "\n", encoding="utf-8")


def skills(settings: Params) -> dict[str, float]:
    """How good each row is made out to be."""
    found = {}
    for name, row in settings.variants.items():
        taught = (row.distill.generator != "none") + 0.1 * (row.distill.discriminator != "none")
        matched = len(row.generator_lesson.get("match", {}))
        found[name] = 0.75 if row.compression == "none" else 0.35 + 0.18 * taught + 0.03 * matched
    return found


def fabricate() -> Params:
    """Results of the params of the current directory, as all stages before the figures leave them."""
    settings = params.load()
    losses = ("discriminator/real", "discriminator/classification", "generator/cycle", "generator/classification")
    for name, teacher in settings.teachers.items():
        curve(paths.teacher_curve(name), losses, settings.schedules[teacher.schedule].steps)
    able = skills(settings)
    pictures = {name: people(settings, teacher) for name, teacher in settings.teachers.items()}
    for name, row in settings.variants.items():
        for seed in row.seeds:
            lesson = ("generator/euclidean_res5",) if row.distill.generator == "euclidean" else ()
            curve(paths.student_curve(name, seed), (*losses, *lesson), settings.schedules[row.schedule].steps)
        beside = row.compression == "none"
        picture = png([strip(images, exact, able[name], beside) for images, exact in pictures[row.teacher]])
        for path, content in (
            (paths.samples(name), picture),
            (paths.quality(name), json.dumps(report(name, row, settings, able[name])).encode()),
        ):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    count_costs.main()
    gather_results.main()
    return settings
