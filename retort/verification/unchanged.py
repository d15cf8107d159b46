"""Whether a file is the one that dvc.lock says was made, found in its text: nothing of DVC is imported for that."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

from stages.settings import paths


class ChangedError(ValueError):
    """A file is not what was made; the message says so, and what makes it again."""


def digest(path: Path) -> str:
    """The hash that DVC gives a file, or a folder."""
    if path.is_dir():
        files = (each for each in path.rglob("*") if each.is_file() and "__pycache__" not in each.parts)
        listed = [{"md5": digest(each), "relpath": each.relative_to(path).as_posix()} for each in files]
        listed.sort(key=lambda entry: entry["relpath"])
        return hashlib.md5(json.dumps(listed, sort_keys=True).encode(), usedforsecurity=False).hexdigest() + ".dir"
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def made(path: Path) -> tuple[str, str] | None:
    """The item that made a file or folder, and its hash as that was; nothing where no item has."""
    text = paths.LOCK.read_text(encoding="utf-8", errors="replace") if paths.LOCK.is_file() else ""
    wanted = re.compile(rf"^ *- path: {re.escape(path.as_posix())}\n(?: +(?!- ).*\n)*? +md5: (\S+)", re.MULTILINE)
    for entry in re.split(r"^(?=  \S)", text, flags=re.MULTILINE):
        found = wanted.search(entry.partition("\n    outs:\n")[2])
        if found:
            return entry.partition(":\n")[0].strip(), found[1]
    return None


def hold(path: Path) -> None:
    """Refuse a file that an item made, alone or in a folder of its own, and that has changed since."""
    for place in (path, path.parent):
        known = made(place)
        if known is not None and digest(place) != known[1]:
            item, _ = known
            again = f"`retort repro {item}` makes it again, `git checkout` brings back what git keeps"
            raise ChangedError(f"{path} is damaged, or was changed after {item} made it; {again}")
