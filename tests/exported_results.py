"""Exports made by hand, as the stages before tables and figures leave them: files, proof, and times."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from stages.findings import exports
from stages.learning import roles
from stages.settings import members, paths
from stages.settings.rows import ExportRow, Params
from stages.timing.runtimes import FLOAT16, FLOAT32, INT8, OUTSIDE, TORCH

SMALLER = {FLOAT32: 1.0, FLOAT16: 2.0, INT8: 3.2}
FURTHEST = {FLOAT32: 1.0, FLOAT16: 3.0, INT8: 40.0}
EQUAL = {FLOAT32: 0.9998, FLOAT16: 0.97, INT8: 0.31}
WORSE = {FLOAT32: 1.0, FLOAT16: 1.001, INT8: 1.2}
SLOWER = {(TORCH, FLOAT32): 2.0, (OUTSIDE, FLOAT32): 1.0, (OUTSIDE, FLOAT16): 1.25, (OUTSIDE, INT8): 0.8}
TEACHER = {"speed_up": 1.0, "mac_ratio": 1.0}
STUDENT = {"speed_up": 2.5, "mac_ratio": 4.0, "share": 0.625}
PROMISED = {"real_world": "network"}
"""Problems without exact images."""


def row_of(settings: Params, variant: str) -> dict[str, Any]:
    """The row of `exports` of a row that is trained."""
    row = settings.variants[variant]
    shared = ("teacher", "family", "dataset", "partner", "examination", "problem")
    return {**{key: getattr(row, key) for key in shared}, "source": variant, "seed": row.seeds[0]}


def proof(name: str, row: ExportRow, networks: tuple[str, ...], size: int, error: float) -> dict[str, Any]:
    """What the export of a row says of itself."""
    told = {
        precision: {
            "levels": FURTHEST[precision],
            "equal": EQUAL[precision],
            "bytes": round(size / SMALLER[precision]),
            "l1": error * WORSE[precision],
        }
        for precision in SMALLER
    }
    return {
        "row": name,
        "source": row.source,
        "point": row.point,
        "seed": row.seed,
        "networks": {network: {"bytes": size} for network in networks},
        "l1_against": PROMISED.get(row.problem, exports.TRUTH),
        "original": {} if row.problem in PROMISED else {"l1": error},
        **told,
    }


def times(milliseconds: float, ratios: Mapping[str, float]) -> dict[str, dict[str, dict[str, float]]]:
    """What a network takes in each runtime and precision."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    for (runtime, precision), slower in SLOWER.items():
        taken = milliseconds * slower
        found.setdefault(runtime, {})[precision] = {
            "rounds": 50,
            "latency_ms": taken,
            "latency_ms_q1": taken * 0.98,
            "latency_ms_q3": taken * 1.05,
            "times_float32": 1 / slower,
            **ratios,
        }
    return found


def lay(settings: Params) -> None:
    """Files, proof and times of every row of `exports`; students are a quarter as large and 2.5 times as fast."""
    latency = json.loads(paths.latency().read_text(encoding="utf-8"))
    latency["exports"] = {}
    for place, (name, row) in enumerate(settings.exports.items()):
        teacher = exports.trained(settings)[name].compression == "none"
        error = 0.002 if row.problem in PROMISED else (0.02 if teacher else 0.03) + 0.001 * place
        kept = roles.names(members.load("families", row.family), "generator")
        told = proof(name, row, kept, 816_000 if teacher else 204_000, error)
        for path, content in (
            (paths.exported(name), json.dumps(told).encode()),
            *((paths.exported_networks(name) / f"{network}.onnx", b"onnx") for network in kept),
        ):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        latency["exports"][name] = {kept[0]: times(1.0, TEACHER) if teacher else times(0.4, STUDENT)}
    paths.latency().write_text(json.dumps(latency), encoding="utf-8")
