"""Results of rows that make images of latents, as the stages before the figures leave them."""

from __future__ import annotations

import io
import json
import random
from typing import Any

import numpy as np
from PIL import Image

from stages import count_costs
from stages.datasets import avatars
from stages.measuring import walks
from stages.measuring.columns import DRAWS, Column, described
from stages.settings import params, paths
from stages.settings.rows import Params, VariantRow
from stages.storage.prepared import Bytes
from tests import all_tables, judged, laid, paced_rows

COLUMNS = {
    "fid_judge": "min", "kid_judge": "min", "precision_judge": "max", "recall_judge": "max", "tv_marginal": "min",
    "frequency_gap": "min", "w1_traits": "min", "tv_joint": "min", "tv_cells": "min", "coverage": "max",
    "rendered": "max", "redrawn_error": "min", "copies": "min", "nearest_ratio": "", "agreement": "max",
    "l1_teacher": "min",
}  # fmt: skip
SCALES = {"fid_judge": 60.0, "kid_judge": 0.02, "l1_teacher": 0.2, "copies": 0.5}
CATEGORIES = {
    "Hair": {"Black_Hair": 0.4, "Blond_Hair": 0.2, "Brown_Hair": 0.3, "other": 0.1},
    "Male": {"no": 0.55, "yes": 0.45},
    "Mustache": {"no": 0.9, "yes": 0.1},
}
STUDENT = {"widths": [4, 4, 2], "critic_widths": [4, 4, 4]}
IMAGES = 400
KNOWN = ("real draws", "shuffled factors", "one mode dropped", "train images", "blurred draws")


def content() -> dict[str, Any]:
    """The smallest params, with a teacher that makes images of latents and students at several paces."""
    found = judged.content()
    short = {**found["schedules"]["short"], "steps": paced_rows.STEPS}
    found["schedules"]["short"] = short
    found["teachers"] = {
        "faces": {
            **found["teachers"]["large"], "family": "stylegan2", "losses": {}, "play": {},
            "spec": {"widths": [8, 8, 4], "critic_widths": [4, 4, 4], "latent": 4, "mapping_layers": 1, "noise": False},
        }
    }  # fmt: skip
    shared = {"teacher": "faces", "family": "stylegan2", "examination": "synthesis", "problem": "faces", "play": {}}
    teacher = {**found["variants"]["teacher"], **shared}
    plain = {**found["variants"]["plain"], **shared, "student": STUDENT, "seeds": [0, 1], "thesis": "no KD"}
    lesson = {"distill": paced_rows.LEARNT, "generator_lesson": {"match": {"image": "image"}, "weight": 3.0}}
    taught = {
        name: {
            **plain, **lesson, "evidence": paced_rows.EVERY, "thesis": name,
            "pace": {**paced_rows.CONSTANT, "generator": pace}, "generator_pace": settings,
        }
        for name, (pace, settings) in paced_rows.AT.items()
    }  # fmt: skip
    narrow = {**plain, "student": {**STUDENT, "widths": [6, 2, 2]}}
    found["variants"] = {"teacher": teacher, "none": plain, **taught, "narrow-none": narrow}
    found["evaluation"] = {"synthesis": {**found["evaluation"]["translation"], "images": IMAGES, "truncation": 1.0}}
    return found


def skill(name: str, row: VariantRow) -> float:
    """How good a row is made out to be."""
    return 0.9 if row.compression == "none" else 0.4 if row.distill.generator == "none" else 0.5 + 0.02 * len(name)


def report(name: str, row: VariantRow, settings: Params) -> dict[str, Any]:
    """What the examination says of a row."""
    draw, able = random.Random(name), skill(name, row)
    seeds = {}
    for seed in row.seeds:
        overall = {
            column: SCALES.get(column, 0.3) * (1.1 - able) * draw.uniform(0.95, 1.05)
            if better != "max"
            else able * draw.uniform(0.95, 1.0)
            for column, better in COLUMNS.items()
        }
        errors = {column: overall[column] * 0.02 for column in ("rendered", "l1_teacher", "agreement")}
        seeds[str(seed)] = {
            "overall": overall,
            "intervals": {column: [overall[column] * 0.96, overall[column] * 1.04] for column in errors},
            "standard_errors": errors,
            "datasets": {row.dataset: {"overall": overall, "labels": {}}},
        }
    known = {column: SCALES.get(column, 0.3) * 0.02 if better != "max" else 0.98 for column, better in COLUMNS.items()}
    meaning = {name: ("ruler", Column(better, "", name, f"what {name} is")) for name, better in COLUMNS.items()}  # type: ignore[arg-type]
    return {
        "variant": name,
        "headline": "fid_judge",
        "columns": described(meaning),
        "pictured": True,
        "protocol": {
            "shared": {"examination": "synthesis", "extractor": "judge", "truncation": 1.0},
            "datasets": {row.dataset: {"resolution": settings.datasets[row.dataset].resolution, "images": IMAGES}},
        },
        "ceiling": {row.dataset: {}},
        "references": {f"{DRAWS}{column}": value for column, value in known.items()},
        "floors": {"tv_joint": 0.05, "tv_cells": 0.2},
        "known": {row.dataset: faults(known)} if row.compression == "none" else {},
        "marginals": {row.dataset: marginals(draw, able, len(row.seeds))},
        "seeds": seeds,
    }


