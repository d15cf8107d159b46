"""Whether what trainings left in scratch is whole: what a disk has damaged is put out of the way, and made again.

A state that a training saved is an archive, which carries a checksum of each of its members. What a training finished
has none of its own, so its checksums are noted beside it once its item is recorded.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

from stages.learning.leases import LEASE
from stages.settings import paths
from stages.settings.atomic import write_atomically
from stages.storage import hashing

STATE, SEAL = "state.pt", "checksums.json"


def seal(item: str) -> None:
    """Note the checksums of what the trainings of an item finished here."""
    for lease in paths.scratch("").glob(f"*/{LEASE}"):
        if lease.read_text(encoding="utf-8").startswith(f"{item} "):
            sums = {file.name: hashing.file_hash(file) for file in finished(lease.parent)}
            noted = {"lease": lease.read_text(encoding="utf-8"), "sums": sums}
            write_atomically(lease.with_name(SEAL), json.dumps(noted, indent=1).encode())


def finished(folder: Path) -> Iterator[Path]:
    """What a training has finished, and nothing that changes while it goes on."""
    for file in sorted(folder.iterdir()):
        if file.is_file() and file.name not in (LEASE, SEAL, STATE) and file.suffix != ".partial":
            yield file


def put_aside() -> list[str]:
    """Remove what is damaged, so that it is made again; a sentence about each."""
    told = []
    for folder in sorted(each for each in paths.scratch("").glob("*") if each.is_dir()):
        for file in damaged(folder):
            file.unlink()
            told.append(f"{file} was damaged and is removed; its training begins again")
    return told


def damaged(folder: Path) -> list[Path]:
    """The files of one scratch folder that do not hold what was written."""
    state, found = folder / STATE, []
    if state.is_file() and not whole(state):
        found.append(state)
    sums = noted(folder / SEAL)
    if sums is not None:
        found += [file for file in finished(folder) if sums.get(file.name, "") != hashing.file_hash(file)]
    return found


def noted(file: Path) -> dict[str, str] | None:
    """The checksums of what was finished; nothing where there are none, or somebody has worked there since.

    Where they cannot be read, all is doubtful.
    """
    if not file.is_file():
        return None
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        lease, sums = content["lease"], dict(content["sums"])
    except (ValueError, KeyError, TypeError):
        return {}
    now = file.with_name(LEASE)
    return sums if now.is_file() and now.read_text(encoding="utf-8") == lease else None


def whole(state: Path) -> bool:
    """Whether every member of an archive has the bytes that were written."""
    try:
        with zipfile.ZipFile(state) as archive:
            return archive.testzip() is None
    # zipfile raises nearly anything where an archive is damaged.
    except Exception:
        return False
