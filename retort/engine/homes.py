"""The driver's tree, as workers elsewhere have to know it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from platform import node

from dvc.exceptions import DvcException
from dvc.repo import Repo

from retort.engine.clones import CloneError, git
from retort.engine.graph import Graph, GraphError, opened
from retort.engine.orders import Home
from retort.engine.tree import Tree
from stages.settings import paths

NAMED = 5


@contextmanager
def near(remote: str) -> Iterator[Home]:
    """For workers in this very tree; what a remote knows of finished runs is taken from there."""
    url = ""
    if remote:
        with opened() as repo:
            url = url_of(repo, remote)
    yield Home(uuid.uuid4().hex, str(Path.cwd()), node(), remote=remote, remote_url=url)


def url_of(repo: Repo, remote: str) -> str:
    """Where a remote of DVC is."""
    remotes = repo.config["remote"]
    if remote not in remotes:
        raise GraphError(f"DVC knows no remote {remote!r}; `dvc remote add {remote} URL` makes one")
    url = str(remotes[remote]["url"])
    if url.startswith("http"):
        raise GraphError(f"remote {remote} is {url}: DVC keeps no record of runs in an HTTP remote; name another kind")
    return url


@contextmanager
def far(remote: str) -> Iterator[Home]:
    """For workers with clones of their own: what they must clone is committed, and a mark tells who sees this tree."""
    with opened() as repo:
        try:
            changed = uncommitted(repo)
            commit = git(Path.cwd(), "rev-parse", "HEAD").strip()
            known = git(Path.cwd(), "remote").split()
            origin = git(Path.cwd(), "remote", "get-url", "origin").strip() if "origin" in known else ""
        except CloneError as error:
            raise GraphError(f"workers elsewhere clone this tree: {error}") from None
        if changed:
            more = f" and {len(changed) - NAMED} more" if len(changed) > NAMED else ""
            raise GraphError(
                f"workers elsewhere clone the commit, and these differ from it: {', '.join(changed[:NAMED])}{more}; "
                "commit them, or run without --scheduler and --queue"
            )
        url = url_of(repo, remote) if remote else ""
        cache = str(repo.cache.local_cache_dir)
    paths.scratch("").mkdir(parents=True, exist_ok=True)
    home = Home(uuid.uuid4().hex, str(Path.cwd()), node(), True, commit, origin, cache, remote, url)
    mark = Path(home.mark)
    mark.touch()
    try:
        yield home
    finally:
        mark.unlink(missing_ok=True)


def offer(graph: Graph, pending: Mapping[str, list[str]], entries: Mapping[str, str], tree: Tree) -> None:
    """Let workers elsewhere have what the items before the pending ones have made."""
    elsewhere = pending.keys() - graph.here - graph.alone
    for item in {each for one in elsewhere for each in graph.needs[one] if each not in pending and each in entries}:
        tree.believe(item, entries[item])
        try:
            tree.send(item)
        except (DvcException, OSError) as error:
            raise GraphError(f"workers elsewhere need what {item} has made: {error}") from None


def uncommitted(repo: Repo) -> list[str]:
    """Files whose content determines results and is not that of the commit: what git tracks, and what items depend on.

    What items make may differ: a killed driver leaves some of it, and every worker is given what it needs.
    """
    root = Path(repo.root_dir)
    status = git(root, "status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames")
    changed = [(line[:2], line[3:]) for line in status.split("\0") if line]
    stages = list(repo.index.stages)
    made = [Path(out.fs_path) for stage in stages for out in stage.outs]
    read = {Path(dep.fs_path) for stage in stages for dep in stage.deps}
    ours = [*made, *(root / each for each in (paths.LOCK, paths.README, paths.provenances()))]

    def within(path: Path, folders: Iterable[Path]) -> bool:
        return any(folder == path or folder in path.parents for folder in folders)

    return [
        name
        for state, name in changed
        if not within(root / name, ours) and (state != "??" or within(root / name, read))
    ]
