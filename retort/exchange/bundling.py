"""What an archive of the project holds: every file of the commit and, on request, every object that dvc.lock refers to.

It unpacks without git: BUNDLE.json stands for the commit, and .dvc/config.local tells DVC that there is none and where
the objects are, so that figures are rendered again and `dvc pull` restores weights and data.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from retort.engine import graph
from retort.exchange import archives
from retort.exchange.commits import CONFIG, MANIFEST, Tree, sample, tree
from retort.verification import recorded
from retort.verification.recorded import Finding
from stages.settings import paths
from stages.storage.hashing import file_hash

REMOTE = Path("dvc_remote")
FOLDER = Path("dist")
NO_GIT = "[core]\n    no_scm = true\n"
WITH_REMOTE = f"{NO_GIT}    remote = bundle\n['remote \"bundle\"']\n    url = ../{REMOTE}\n"


class BundleError(ValueError):
    """What is here cannot be packed; says why and what to do."""


@dataclass(frozen=True)
class Bundle:
    """An archive to be written."""

    tree: Tree
    entries: tuple[archives.Entry, ...]
    objects: int

    def write(self, target: Path) -> None:
        """Write it; what is there already stays."""
        if not archives.kind_of(target):
            raise BundleError(f"{target}: an archive's name ends in {', '.join(archives.KINDS)}")
        if target.exists():
            raise BundleError(f"{target} exists already; remove it or name another file")
        try:
            archives.write(target, self.entries, self.tree.seconds)
        except OSError as error:
            raise BundleError(f"{target} cannot be written: {error}") from error


def prepare(weights: bool, stale: bool) -> Bundle:
    """Everything that goes into an archive, checked; `stale` accepts results that are older than code or params."""
    found = tree()
    if not paths.LOCK.exists():
        raise BundleError(f"there are no results here: {paths.LOCK} is missing; `retort repro` makes it, then commit")
    lock = recorded.parsed(paths.LOCK.read_bytes())
    absent = list(uncommitted(found, lock))
    if absent:
        raise BundleError(f"the commit does not hold everything that {paths.LOCK} speaks of:{sample(absent)}")
    old = sorted({*found.stale, *(f"{each.where} {each.what}" for each in findings(lock))})
    if old and not stale:
        raise BundleError(
            f"the results are not those of this commit; `retort repro` brings them up to date, --stale packs them as "
            f"they are:{sample(old)}"
        )
    kept = objects(lock) if weights else {}
    config = WITH_REMOTE if weights else NO_GIT
    return Bundle(found, tuple(entries(found, old, kept, config)), len(kept))


def uncommitted(found: Tree, lock: Mapping[str, Any]) -> Iterator[str]:
    """The files which items read or made that are neither in the commit nor in DVC's cache."""
    cached = cached_outs(lock)
    in_lock = {each["path"] for entry in lock.values() for kind in ("deps", "outs") for each in entry.get(kind, [])}
    for path in sorted(in_lock - cached.keys()):
        if any(out.startswith(f"{path}/") for out in cached):
            continue
        on_disk = [each for each in Path(path).rglob("*") if each.is_file()] if Path(path).is_dir() else [Path(path)]
        for file in on_disk or [Path(path)]:
            if file.as_posix() not in found.files and "__pycache__" not in file.parts:
                yield f"{file.as_posix()} {'was not committed' if file.exists() else 'is missing'}"


def findings(lock: dict[str, Any]) -> Iterator[Finding]:
    """In what the results are not those of the code and params at hand."""
    checks = (recorded.check_items, recorded.check_params, recorded.check_deps, recorded.check_outs)
    return chain.from_iterable(check(lock) for check in checks)


def cached_outs(lock: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Path -> (item, hash) of what DVC keeps, as git doesn't."""
    in_git = {stage: kept for stage, (_, kept) in recorded.declared().items()}
    made = recorded.outs(dict(lock))
    return {path: out for path, out in made.items() if not in_git.get(graph.stage_of(out[0]), False)}


def objects(lock: Mapping[str, Any]) -> dict[str, Path]:
    """The files of DVC's cache that dvc.lock refers to, by their place in a cache or remote."""
    with graph.opened() as repo:
        cache = Path(repo.cache.local.path)
    kept: dict[str, Path] = {}
    missing: list[str] = []
    for path, (item, wanted) in cached_outs(lock).items():
        for name, digest in named(path, wanted, cache):
            file = cache / digest[:2] / digest[2:]
            if not file.is_file():
                missing.append(f"{name} of {item} (object {digest})")
            elif recorded.digest(file) != digest.removesuffix(".dir"):
                missing.append(f"{name} of {item} (object {digest} is damaged: {file})")
            kept[f"files/md5/{digest[:2]}/{digest[2:]}"] = file
    if missing:
        raise BundleError(
            f"DVC's cache lacks what {paths.LOCK} refers to; `dvc pull` fetches it from a remote, `retort repro` makes "
            f"it, and without --weights it is not needed:{sample(missing)}"
        )
    return kept


def named(path: str, digest: str, cache: Path) -> Iterator[tuple[str, str]]:
    """An out and, if it is a folder whose list is at hand, the files in it, each with its hash."""
    yield path, digest
    listed = cache / digest[:2] / digest[2:]
    if digest.endswith(".dir") and listed.is_file():
        for each in json.loads(listed.read_text(encoding="utf-8")):
            yield f"{path}/{each['relpath']}", each["md5"]


def entries(found: Tree, old: list[str], kept: Mapping[str, Path], config: str) -> Iterator[archives.Entry]:
    """The files of an archive: those of the commit, the objects, and the two that speak of the archive itself."""
    for name, executable in found.files.items():
        yield archives.Entry(f"{found.name}/{name}", Path(name).read_bytes, executable)
    for place, file in kept.items():
        yield archives.Entry(f"{found.name}/{REMOTE.as_posix()}/{place}", file.read_bytes)
    told = {
        "commit": found.commit,
        "seconds": found.seconds,
        "stale": old,
        "executable": sorted(name for name, executable in found.files.items() if executable),
        "files": {name: file_hash(Path(name)) for name in sorted(found.files)},
    }
    manifest = (json.dumps(told, indent=1, ensure_ascii=False) + "\n").encode()
    yield archives.Entry(f"{found.name}/{MANIFEST.as_posix()}", lambda: manifest)
    yield archives.Entry(f"{found.name}/{CONFIG.as_posix()}", config.encode)
