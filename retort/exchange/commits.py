"""Which files belong to the project: those of the commit, or where an archive was unpacked, those of BUNDLE.json."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stages.settings import git
from stages.storage.hashing import file_hash

MANIFEST, CONFIG = Path("BUNDLE.json"), Path(".dvc/config.local")
REGULAR = {"100644": False, "100755": True}
SHOWN = 10


class CommitError(ValueError):
    """There is no commit, or the files at hand are not its; says what to do."""


@dataclass(frozen=True)
class Tree:
    """The files of a commit, each with whether it may be executed, and what BUNDLE.json said is old among them."""

    commit: str
    seconds: int
    files: Mapping[str, bool]
    stale: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What archives, and the folder inside them, are called."""
        return f"retort-{self.commit[:12]}"


def sample(lines: list[str]) -> str:
    """The first of many lines, indented."""
    more = [f"… and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
    return "".join(f"\n  {line}" for line in [*lines[:SHOWN], *more])


def tree() -> Tree:
    """The commit that is checked out, or the one that the archive was made from which was unpacked here."""
    prefix = git.said("rev-parse", "--show-prefix")
    if prefix is not None and not prefix.strip():
        return committed()
    if MANIFEST.exists():
        return unpacked()
    raise CommitError(
        f"{Path.cwd()} is neither the root of a git repository nor an unpacked archive with its {MANIFEST}; "
        "which files belong to the project is not known"
    )


def committed() -> Tree:
    """The commit that is checked out, of which nothing may have been changed since."""
    head, status = git.said("log", "-1", "--format=%H %ct"), git.said("status", "--porcelain", "-uno")
    listed = git.said("ls-files", "--stage", "-z")
    if not head or status is None or listed is None:
        raise CommitError("git has no commit here; commit the project first")
    if status:
        changed = [line[3:] for line in status.decode().splitlines()]
        raise CommitError(f"files differ from the last commit; commit them or bring them back:{sample(changed)}")
    files = {}
    for line in listed.decode().split("\0")[:-1]:
        described, _, name = line.partition("\t")
        mode = described.split()[0]
        if mode not in REGULAR:
            raise CommitError(f"{name} is a link or a repository of its own, and an archive holds only files")
        files[name] = REGULAR[mode]
    commit, seconds = head.decode().split()
    own = (MANIFEST.as_posix(), CONFIG.as_posix())
    return Tree(commit, int(seconds), {name: mode for name, mode in files.items() if name not in own})


def unpacked() -> Tree:
    """What BUNDLE.json lists, of which nothing may have been changed since."""
    try:
        told = json.loads(MANIFEST.read_text(encoding="utf-8"))
        digests, executable = told["files"], set(told["executable"])
        found = Tree(
            told["commit"], told["seconds"], {name: name in executable for name in digests}, tuple(told["stale"])
        )
    except (ValueError, KeyError, TypeError) as error:
        raise CommitError(f"{MANIFEST} is damaged ({error!r}); unpack the archive again") from error
    changed = [name for name, digest in digests.items() if not Path(name).is_file() or file_hash(Path(name)) != digest]
    if changed:
        raise CommitError(f"files differ from those that were unpacked; unpack the archive again:{sample(changed)}")
    return found
