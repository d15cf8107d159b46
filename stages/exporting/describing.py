"""What an exported file says of itself: where it comes from, what its inputs and outputs mean, what it costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from typing import Any, cast

from stages.exporting import converting
from stages.exporting.contracts import Outside
from stages.learning import counting
from stages.learning.checkpoints import Checkpoint
from stages.learning.contracts import Family
from stages.settings import members, paths
from stages.settings.rows import ExportRow
from stages.storage import hashing, prepared

OTHERS = "that of the images it was trained on"
"""The licence of a network whose images are not this project's, as far as a program can tell."""


def about(name: str, row: ExportRow, checkpoint: Checkpoint, outside: Outside, precision: str) -> dict[str, Any]:
    """The metadata of one file."""
    header = prepared.read(paths.dataset(row.dataset)).header
    protocol = paths.protocol(row.examination)
    return {
        "row": name,
        "seed": str(row.seed),
        "network": outside.network,
        "teacher": row.teacher,
        "family": row.family,
        "examination": row.examination,
        "problem": row.problem,
        "dataset": row.dataset,
        "resolution": str(checkpoint.spec.resolution),
        **outside.about,
        "spec": asdict(checkpoint.spec),
        "protocol": hashing.file_hash(protocol) if protocol.exists() else "",
        "precision": precision,
        "opset": str(converting.OPSET),
        **{key: str(value) for key, value in costs(checkpoint, outside.network).items()},
        "licence": str(header.notes.get("licence", OTHERS)),
        "project": f"retort {version('retort')}",
    }


def costs(checkpoint: Checkpoint, network: str) -> Mapping[str, int]:
    """Multiply-accumulates of one image and parameters of a network, without its doors."""
    family = cast(Family, members.load("families", checkpoint.family))
    networks, inputs = family.example(asdict(checkpoint.spec))
    made = networks[network]
    return {
        "macs": counting.of_pass(made, inputs[network])["macs"],
        "parameters": sum(each.numel() for each in made.parameters()),
    }
