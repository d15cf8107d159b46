"""The exported networks that lie in results/networks, with what their files say of themselves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retort.demo.refusing import DemoError
from stages.findings import comparing, naming
from stages.settings import paths, sweeps
from stages.settings.rows import Params

SHOWN = ("translation", "directions", "synthesis")
"""Examinations whose networks make images; the page has controls for these."""
STRUCTURED = ("labels", "rivals", "latent", "macs", "resolution", "parameters")


@dataclass(frozen=True)
class Network:
    """A file: its bytes, what it says of itself, and the names of its inputs."""

    content: bytes
    about: Mapping[str, Any]
    inputs: tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """A row with its networks by name, and what readers call it."""

    name: str
    called: str
    made: str
    teaches: bool
    taught: bool
    networks: Mapping[str, Network]

    @property
    def about(self) -> Mapping[str, Any]:
        """What all its files say."""
        return next(iter(self.networks.values())).about


def read(file: Path) -> Network:
    """A file of a network."""
    import onnx

    content = file.read_bytes()
    model = onnx.load_model_from_string(content)
    texts = {each.key: each.value for each in model.metadata_props}
    about = {key: json.loads(value) if key in STRUCTURED else value for key, value in texts.items()}
    return Network(content, about, tuple(each.name for each in model.graph.input))


def found(params: Params) -> dict[str, list[Row]]:
    """Of each problem its rows that were exported and make images, the teacher first; as params have them.

    A problem of two data sets is not among them: the page has pictures of one.
    """
    known = sweeps.rows(params)
    problems: dict[str, list[Row]] = {}
    for name, export in params.exports.items():
        files = sorted(paths.exported_networks(name).glob("*.onnx"))
        if export.examination not in SHOWN or not files:
            continue
        if export.partner != export.dataset:
            continue
        row = known[f"{export.source}/{export.point}" if export.point else export.source]
        problems.setdefault(export.problem, []).append(
            Row(
                name=name,
                called=naming.called(row),
                made=naming.made(row),
                teaches=row.compression == naming.NONE,
                taught=comparing.taught(row),
                networks={file.stem: read(file) for file in files},
            )
        )
    if not problems:
        raise DemoError(
            f"there are no exported networks of images in {paths.RESULTS / 'networks'}; `retort repro` makes them"
        )
    for problem, rows in problems.items():
        rows.sort(key=lambda row: not row.teaches)
        if not rows[0].teaches or len(rows) < 2:
            raise DemoError(f"of {problem} a teacher and a student need to be exported; params.yaml names them")
    return problems
