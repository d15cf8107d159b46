"""Arrays that many items need, computed once and kept in scratch under a hash of everything that determines them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from stages.learning import keys
from stages.learning.devices import Place
from stages.settings import paths
from stages.settings.atomic import atomically

Arrays = Mapping[str, np.ndarray[Any, Any]]


def once(place: Place, make: Callable[[], Arrays], **determinants: Any) -> Arrays:  # noqa: ANN401 - what prints as JSON
    """The arrays of an earlier process that had the same determinants and source files, or what `make` returns."""
    file = paths.scratch(keys.key(place, **determinants)) / "arrays.npz"
    if not file.exists():
        arrays = make()
        # Through an open file, since numpy would put its own ending behind the name.
        with atomically(file) as partial, partial.open("wb") as stream:
            np.savez(stream, **arrays)  # type: ignore[arg-type] # takes any name
    with np.load(file, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}
