"""What an archive of the project holds: every file of the commit and, on request, every object that dvc.lock refers to.

It unpacks without git: BUNDLE.json stands for the commit, and .dvc/config.local tells DVC that there is none and where
the objects are, so that figures are rendered again and `dvc pull` restores weights and data.

An archive of what was exported is another: networks and readers as files that run elsewhere, what they cost, their
cards and terms, for whoever wants to use a network and not to train one.
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
EXPORTED = tuple(f"{folder}/" for folder in ("results/networks", "results/readers", "results/exports"))
"""Where files that run elsewhere stand, and how they compare with what they came from."""
BESIDE = (f"{paths.cards()}/", "LICENSE", "LICENSES/", "CITATION.cff")
"""What goes with them: what they are for, and the terms."""
NETWORK = ".onnx"
NO_GIT = "[core]\n    no_scm = true\n"
WITH_REMOTE = f"{NO_GIT}    remote = bundle\n['remote \"bundle\"']\n    url = ../{REMOTE}\n"


class BundleError(ValueError):
    """What is here cannot be packed; says why and what to do."""


@dataclass(frozen=True)
class Bundle:
    """An archive to be written."""

    name: str
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
    found, lock, old = current(stale)
    kept = objects(lock) if weights else {}
    config = WITH_REMOTE if weights else NO_GIT
    return Bundle(found.name, found, tuple(entries(found, old, kept, config)), len(kept))


def exports(stale: bool) -> Bundle:
    """What was exported, checked as the whole is."""
    found, _, old = current(stale)
    chosen = {name: mode for name, mode in found.files.items() if name.startswith((*EXPORTED, *BESIDE))}
    if not any(name.startswith(EXPORTED) and name.endswith(NETWORK) for name in chosen):
        raise BundleError(
            f"the commit holds no exported network; name rows in `exports` of {paths.PARAMS}, `retort repro` makes "
            "their files, then commit"
        )
    name = f"{found.name}-exports"
    made = [*packed(name, chosen), manifest(name, found, chosen, old)]
    return Bundle(name, found, tuple(made), 0)


def current(stale: bool) -> tuple[Tree, dict[str, Any], list[str]]:
    """The commit, what dvc.lock holds, and in what results are older, which is refused unless `stale`."""
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
    return found, lock, old


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
    yield from packed(found.name, found.files)
    for place, file in kept.items():
        yield archives.Entry(f"{found.name}/{REMOTE.as_posix()}/{place}", file.read_bytes)
    yield manifest(found.name, found, found.files, old)
    yield archives.Entry(f"{found.name}/{CONFIG.as_posix()}", config.encode)


def packed(root: str, files: Mapping[str, bool]) -> Iterator[archives.Entry]:
    """Files of the commit below the folder that an archive unpacks to."""
    for name, executable in files.items():
        yield archives.Entry(f"{root}/{name}", Path(name).read_bytes, executable)


def manifest(root: str, found: Tree, files: Mapping[str, bool], old: list[str]) -> archives.Entry:
    """Of which commit an archive is, what in it is old, and the hash of each of its files."""
    told = {
        "commit": found.commit,
        "seconds": found.seconds,
        "stale": old,
        "executable": sorted(name for name, executable in files.items() if executable),
        "files": {name: file_hash(Path(name)) for name in sorted(files)},
    }
    text = (json.dumps(told, indent=1, ensure_ascii=False) + "\n").encode()
    return archives.Entry(f"{root}/{MANIFEST.as_posix()}", lambda: text)
