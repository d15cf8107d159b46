"""What tests of the judging need: small data, a judge that has learnt a little, params on disk, networks of chance."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from ruamel.yaml import YAML

from stages import build_judges
from stages.datasets import avatars
from stages.learning import checkpoints, roles
from stages.measuring import judges
from stages.preparing import writing
from stages.settings import members, params, paths, specs, sweeps
from stages.settings.atomic import write_atomically
from stages.settings.rows import JudgeRow, Params
from stages.storage import prepared
from tests import smallest

Content = dict[str, Any]
CPU = torch.device("cpu")
ROW = JudgeRow(dataset="faces", width=8, steps=250, batch=32, learning_rate=0.01, seed=0)


def faces(name: str, exact: bool = True, **settings: Any) -> prepared.Prepared:  # noqa: ANN401 - settings of avatars
    """A data set of avatars in the working directory, with or without exact images."""
    chosen = {"resolution": 32, "labels": "attributes", "validation": 50, "seed": 0, **settings}
    source = avatars.source(**chosen)
    if not exact:
        splits = {split: without(chunks) for split, chunks in source.splits.items()}
        source = replace(source, targets=(), splits=splits)
    writing.write(paths.dataset(name), name, chosen["resolution"], source, {})
    return prepared.read(paths.dataset(name))


def without(chunks: Callable[[], Any]) -> Callable[[], Any]:
    """The same chunks, less what only generated data have."""
    return lambda: (writing.Chunk(chunk.images, chunk.labels) for chunk in chunks())


def judge(data: prepared.Prepared, **changes: Any) -> judges.Described:  # noqa: ANN401 - fields of the row
    """A judge trained for seconds, in its place."""
    torch.set_num_threads(1)
    row = ROW.model_copy(update=changes)
    trained = build_judges.train(data, row, CPU, data.header.name)
    about = {"ceiling": build_judges.ceiling(trained, data, CPU)}
    content = judges.serialise(trained, data.header.labels, row.width, data.header.resolution, about)
    write_atomically(paths.judge(data.header.name), content)
    return judges.read_for(paths.judge(data.header.name), data.header)


def content() -> Content:
    """The smallest params, to be changed."""
    found: Content = params.sections(YAML(typ="safe").load(smallest.TEXT))
    return found


def save(changed: Content) -> Params:
    """The params as the working directory's file, where nothing is claimed; JSON is YAML."""
    paths.PARAMS.write_text(json.dumps(changed), encoding="utf-8")
    paths.CLAIMS.write_text("claims: []\n", encoding="utf-8")
    return params.read(paths.PARAMS)


def networks(settings: Params, seed_offset: int = 0) -> None:
    """Teachers and students with weights of chance, in their places; rows without compression get the teacher's."""
    for name, row in settings.teachers.items():
        spec = specs.of_teacher(row, settings)
        torch.manual_seed(row.seed + seed_offset)
        write(paths.teacher(name), row.family, spec, members.load("families", row.family).build(spec))
    for name, variant in sweeps.rows(settings).items():
        teacher = checkpoints.read(paths.teacher(variant.teacher))
        family = members.load("families", variant.family)
        _, spec = specs.of(variant, settings)
        for seed in variant.seeds:
            torch.manual_seed(1000 + seed + seed_offset)
            made = teacher.networks if variant.compression == "none" else family.build(spec)
            write(paths.student(name, seed), variant.family, spec, roles.kept(family, made))


def write(path: Path, family: str, spec: Any, made: dict[str, torch.nn.Module]) -> None:  # noqa: ANN401
    """Networks whose masks are open, so that they do change their input."""
    gates = [p for network in made.values() for name, p in network.named_parameters() if name == "gate"]
    assert gates or getattr(spec, "output", "") != "gated", f"no gate was opened in {', '.join(made)}"
    for gate in gates:
        torch.nn.init.zeros_(gate)
    write_atomically(path, checkpoints.serialise(family, spec, made, {"precision": "float32"}))
