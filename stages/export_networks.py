"""Write the networks of a row as files that run elsewhere, and hold them against the networks of the benchmark.

In: data, protocol, one seed's checkpoint; out: results/networks/<row>/, float32 files that stay in git, and
results/exports/<row>.json: how they, and those of less precision, differ from what the benchmark saw. Over the whole
test, at one question at once and at several; files of less precision at several alone.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, cast

import numpy as np

from stages.exporting import halving, making, quantising, running, sources
from stages.exporting.comparing import Compared
from stages.exporting.contracts import Array, Question, Unexportable
from stages.exporting.making import Made, Precision
from stages.learning import checkpoints, devices
from stages.learning.checkpoints import Checkpoint
from stages.measuring import protocols
from stages.settings import members, params, paths, provenance
from stages.settings.atomic import write_atomically
from stages.settings.rows import ExportRow, Params

BATCHES: dict[Precision, tuple[int, ...]] = {"float32": (1, 4), "float16": (4,), "int8": (4,)}
DIGITS, MOST_LEVELS = 6, 1


def main(name: str) -> None:
    """Export the row called `name`."""
    settings = params.read()
    row = settings.exports[name]
    devices.choose("cpu", "float32")
    with provenance.timed("export_networks", name):
        protocols.read(row.examination, settings)
        checkpoint = checkpoints.read(source(row))
        made = making.made(name, row, checkpoint, settings)
        files, refused = in_all_precisions(made, settings)
        report = described(name, row, made, files) | measured(row, checkpoint, files, refused, settings)
        for network, content in files["float32"].items():
            write_atomically(paths.exported_networks(name) / f"{network}.onnx", content)
        write_atomically(paths.exported(name), f"{json.dumps(report, indent=1, ensure_ascii=False)}\n".encode())


def source(row: ExportRow) -> Path:
    """The checkpoint of a row."""
    return paths.student(sources.variant(row), row.seed)


def in_all_precisions(made: list[Made], settings: Params) -> tuple[dict[Precision, dict[str, bytes]], dict[str, str]]:
    """The files of each precision by network, and why there are none of one."""
    files: dict[Precision, dict[str, bytes]] = {}
    refused: dict[str, str] = {}
    for precision in making.PRECISIONS:
        try:
            files[precision] = {each.outside.network: making.in_precision(each, precision, settings) for each in made}
        except Unexportable as why:
            refused[precision] = str(why)
    return files, refused


def described(name: str, row: ExportRow, made: list[Made], files: dict[Precision, dict[str, bytes]]) -> dict[str, Any]:
    """What was exported."""
    networks = {}
    for each in made:
        graph, network = each.float32.graph, each.outside.network
        half, whole = halving.inside(each.float32), quantising.inner(each.float32)
        networks[network] = {
            "file": f"{network}.onnx",
            "bytes": len(files["float32"][network]),
            "inputs": [given.name for given in graph.input],
            "output": graph.output[0].name,
            "nodes": len(graph.node),
            "float16_nodes": len(half),
            "float32_in_float16": list(halving.stays(each.float32)),
            "int8_convolutions": len(whole),
            "convolutions": sum(node.op_type == "Conv" for node in graph.node),
        }
    about = {"row": name, "source": row.source, "point": row.point, "seed": row.seed, "examination": row.examination}
    return {**about, "networks": networks}


def measured(
    row: ExportRow,
    checkpoint: Checkpoint,
    files: dict[Precision, dict[str, bytes]],
    refused: dict[str, str],
    settings: Params,
) -> dict[str, Any]:
    """How the files of each precision compare with the network, over the whole test."""
    export = making.member(row)
    sessions = {precision: {n: running.session(c) for n, c in each.items()} for precision, each in files.items()}
    seen = {(precision, batch): Compared() for precision in files for batch in BATCHES[precision]}
    original, asked, against = Compared(), 0, "network"
    more: dict[str, dict[str, list[tuple[int, float]]]] = {}
    for question in export.questions(row, checkpoint.networks, settings):
        exact, count = truth(question), len(question.original)
        asked += count
        if exact is not None:
            against = "truth"
            original.err(question.network, errors(question.original, exact))
        for (precision, batch), compared in seen.items():
            answers = running.answers(sessions[precision][question.network], question.inputs, batch)
            compared.differ(answers, question.original, export.LEVELS)
            compared.err(question.network, errors(answers, question.original if exact is None else exact))
            if question.exact is not None:
                for key, value in export.more(answers, question.exact).items():
                    more.setdefault(precision, {}).setdefault(key, []).append((count, value))
        if question.exact is not None:
            for key, value in export.more(question.original, question.exact).items():
                more.setdefault("original", {}).setdefault(key, []).append((count, value))
    report: dict[str, Any] = {"questions": asked, "l1_against": against, "original": averaged(more.get("original", {}))}
    if original.errors:
        report["original"]["l1"] = rounded(original.error)
    for precision in making.PRECISIONS:
        mine = {batch: each for (kind, batch), each in seen.items() if kind == precision}
        report[precision] = {"refused": refused[precision]} if precision in refused else summary(mine)
        if mine:
            report[precision]["bytes"] = sum(map(len, files[precision].values()))
            report[precision] |= averaged(more.get(precision, {}))
    demand(report["float32"])
    return report


def truth(question: Question) -> Array | None:
    """The exact images, where answers are images."""
    return question.exact if question.exact is not None and question.exact.ndim == 4 else None


def errors(mine: Array, other: Array) -> Array:
    """The mean absolute error of each answer, levels from 0 to 1."""
    if mine.ndim != 4:
        return cast(Array, np.abs(mine - other).mean(axis=1))
    pixels = members.load("metrics", "pixels")
    return cast(Array, pixels.l1(pixels.levels(mine), pixels.levels(other)).numpy())


def summary(mine: dict[int, Compared]) -> dict[str, Any]:
    """What a precision's file is like at its batches together; the error is that of the last."""
    return {
        "levels": max(each.largest for each in mine.values()),
        "equal": rounded(min(each.share for each in mine.values())),
        "l1": rounded(list(mine.values())[-1].error),
        "batches": list(mine),
    }


def averaged(parts: dict[str, list[tuple[int, float]]]) -> dict[str, float]:
    """Numbers of parts of the test as those of the whole."""
    return {
        key: rounded(sum(count * value for count, value in each) / sum(count for count, _ in each))
        for key, each in parts.items()
    }


def rounded(value: float) -> float:
    """At most six decimals."""
    return round(value, DIGITS)


def demand(found: dict[str, Any]) -> None:
    """Refuse a float32 file that is not the network."""
    if found["levels"] > MOST_LEVELS:
        raise ValueError(f"the exported network differs from its own by {found['levels']} levels; {MOST_LEVELS} may be")


if __name__ == "__main__":
    main(sys.argv[1])
