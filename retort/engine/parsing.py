"""Params files, parsed once for each state they are in: DVC parses them some eight times for every item."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from dvc.dependency import param


class Parsed:
    """What was read of each file, as long as the file stays what it was."""

    def __init__(self, load: Callable[..., Any]) -> None:
        self.load = load
        self.known: dict[str, tuple[tuple[int, ...], Any]] = {}

    def __call__(self, path: str, fs: Any, **settings: Any) -> Any:  # noqa: ANN401 - DVC's
        """The content of a file of this machine."""
        if fs.protocol != "local" or settings:
            return self.load(path, fs, **settings)
        status = os.stat(path)
        state = (status.st_mtime_ns, status.st_size, status.st_ino)
        if path not in self.known or self.known[path][0] != state:
            self.known[path] = state, self.load(path, fs)
        return self.known[path][1]


@contextmanager
def parsed_once(parsed: Parsed) -> Iterator[None]:
    """DVC's params dependencies read through this."""
    before, param.load_path = param.load_path, parsed
    try:
        yield
    finally:
        param.load_path = before
