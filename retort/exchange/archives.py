"""Archives that depend on their content alone: sorted entries, one time, no owner, two modes.

Equal bytes also need the same compressor: the very same file is promised for one build of zlib, equal entries for all.
"""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from stages.settings.atomic import atomically

KINDS = (".tar.gz", ".tgz", ".zip")
LEVEL = 6
# Zip knows no earlier time.
EARLIEST = int(datetime(1980, 1, 1, tzinfo=UTC).timestamp())


@dataclass(frozen=True)
class Entry:
    """A file of an archive, read when its turn comes."""

    name: str
    read: Callable[[], bytes]
    executable: bool = False

    @property
    def mode(self) -> int:
        """Its permissions."""
        return 0o755 if self.executable else 0o644


def kind_of(target: Path) -> str:
    """The kind of archive that a name asks for, or nothing."""
    return next((kind for kind in KINDS if target.name.endswith(kind)), "")


def write(target: Path, entries: Iterable[Entry], seconds: int) -> None:
    """Write entries, all of one time, beside the final name, then rename; a failure leaves nothing behind."""
    pack = _zip if kind_of(target) == ".zip" else _tar
    with atomically(target) as partial:
        pack(partial, sorted(entries, key=lambda entry: entry.name), max(seconds, EARLIEST))


def _tar(file: Path, entries: list[Entry], seconds: int) -> None:
    with (
        file.open("wb") as raw,
        gzip.GzipFile("", "wb", LEVEL, raw, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for entry in entries:
            content = entry.read()
            member = tarfile.TarInfo(entry.name)
            member.size, member.mtime, member.mode = len(content), seconds, entry.mode
            archive.addfile(member, io.BytesIO(content))


def _zip(file: Path, entries: list[Entry], seconds: int) -> None:
    moment = datetime.fromtimestamp(seconds, UTC).timetuple()[:6]
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL) as archive:
        for entry in entries:
            member = zipfile.ZipInfo(entry.name, moment)
            member.create_system, member.external_attr = 3, (0o100000 | entry.mode) << 16
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, entry.read())
