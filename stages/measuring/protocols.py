"""What a measured number depends on beside the network: numbers may stand in one table only if this is equal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from stages.settings import members, paths
from stages.settings.rows import Params
from stages.storage import hashing

DIGITS = 16
METRICS, DATASETS, DRAWING = (members.PACKAGE / name for name in ("metrics", "datasets", "drawing"))

Protocol = dict[str, Any]


class ProtocolError(ValueError):
    """A protocol is missing or of other code; the message says what to do."""


def established(examination: str, settings: Params) -> Protocol:
    """The settings of an examination, and of every metric that it names the beginning of the SHA-256 of its file.

    Of programs that draw given factors the hash covers all that they draw with.
    """
    chosen = dict(settings.evaluation[examination])
    metrics: Mapping[str, Any] = chosen.pop("metrics")
    programs = {name: program_hash(name) for name in chosen.get("programs", [])}
    return {
        "examination": examination,
        "settings": chosen,
        "metrics": {
            name: {"settings": given, "sha256": hashing.file_hash(METRICS / f"{name}.py")[:DIGITS]}
            for name, given in metrics.items()
        },
        **({"programs": programs} if programs else {}),
    }


def program_hash(name: str) -> str:
    """The beginning of the SHA-256 of a data set's file and of everything in the room for drawing."""
    files = [DATASETS / f"{name}.py", *sorted(DRAWING.glob("*.py"))]
    return hashing.digest("".join(f"{file.name}{hashing.file_hash(file)}" for file in files))[:DIGITS]


def read(examination: str, settings: Params) -> Protocol:
    """What `establish_protocols` wrote of an examination, refused where params or code are others by now."""
    path, remedy = paths.protocol(examination), f"run `python -m stages.establish_protocols {examination}`"
    try:
        found: Protocol = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ProtocolError(f"{path} does not exist; {remedy}") from None
    if found != established(examination, settings):
        raise ProtocolError(f"{path} is of other settings or metrics than are here now; {remedy}")
    return found
