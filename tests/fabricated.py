"""Results at the smoke scale as the stages before the figures leave them, of networks that are as good as we say."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
from ruamel.yaml import YAML

from stages import count_costs
from stages.datasets import avatars
from stages.measuring import damages
from stages.measuring.strips import IMAGES, png
from stages.settings import members, params, paths
from stages.settings.rows import Params, TeacherRow, VariantRow
from stages.storage.prepared import Bytes
from tests import all_tables, columns_of_rows

ROOT = Path(__file__).resolve().parents[1]
GRAPH = (ROOT / paths.GRAPH).read_text(encoding="utf-8")
FABRICATED = ("translation", "directions")


def smoke() -> str:
    """The smoke scale without rows that are examined otherwise, whose figures have tests of their own; a row a line."""
    whole = params.sections(YAML(typ="safe").load((ROOT / "scales" / "smoke.yaml").read_text(encoding="utf-8")))
    rows = {name: row for name, row in whole.pop("variants").items() if row["examination"] in FABRICATED}
    teachers = {name: whole["teachers"][name] for name in dict.fromkeys(row["teacher"] for row in rows.values())}
    data = dict.fromkeys(each[key] for each in teachers.values() for key in ("dataset", "partner"))
    whole |= {
        "teachers": teachers,
        **{key: {name: whole[key][name] for name in data} for key in ("datasets", "judges")},
    }
    whole |= {key: {} for key in ("sweeps", "wides", "searches", "chosen", "exports") if key in whole}
    head = [f"{key}: {json.dumps(value)}" for key, value in whole.items()]
    return "\n".join([*head, "variants:", *(f"  {name}: {json.dumps(row)}" for name, row in rows.items()), ""])


SMOKE = smoke()


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


def scenes(settings: Params, row: TeacherRow) -> list[tuple[Bytes, Bytes]]:
    """Input and exact images of each direction between two domains."""
    asked, found = settings.datasets[row.dataset], []
    kept = {**asked.settings, "train": 2, "validation": 2, "test": 2 * IMAGES}
    source = members.load("datasets", asked.dataset).source(resolution=asked.resolution, **kept)
    chunks = list(source.splits["test"]())
    images, exact = (np.concatenate([getattr(each, name) for each in chunks]) for name in ("images", "counterfactuals"))
    for place, target in members.load("families", row.family).DIRECTIONS:
        mine = slice(place * IMAGES, (place + 1) * IMAGES)
        found.append((images[mine], exact[mine, target : target + 1]))
    return found


def asked_of(row: VariantRow, teacher: TeacherRow) -> dict[str, list[str]]:
    """The labels that each test of a row asks for: each data set's, or of each direction its target."""
    if row.examination == "directions":
        pairs = members.load("families", row.family).DIRECTIONS
        return {f"{row.dataset} to {teacher.labels[target]}": [teacher.labels[target]] for _, target in pairs}
    return {row.dataset: teacher.labels, **({row.partner: teacher.partner_labels} if teacher.partner_labels else {})}


def strip(images: Bytes, exact: Bytes, skill: float, beside: bool) -> Bytes:
    """What `strips.lines` makes of a translator that goes `skill` of the way."""
    mixed = (images[:, None] * (1 - skill) + exact * skill).astype(np.uint8)
    tiles = [mixed[:, target] for target in range(exact.shape[1])]
    if beside:
        tiles += [images, *(exact[:, target] for target in range(exact.shape[1]))]
    return np.concatenate([np.concatenate(list(tile)) for tile in tiles], axis=1)


def numbers(draw: random.Random, skill: float, columns: dict[str, str]) -> dict[str, float]:
    """A value for every measured column, better where the skill is greater."""
    found = {}
    for name, better in columns.items():
        scale = {"psnr": 30.0, "fid_judge": 20.0, "fid_infinity_judge": 18.0}.get(name, 0.05)
        if better == "max":
            found[name] = (scale if name == "psnr" else 1.0) * (0.5 + 0.5 * skill) * draw.uniform(0.98, 1.0)
        else:
            found[name] = scale * (1.1 - skill) * draw.uniform(0.97, 1.03)
    return found


def report(name: str, row: VariantRow, settings: Params, skill: float) -> dict[str, Any]:
    """A quality report of the form that evaluate_quality writes."""
    teacher = settings.teachers[row.teacher]
    draw = random.Random(name)
    names, directed = asked_of(row, teacher), row.examination == "directions"
    columns = columns_of_rows.DIRECTED if directed else columns_of_rows.TRANSLATED
    seeds = {}
    for seed in row.seeds:
        overall = numbers(draw, skill, columns)
        datasets = {
            data: {"overall": overall, "labels": {label: numbers(draw, skill, columns) for label in labels}}
            for data, labels in names.items()
        }
        seeds[str(seed)] = {
            "overall": overall,
            "intervals": {column: [value * 0.97, value * 1.03] for column, value in overall.items()},
            "standard_errors": {column: value * 0.015 for column, value in overall.items()},
            "datasets": datasets,
        }
    lazy = numbers(random.Random(0), 0.1, columns)
    return {
        "variant": name,
        "columns": columns_of_rows.of(columns),
        "headline": "l1",
        "pictured": True,
        "protocol": {
            "shared": {"examination": row.examination, "extractor": "judge"},
            "datasets": {
                data: {"resolution": settings.datasets[data.split(" ")[0]].resolution, "perceptual_images": 16}
                for data in names
            },
        },
        "ceiling": {data: {} for data in names},
        "sanity": {
            data: damaged(place, modes=not directed) for place, data in enumerate(names) if row.compression == "none"
        },
        "sanity_columns": ["fid_judge", "kid_judge"],
        "references": {f"reference_input_{column}": value for column, value in lazy.items()},
        "label_references": {data: dict.fromkeys(labels, lazy) for data, labels in names.items()},
        "seeds": seeds,
    }


def damaged(place: int, modes: bool = True) -> dict[str, list[list[float]]]:
    """Distances of damaged images; untouched ones score more than nothing, and may score less than it."""
    strengths = dict.fromkeys(("noise", "blur", "tint"), damages.STRENGTHS)
    strengths |= {"dropped": (0.0, 1.0, 2.0, 3.0)} if modes else {}
    return {
        kind: [[each, 1.5 + 100 * each**2 + place, -0.8 + 30 * each + place] for each in values]
        for kind, values in strengths.items()
    }


def curve(path: Path, names: tuple[str, ...], steps: int) -> None:
    """The losses of one training."""
    lines = ["\t".join(("step", *names))]
    for step in range(1, steps + 1):
        lines.append("\t".join([str(step), *(str(5 / (place + step)) for place in range(1, len(names) + 1))]))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


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
    settings = params.read()
    losses = ("discriminator/real", "discriminator/classification", "generator/cycle", "generator/classification")
    for name, teacher in settings.teachers.items():
        curve(paths.teacher_curve(name), losses, settings.schedules[teacher.schedule].steps)
    able = skills(settings)
    drawing = {row.teacher: scenes if row.examination == "directions" else people for row in settings.variants.values()}
    pictures = {name: draw(settings, settings.teachers[name]) for name, draw in drawing.items()}
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
    paths.CLAIMS.write_text("claims: []\n", encoding="utf-8")
    count_costs.main()
    all_tables.gather()
    return settings
