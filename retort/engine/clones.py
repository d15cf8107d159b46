"""The clone in which a worker elsewhere works: claimed or made, and brought to the driver's commit."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterable
from contextlib import suppress
from itertools import count
from pathlib import Path
from platform import node

import platformdirs
from dvc.lock import Lock, LockError

from retort.engine.orders import Home
from stages.settings import paths

CLONES = "RETORT_CLONES"
"""The environment's name for the folder of clones: in it one of each machine, with clones numbered from 0."""
BORROWED = (paths.RAW, paths.WEIGHTS, paths.scratch(""))
"""Folders that no item declares, which clones that share the driver's cache share too."""


class CloneError(ValueError):
    """A worker cannot have a clone at the driver's commit; the message says why."""


def git(folder: Path, *arguments: str) -> str:
    """What git says in a folder."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL
        )
    except FileNotFoundError:
        raise CloneError("git is not installed") from None
    if done.returncode:
        raise CloneError(f"git {arguments[0]} in {folder}: {done.stderr.strip() or done.returncode}")
    return done.stdout


def place(home: Home) -> Path:
    """The folder of the clones of the driver's project on this machine; a tree is one machine's, as DVC's locks are."""
    whose = hashlib.sha256(f"{home.host}:{home.root}".encode()).hexdigest()[:8]
    told = os.environ.get(CLONES)
    folder = Path(told) if told else Path(platformdirs.user_cache_dir("retort")) / f"{Path(home.root).name}-{whose}"
    return folder / node()


def claimed(folder: Path) -> tuple[Path, Lock]:
    """The first clone in a folder that no other process has, and what holds it until this process ends."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in count():
        lock = Lock(str(folder / f"{number}.lock"))
        with suppress(LockError):
            lock.lock()
            return folder / str(number), lock
    raise AssertionError


def update(clone: Path, home: Home) -> None:
    """Bring a clone to the driver's commit; makes it where there is none."""
    sees = Path(home.mark).exists()
    if not sees and not home.remote:
        raise CloneError(
            f"this worker does not see the driver's tree {home.root}, nor its cache; name a remote: --remote NAME"
        )
    source = home.root if sees else home.origin
    if not source:
        raise CloneError(f"this worker sees neither the driver's tree {home.root} nor an `origin` of it")
    if not (clone / ".git").exists():
        clone.mkdir(parents=True, exist_ok=True)
        git(clone, "init", "--quiet")
    if not has(clone, home.commit):
        git(clone, "fetch", "--quiet", "--no-tags", source, *(["HEAD"] if sees else ["+refs/*:refs/fetched/*"]))
    if not has(clone, home.commit):
        raise CloneError(f"commit {home.commit[:12]} is not in {source}; push it")
    git(clone, "checkout", "--quiet", "--force", "--detach", home.commit)
    if not home.remote:
        borrow(clone, home, BORROWED)


def has(clone: Path, commit: str) -> bool:
    """Whether a clone holds a commit."""
    try:
        git(clone, "cat-file", "-e", f"{commit}^{{commit}}")
    except CloneError:
        return False
    return True


def borrow(clone: Path, home: Home, folders: Iterable[Path]) -> None:
    """Link folders of the driver's tree into a clone."""
    for folder in folders:
        theirs, mine = Path(home.root) / folder, clone / folder
        if theirs.is_dir() and not mine.exists():
            mine.parent.mkdir(parents=True, exist_ok=True)
            mine.symlink_to(theirs, target_is_directory=True)
