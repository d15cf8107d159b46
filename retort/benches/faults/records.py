"""Whether what a killed run recorded is true: every recorded file whole, in its place and in the cache."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ruamel.yaml import YAML

from retort.benches.faults import scratch
from retort.verification import recorded

CACHE = Path(".dvc/cache/files/md5")


class Records:
    """The entries of dvc.lock in one folder, each looked at once for every state that it has had."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.seen: dict[str, str] = {}

    def untrue(self) -> Iterator[str]:
        """What is recorded since the last look and is not so."""
        for item, text in scratch.entries(self.folder).items():
            if self.seen.get(item) == text:
                continue
            self.seen[item] = text
            yield from (f"{item}: {each}" for each in self.lost(text))

    def lost(self, text: str) -> Iterator[str]:
        """What an entry promises and is not whole."""
        (entry,) = YAML(typ="safe").load(text).values()
        for out in entry.get("outs", []):
            path, md5 = self.folder / out["path"], str(out["md5"])
            if not path.exists():
                yield f"{out['path']} is recorded and not there"
            elif recorded.digest(path) != md5:
                yield f"{out['path']} is not what is recorded"
            cached = self.folder / CACHE / md5[:2] / md5[2:]
            if cached.is_file() and not md5.endswith(".dir") and recorded.digest(cached) != md5:
                yield f"the cached {out['path']} is not what is recorded"