def faults(real: dict[str, float]) -> dict[str, dict[str, float]]:
    """What rulers say of sets with a known fault: two say so of each."""
    found = {name: dict(real) for name in KNOWN}
    found["shuffled factors"] |= {"tv_joint": 0.4, "tv_cells": 0.6}
    found["one mode dropped"] |= {"coverage": 0.8, "tv_marginal": 0.1}
    found["train images"] |= {"copies": 1.0, "nearest_ratio": 0.0}
    found["blurred draws"] |= {"fid_judge": 40.0, "rendered": 0.3}
    return {
        name: {column: value for column, value in each.items() if column not in ("l1_teacher", "agreement")}
        for name, each in found.items()
    }


def marginals(draw: random.Random, able: float, seeds: int) -> dict[str, Any]:
    """The shares of every value."""

    def off(chances: list[float], much: float) -> list[float]:
        moved = [max(0.0, chance + draw.uniform(-much, much)) for chance in chances]
        return [each / sum(moved) for each in moved]

    return {
        name: {
            "values": list(values),
            "known": (chances := list(values.values())),
            "real": off(chances, 0.01),
            "teacher": off(chances, 0.03),
            "row": [off(chances, 0.3 * (1 - able)) for _ in range(seeds)],
        }
        for name, values in CATEGORIES.items()
    }


def picture(side: int, able: float) -> bytes:
    """Portraits that are greyer the less is able, as `walks` arranges them."""
    count = walks.SHOWN + walks.FRAMES
    source = avatars.source(resolution=side, labels="attributes", train=1, validation=1, test=count, seed=0)
    images: Bytes = np.concatenate([chunk.images for chunk in source.splits["test"]()])
    faded = (images * able + 128 * (1 - able)).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(walks.arranged(faded[: walks.SHOWN], faded[walks.SHOWN :])).save(file, "PNG")
    return file.getvalue()


def choice(name: str, trusted: bool = True) -> dict[str, Any]:
    """What a search leaves: 27 configurations, four picks, and six more trained alone."""
    draw = random.Random(name)
    configurations = []
    for widths in ((a, b, c) for a in (2, 4, 8) for b in (2, 4, 8) for c in (1, 2, 4)):
        macs = 16_000 * widths[0] + 64_000 * widths[1] + 256_000 * widths[2]
        fitness = 200 - 20 * np.log2(macs / 1e5) + draw.uniform(-15, 15)
        configurations.append({"widths": list(widths), "macs": macs, "fitness": round(fitness, 3)})
    budget = 800_000
    within = sorted((c for c in configurations if 0.6 * budget < c["macs"] <= budget), key=lambda c: c["fitness"])
    picks = dict(zip(("best", "uniform", "random1", "random2"), within, strict=False))
    alone = [
        {**{k: c[k] for k in ("widths", "macs")}, "pick": pick, "shared_fitness": c["fitness"],
         "alone_fitness": 0.7 * c["fitness"] + draw.uniform(-10, 10)}
        for pick, c in [*picks.items(), *(("", c) for c in configurations[::4])]
    ]  # fmt: skip
    tau = {"tau": 0.62, "tau_low": 0.21, "tau_high": 0.9} if trusted else {"tau": 0.2, "tau_low": -0.3, "tau_high": 0.6}
    spent = {"wide": 4 * 10**12, "evaluations": 3 * 10**9, "alone": 8 * 10**12}
    return {
        "search": name, "budget_macs": budget, "images": 100, "configurations": configurations, "picks": picks,
        "cost": {"training_macs": sum(spent.values()), **spent}, "alone": alone, **tau, "trusted": trusted,
    }  # fmt: skip


def publish(settings: Params) -> None:
    """All results of these params."""
    for name, row in settings.variants.items():
        for path, held in (
            (paths.samples(name), picture(settings.datasets[row.dataset].resolution, skill(name, row))),
            (paths.quality(name), json.dumps(report(name, row, settings)).encode()),
        ):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(held)
        for seed in row.seeds:
            paced_rows.recorded(name, row, seed, 0.4)
    for name in settings.teachers:
        paths.teacher_curve(name).parent.mkdir(parents=True, exist_ok=True)
        paths.teacher_curve(name).write_text("step\tgenerator/adversarial\n5\t1\n10\t0.8\n")
    paths.CLAIMS.write_text("claims: []\n", encoding="utf-8")
    count_costs.main()
    all_tables.gather()
    latency = {
        "machine": {"cpu": "A", "cores": 2, "torch": "2.13.0", "load_before": 0.1},
        "precision": "float32",
        "networks": {"large": laid.timed(8.0), "small": laid.timed(2.0)},
        "variants": {
            name: "large" if row.compression == "none" else "small" for name, row in settings.variants.items()
        },
    }
    paths.latency().write_text(json.dumps(latency))
    paths.manifest().parent.mkdir(exist_ok=True)
    paths.manifest().write_text("{}")


def lay() -> Params:
    """Params and all their results."""
    judged.save(content())
    settings = params.read()
    publish(settings)
    return settings
