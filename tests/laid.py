"""Results made by hand for the tables: three problems, of several seeds, of one, and without exact images."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

from ruamel.yaml import YAML

from stages.findings import conflicts, factors, gathering, lengths, tables
from stages.settings import params, paths
from stages.settings.rows import Params
from tests import columns_of_rows, smallest, stated

Content = dict[str, Any]
HOSTILE = r"<script>alert(1)</script> & 100 % of $x_1$ #2 {a} ~b^c \d | `e` *f* [g](h)"
L1 = {
    "teacher": [0.020],
    "plain": [0.040, 0.041, 0.039],
    "taught": [0.030, 0.031, 0.029],
    "taught_too": [0.0302, 0.0312, 0.0292],
    "lone-none": [0.5],
    "lone-taught": [0.4],
    "real-none": [],
    "real-taught": [],
}


def parsed() -> Content:
    """The smallest params, as YAML holds them."""
    return params.sections(YAML(typ="safe").load(smallest.TEXT))


def student(kd: str, seeds: list[int], problem: str, thesis: str) -> Content:
    """A row as YAML holds it."""
    lesson = {} if kd == "none" else {"generator_lesson": {"match": {"image": "image"}, "weight": 10.0}}
    return {
        **parsed()["variants"]["plain"],
        "distill": {"generator": kd, "discriminator": "none"},
        **lesson,
        "seeds": seeds,
        "problem": problem,
        "thesis": thesis,
    }


@cache
def settings() -> Params:
    """Three problems: several seeds, one seed, no exact images."""
    content = parsed()
    teacher = content["variants"]["teacher"]
    content["variants"] = {
        "teacher": {**teacher, "problem": "set1"},
        "plain": student("none", [0, 1, 2], "set1", "no KD"),
        "taught": student("euclidean", [0, 1, 2], "set1", "FR"),
        "taught_too": student("euclidean", [0, 1, 2], "set1", HOSTILE),
        "lone-none": student("none", [0], "set2", ""),
        "lone-taught": student("euclidean", [0], "set2", ""),
        "real-none": student("none", [0], "real_world", ""),
        "real-taught": student("euclidean", [0], "real_world", "OUT\nSIDE"),
    }
    return Params.model_validate(content)


def line(rows: Params, name: str, seed: int) -> dict[str, object]:
    """A line of results.csv."""
    row, errors = rows.variants[name], L1[name]
    found: dict[str, object] = dict.fromkeys(columns_of_rows.of_all())
    if errors:
        exact = {"l1": errors[seed], "reference_input_l1": 0.05, "perfect_l1": 0.0}
        exact |= {"perfect_accuracy_target": 0.99, "lpips_judge_truth": 2 * errors[seed], "perfect_fid_judge": 0.2}
        found |= exact
    found |= {"fid_judge": 12.0 + seed, "kid_judge": -0.00002, "accuracy_target": 0.9, "reference_input_fid_judge": 0.1}
    return {"variant": name, "seed": seed, "problem": row.problem, **found}


def costs_of(scale: int) -> dict[str, Any]:
    counted = {"parameters": 1000 * scale, "macs": 2_000_000 * scale, "macs_output_rule": 3_000_000 * scale}
    counted |= {"bytes": 4000 * scale, "activations": 7}
    networks = {"generator": counted}
    return {
        "resolution": 16,
        "networks": networks,
        "kept": counted,
        "roles": {"generator": ["generator"], "discriminator": ["discriminator"]},
        "published": {"resolution": 128, "networks": networks},
    }


def training(macs: int) -> dict[str, int]:
    """What one training costs; the teacher's passes are half of it."""
    return {"macs": macs, "forward": macs // 8, "backward": 3 * macs // 8, "teacher": macs // 2}


def timed(latency: float) -> dict[str, Any]:
    one = {"device": "cpu", "threads": 1, "batch": 1, "latency_ms": latency, "speed_up": 8.0 / latency}
    return {"times": [{**one, "batch": 16, "latency_ms": 99.0}, {**one, "threads": 2, "latency_ms": 98.0}, one]}


def lay_for_the_page(rows: Params) -> None:
    """The least that the page needs beside: nothing was drawn, no training left a curve, no picture was kept."""
    for name, row in rows.variants.items():
        seeds: dict[str, Any] = {str(seed): {"overall": {}, "datasets": {}} for seed in row.seeds}
        paths.quality(name).parent.mkdir(exist_ok=True)
        paths.quality(name).write_text(json.dumps({"pictured": False, "protocol": {"datasets": {}}, "seeds": seeds}))
    paths.training_curves().write_text(tables.text(["kind", "name", "seed", "step"], []))
    paths.manifest().parent.mkdir(exist_ok=True)
    paths.manifest().write_text("{}")


def lay(rows: Params) -> None:
    """Results as the stages before leave them, in the current directory; `real-taught` was never timed."""
    lines = [line(rows, name, seed) for name, row in rows.variants.items() for seed in row.seeds]
    compared = [
        {
            "variant": name,
            "control": control,
            "metric": metric,
            "verdict": verdict,
            "difference": difference,
            "low": low,
            "high": high,
        }
        for name, control, metric, verdict, difference, low, high in (
            ("taught", "plain", "l1", "better", -0.01, -0.012, -0.008),
            ("taught_too", "plain", "l1", "no evidence", -0.0098, -0.02, 0.001),
            ("lone-taught", "lone-none", "l1", "single seed", -0.1, None, None),
            ("real-taught", "real-none", "fid_judge", "single seed", 0.0, None, None),
        )
    ]
    latency = {
        "machine": {"cpu": "A & B_C", "cores": 2, "torch": "2.13.0", "load_before": 0.1},
        "precision": "float32",
        "networks": {"teacher": timed(8.0), "plain": timed(2.0)},
        "variants": {name: "teacher" if name == "teacher" else "plain" for name in L1 if name != "real-taught"},
    }
    counted = {
        name: {
            "teacher": "large",
            **costs_of(8 if name == "teacher" else 1),
            "training": training(0 if name == "teacher" else 8 * 10**9),
        }
        for name in L1
    }
    with paths.PARAMS.open("w") as file:
        YAML().dump(rows.model_dump(), file)
    paths.RESULTS.mkdir(exist_ok=True)
    paths.results().write_text(tables.text(list(lines[0]), lines))
    judged = {"set1": ("translation", "l1"), "set2": ("translation", "l1"), "real_world": ("translation", "fid_judge")}
    paths.dictionary().write_text(json.dumps(columns_of_rows.dictionary(judged)))
    paths.comparisons().write_text(tables.text(list(compared[0]), compared))
    nothing = {paths.additions(): gathering.ADDITION, paths.paces(): gathering.PACE, paths.picks(): gathering.CHOICE}
    measured = gathering.MEASURED
    nothing |= {factors.TABLE: factors.columns(measured), lengths.TABLE: lengths.columns(measured)}
    for path, columns in {**nothing, paths.evidence(): conflicts.COLUMNS}.items():
        path.write_text(tables.text(columns, []))
    stated.lay(stated.line("Set 1: teaching helps.", "holds", "taught plain", "set1", headline=True))
    paths.costs().write_text(json.dumps({"teachers": {"large": costs_of(8)}, "variants": counted}))
    lay_for_the_page(rows)
    paths.latency().write_text(json.dumps(latency))


def markdown_tables(text: str) -> list[list[str]]:
    return [block.splitlines() for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)]
