"""The names of scratch folders: hashes of everything that determines what is kept there."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch

from stages.learning.devices import Place
from stages.settings import members
from stages.storage import hashing


def source_hash() -> str:
    """SHA-256 of every module of this project that is loaded: the code that determines a run."""
    files = {
        name: module.__file__
        for name, module in sys.modules.items()
        if name.startswith("stages.") and getattr(module, "__file__", None)
    }
    return hashlib.sha256(
        "".join(f"{n}{hashing.file_hash(Path(f))}" for n, f in sorted(files.items()) if f).encode()
    ).hexdigest()


SHARED = ("settings", "storage", "learning", "blocks")
"""The rooms that every training uses."""


def code(named: Iterable[tuple[str, str]]) -> str:
    """SHA-256 of the code of a training: the rooms that all share, and the members (axis, name) that it uses.

    Given as `source`, it makes a key that does not depend on what else a process has loaded.
    """
    places = [members.PACKAGE / room for room in SHARED] + [members.location(axis, name) for axis, name in named]
    files = {file for place in places for file in ([place] if place.suffix else place.rglob("*.py"))}
    listed = (f"{file.relative_to(members.PACKAGE).as_posix()}{hashing.file_hash(file)}" for file in sorted(files))
    return hashing.digest("".join(listed))


def key(place: Place, **determinants: Any) -> str:  # noqa: ANN401 - anything that prints as JSON
    """The name of a run's scratch folder."""
    environment = {
        "torch": torch.__version__,
        "device": place.device.type,
        "precision": place.precision,
        "world": place.world,
        "source": source_hash(),
    }
    text = json.dumps({**environment, **determinants}, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:24]
