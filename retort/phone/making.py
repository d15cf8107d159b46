"""The files of a row for phones: from its weights to bytes that say what they are, and what they do here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, cast

from retort.exporting.choosing import Choice
from retort.phone import lowering, trying
from retort.phone.lowering import Lowered
from retort.phone.trying import Tried
from stages.exporting.contracts import Export, Outside
from stages.learning import checkpoints
from stages.learning.checkpoints import Checkpoint
from stages.settings import members
from stages.settings.rows import Params


def about(chosen: Choice, checkpoint: Checkpoint, outside: Outside) -> dict[str, Any]:
    """What a file says of itself: where it comes from, and its inputs in the order in which it wants them."""
    row, given = chosen.row, lowering.alone(outside.inputs)
    return {
        "row": chosen.name,
        "seed": row.seed,
        "network": outside.network,
        "family": row.family,
        "examination": row.examination,
        "problem": row.problem,
        "dataset": row.dataset,
        "resolution": checkpoint.spec.resolution,
        **outside.about,
        "inputs": {
            name: [kind(each.dtype), list(each.shape)] for name, each in zip(outside.inputs, given, strict=True)
        },
        "output": outside.output,
        "spec": asdict(checkpoint.spec),
    }


def kind(dtype: Any) -> str:  # noqa: ANN401 - torch's
    """A type's name alone."""
    return str(dtype).removeprefix("torch.")


def made(chosen: Choice, settings: Params) -> Iterator[tuple[str, Lowered, Tried]]:
    """Every network of a row: its name, its file, and what was found."""
    member = cast(Export, members.load("exports", chosen.row.examination))
    checkpoint = checkpoints.read(chosen.weights)
    asked = list(member.questions(chosen.row, checkpoint.networks, settings))
    for outside in member.outside(chosen.row, checkpoint, settings):
        file = lowering.lowered(outside, about(chosen, checkpoint, outside))
        questions = [each for each in asked if each.network == outside.network]
        found = trying.tried(chosen.name, chosen.row.seed, outside, file, questions, member.LEVELS)
        yield outside.network, file, found
