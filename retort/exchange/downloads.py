"""Files from elsewhere: resumed and verified downloads, and archives that cannot write outside their folder."""

from __future__ import annotations

import lzma
import shutil
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.client import HTTPException, HTTPResponse
from pathlib import Path, PurePosixPath
from typing import IO
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from stages.storage.hashing import file_hash

PIECE = 1 << 18
TIMEOUT_SECONDS = 30

# Bytes there are now, and bytes there will be if the server said so.
Report = Callable[[int, int | None], None]
# A file in an archive: its name, and its content opened for reading.
Member = tuple[str, IO[bytes]]

# What zipfile, tarfile and the decompressors below them raise for archives that are damaged, encrypted or not archives.
DAMAGED = (
    *(OSError, EOFError, RuntimeError, ValueError, struct.error, zlib.error, lzma.LZMAError),
    *(zipfile.BadZipFile, tarfile.TarError),
)


class DownloadError(ValueError):
    """A file could not be had, or is not what was promised; the message says what to do."""


def download(url: str, target: Path, sha256_prefix: str, max_bytes: int, report: Report) -> str:
    """Fetch `url` to `target`, continuing an earlier attempt; `target` appears only once its SHA-256 is right."""
    if urlsplit(url).scheme not in ("http", "https"):
        raise DownloadError(f"{url}: only http and https addresses are fetched")
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(target.name + ".partial")
    try:
        _receive(url, partial, max_bytes, report)
        digest = file_hash(partial)
    except HTTPError as error:
        error.close()
        raise DownloadError(f"{url}: the server answered {error.code} {error.reason}") from error
    except (OSError, HTTPException) as error:
        raise DownloadError(f"{url}: {error}; what has arrived is kept in {partial}, run again to continue") from error
    if not digest.startswith(sha256_prefix):
        partial.unlink()
        raise DownloadError(
            f"{url}: SHA-256 {digest[:16]}… does not begin with {sha256_prefix}; the download was deleted, run again"
        )
    partial.replace(target)
    return digest


def _receive(url: str, partial: Path, max_bytes: int, report: Report) -> None:
    have = partial.stat().st_size if partial.exists() else 0
    try:
        response = _ask(url, have)
    except HTTPError as error:
        # 416 says that nothing follows what we have: the hash decides whether that is the whole file.
        if error.code == 416 and have:
            error.close()
            return
        raise
    with closing(response):
        continues = response.status == 206 and response.headers.get("Content-Range", "").startswith(f"bytes {have}-")
        have = have if continues else 0
        length = response.headers.get("Content-Length")
        total = have + int(length) if length else None
        if total is not None and total > max_bytes:
            partial.unlink(missing_ok=True)
            raise DownloadError(f"{url}: {total} bytes are more than the {max_bytes} this file may have")
        with partial.open("ab" if continues else "wb") as file:
            while piece := response.read(PIECE):
                have += len(piece)
                if have > max_bytes:
                    partial.unlink()
                    raise DownloadError(f"{url}: sends more than the {max_bytes} bytes this file may have")
                file.write(piece)
                report(have, total)
    if total is not None and have < total:
        raise DownloadError(f"{url}: the connection ended after {have} of {total} bytes; run again to continue")


def _ask(url: str, have: int) -> HTTPResponse:
    headers = {"User-Agent": "retort", **({"Range": f"bytes={have}-"} if have else {})}
    response: HTTPResponse = urlopen(Request(url, headers=headers), timeout=TIMEOUT_SECONDS)
    return response


def unpack(archive: Path, directory: Path, max_bytes: int, max_files: int, only: str = "") -> int:
    """Extract plain files below `directory`, all or nothing; returns how many. `only` names the one folder wanted.

    Refused: paths that leave the folder, links, devices, more bytes or files than allowed, and replacing what is there.
    """
    partial = directory / f".{archive.name}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir(parents=True)
        with _members(archive) as members:
            wanted = (member for member in members if not only or PurePosixPath(member[0]).parts[:1] == (only,))
            count = _extract(wanted, archive, partial, max_bytes, max_files)
        entries = sorted(partial.iterdir())
        for entry in entries:
            if (directory / entry.name).exists():
                raise DownloadError(f"{archive}: {directory / entry.name} exists already; move it away first")
        for entry in entries:
            entry.rename(directory / entry.name)
    except DownloadError:
        raise
    except DAMAGED as error:
        raise DownloadError(f"{archive}: cannot be unpacked: {error}; nothing was extracted") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return count


def _extract(members: Iterator[Member], archive: Path, directory: Path, max_bytes: int, max_files: int) -> int:
    written, count = 0, 0
    for name, content in members:
        count += 1
        if count > max_files:
            raise DownloadError(f"{archive}: holds more than {max_files} files; nothing was extracted")
        target = directory / _inside(name, archive)
        if target.exists():
            raise DownloadError(f"{archive}: {name!r} occurs twice; nothing was extracted")
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            # The archive's claim about the size may be a lie; what comes out is counted.
            while piece := content.read(PIECE):
                written += len(piece)
                if written > max_bytes:
                    raise DownloadError(f"{archive}: unpacks to more than {max_bytes} bytes; nothing was extracted")
                file.write(piece)
    return count


def _inside(name: str, archive: Path) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or not path.parts or ".." in path.parts or set(name) & set("\\:\0"):
        raise DownloadError(f"{archive}: {name!r} would leave the folder; nothing was extracted")
    return path


@contextmanager
def _members(archive: Path) -> Iterator[Iterator[Member]]:
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as opened:
            yield _zip_members(opened, archive)
    else:
        with tarfile.open(archive) as opened_tar:
            yield _tar_members(opened_tar, archive)


def _zip_members(opened: zipfile.ZipFile, archive: Path) -> Iterator[Member]:
    for entry in opened.infolist():
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise DownloadError(f"{archive}: {entry.filename!r} is a link or a device; nothing was extracted")
        # Not entry.is_dir(), which fails on an empty name.
        if not entry.filename.endswith("/"):
            with opened.open(entry) as content:
                yield entry.filename, content


def _tar_members(opened: tarfile.TarFile, archive: Path) -> Iterator[Member]:
    for entry in opened:
        if entry.isdir():
            continue
        content = opened.extractfile(entry) if entry.isreg() else None
        if content is None:
            raise DownloadError(f"{archive}: {entry.name!r} is a link or a device; nothing was extracted")
        with content:
            yield entry.name, content
