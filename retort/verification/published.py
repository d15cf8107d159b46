"""Where published results are read from: the last commit, a folder, an archive, or a lone results.csv."""

from __future__ import annotations

import tarfile
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from stages.settings import git, paths

TABLE = paths.results().name


class SourceError(ValueError):
    """What was named holds no results; says what was looked for."""


@dataclass(frozen=True)
class Source:
    """Files by name, which are those of a repository or only those of its results."""

    name: str
    fetch: Callable[[str], bytes | None]
    only_results: bool = False

    def read(self, path: Path) -> bytes | None:
        """The file at a path of the repository, or nothing."""
        if not self.only_results:
            return self.fetch(path.as_posix())
        inside = path.is_relative_to(paths.RESULTS)
        return self.fetch(path.relative_to(paths.RESULTS).as_posix()) if inside else None


def content(path: Path) -> bytes | None:
    """A file's bytes, if there is one."""
    return path.read_bytes() if path.is_file() else None


def working() -> Source:
    """The files on disk."""
    return Source("the working tree", lambda name: content(Path(name)))


def last_commit() -> Source | None:
    """The commit that is checked out; nothing outside git, before the first commit, or below another repository."""
    prefix, head = git.said("rev-parse", "--show-prefix"), git.said("rev-parse", "--short", "HEAD")
    if prefix is None or prefix.strip() or head is None:
        return None
    return Source(f"commit {head.decode().strip()}", lambda name: git.said("show", f"HEAD:{name}"))


def given(place: Path) -> Source:
    """A repository's folder or its results folder, a zip or tar archive of either, or a results.csv."""
    if not place.exists():
        raise SourceError(f"{place} does not exist; name a folder, an archive or a {TABLE}")
    if place.is_dir():
        return folder(place)
    try:
        return of_file(place)
    except SourceError:
        raise
    # Readers of archives raise nearly anything where one is damaged.
    except Exception as error:
        raise SourceError(f"{place} is damaged and cannot be read ({error or type(error).__name__})") from None


def of_file(place: Path) -> Source:
    """An archive, or a results.csv."""
    if zipfile.is_zipfile(place):
        with zipfile.ZipFile(place) as archive:
            return packed(place, {name: archive.read(name) for name in needed(archive.namelist())})
    if tarfile.is_tarfile(place):
        with tarfile.open(place) as archive:
            members = {each.name: each for each in archive.getmembers() if each.isfile()}
            streams = {name: archive.extractfile(members[name]) for name in needed(members)}
            return packed(place, {name: stream.read() for name, stream in streams.items() if stream})
    if place.suffix == ".csv":
        return Source(str(place), {TABLE: place.read_bytes()}.get, only_results=True)
    raise SourceError(f"{place} is no folder, no zip or tar archive and no .csv file")


def folder(place: Path) -> Source:
    """Files below a folder."""
    for table, only_results in ((paths.results(), False), (Path(TABLE), True)):
        if (place / table).is_file():
            return Source(str(place), lambda name: content(place / name), only_results)
    raise SourceError(f"{place} holds neither {paths.results()} nor {TABLE}")


def needed(names: Iterable[str]) -> list[str]:
    """The members of an archive that a comparison reads."""
    return [name for name in names if PurePosixPath(name).suffix in (".csv", ".json", ".lock", ".yaml")]


def packed(place: Path, files: dict[str, bytes]) -> Source:
    """Files of an archive, below whichever folder in it the results are."""
    for table, only_results in ((paths.results().as_posix(), False), (TABLE, True)):
        roots = [name.removesuffix(table) for name in files if f"/{name}".endswith(f"/{table}")]
        if roots:
            root = min(roots, key=len)
            below = {name.removeprefix(root): each for name, each in files.items() if name.startswith(root)}
            return Source(str(place), below.get, only_results)
    raise SourceError(f"{place} holds no {paths.results()}")
