"""Arrays that many items need, computed once and kept in scratch under a hash of everything that determines them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from stages.harness.learning import resume
from stages.harness.learning.devices import Place
from stages.harness.settings import paths

Arrays = Mapping[str, np.ndarray[Any, Any]]


def once(place: Place, make: Callable[[], Arrays], **determinants: Any) -> Arrays:  # noqa: ANN401 - what prints as JSON
    """The arrays of an earlier process that had the same determinants and source files, or what `make` returns."""
    file = paths.scratch(resume.key(place, **determinants)) / "arrays.npz"
    if not file.exists():
        _write(file, make())
    with np.load(file, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def _write(file: Path, arrays: Arrays) -> None:
    # Items run side by side, and two of them may come here at once: each has a partial file of its own.
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, partial = tempfile.mkstemp(dir=file.parent, suffix=".partial")
    with os.fdopen(handle, "wb") as stream:
        np.savez(stream, **arrays)  # type: ignore[arg-type] # takes any name
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(partial, file)
