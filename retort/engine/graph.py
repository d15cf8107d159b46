"""DVC's graph as the commands see it: items, what each needs, which are stale."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dvc.dependency import ParamsDependency
from dvc.dvcfile import Lockfile
from dvc.exceptions import DvcException
from dvc.lock import Lock, LockError
from dvc.repo import Repo, lock_repo
from dvc.repo.reproduce import get_active_graph, plan_repro
from dvc.stage import Stage

from retort.checking import accepting
from retort.engine.staleness import loaded, lookup, why_stale
from stages.settings import paths

GATE = "accept_rows"
"""The item that DVC runs after any change of params.yaml, comments included; what it makes seldom changes."""


PLACE = "place"
"""Under `meta` in dvc.yaml, where an item runs: `here`, in the driver's tree; `alone`, there with nothing beside it."""
DEVICE = "run.device"


class GraphError(ValueError):
    """The graph cannot be read, or does not hold what was asked for; the message says what to do."""


@dataclass(frozen=True)
class Graph:
    """What each item needs, ancestors first, why an item is stale by itself, and which of these will make the same."""

    needs: Mapping[str, tuple[str, ...]]
    stale: Mapping[str, str]
    settled: frozenset[str] = frozenset()
    here: frozenset[str] = frozenset()
    """Items that run in the driver's tree, wherever the others run."""
    alone: frozenset[str] = frozenset()
    """Items that run there while nothing else runs."""
    devices: Mapping[str, str] = field(default_factory=dict)
    """For items that compute on a device, the one that params ask for."""

    def dependents(self) -> dict[str, list[str]]:
        """The items that need each item directly."""
        found: dict[str, list[str]] = {item: [] for item in self.needs}
        for item, needed in self.needs.items():
            for each in needed:
                found[each].append(item)
        return found

    def pending(self) -> set[str]:
        """Stale items and all that follow from those whose results may change."""
        return set(self.stale) | closure(self.stale.keys() - self.settled, self.dependents())

    def select(self, targets: Iterable[str]) -> set[str]:
        """Targets, items or stages, with their ancestors; everything when there are none."""
        chosen: set[str] = set()
        for target in targets:
            matching = {item for item in self.needs if target in (item, stage_of(item))}
            if not matching:
                known = [*self.needs, *map(stage_of, self.needs)]
                close = difflib.get_close_matches(target, known, 1, 0.6)
                suggestion = f"; did you mean {close[0]}?" if close else "; `retort dag` shows what there is"
                raise GraphError(f"there is no stage or item {target!r}{suggestion}")
            chosen |= matching
        return closure(chosen, self.needs) if chosen else set(self.needs)


def stage_of(item: str) -> str:
    """The stage an item belongs to."""
    return item.partition("@")[0]


def closure(start: Iterable[str], edges: Mapping[str, Iterable[str]]) -> set[str]:
    """Everything that is reached along the edges, the start included."""
    found: set[str] = set()
    open_ends = list(start)
    while open_ends:
        item = open_ends.pop()
        if item not in found:
            found.add(item)
            open_ends += edges[item]
    return found


def expected_seconds(items: Iterable[str], known: Mapping[str, float]) -> dict[str, float]:
    """How long each item will take: as last time, or the mean of its stage, or of all; empty if nothing is known."""
    if not known:
        return {}
    by_stage: dict[str, list[float]] = {}
    for item, seconds in known.items():
        by_stage.setdefault(stage_of(item), []).append(seconds)
    everything = list(known.values())
    means = {stage: sum(seconds) / len(seconds) for stage, seconds in by_stage.items()}
    mean = sum(everything) / len(everything)
    return {item: known.get(item, means.get(stage_of(item), mean)) for item in items}


def chains(graph: Graph, items: Iterable[str], seconds: Mapping[str, float]) -> dict[str, float]:
    """For each item the longest time from its start to the end of whatever depends on it."""
    wanted, dependents = set(items), graph.dependents()
    found: dict[str, float] = {}
    for item in reversed(list(graph.needs)):
        if item in wanted:
            after = (found[each] for each in dependents[item] if each in wanted)
            found[item] = seconds[item] + max(after, default=0.0)
    return found


def span(graph: Graph, items: Iterable[str], seconds: Mapping[str, float], jobs: int) -> float:
    """About how long the items take with `jobs` side by side."""
    wanted = set(items)
    longest = max(chains(graph, wanted, seconds).values(), default=0.0)
    return max(longest, sum(seconds[item] for item in wanted) / jobs)


@contextmanager
def opened() -> Iterator[Repo]:
    """The DVC repository whose root is the current directory, locked against other DVC processes."""
    if not Path(".dvc").is_dir():
        raise GraphError(f"{Path.cwd()} is not the root of a DVC repository; change to the root of the repository")
    try:
        with Repo(_wait_for_lock=True) as repo, lock_repo(repo):
            yield repo
    except DvcException as error:
        raise GraphError(f"DVC: {error}") from error


@contextmanager
def alone() -> Iterator[None]:
    """Held by whoever changes the results of this working tree."""
    paths.STATE.mkdir(exist_ok=True)
    file = paths.STATE / "lock"
    lock = Lock(str(file))
    try:
        lock.lock()
    except LockError:
        owner = file.read_text(encoding="ascii").strip()
        raise GraphError(f"another retort (process {owner}) is at work in this tree; wait for it or stop it") from None
    try:
        yield
    finally:
        lock.unlock()


@contextmanager
def unrecorded() -> Iterator[None]:
    """dvc.lock taken for empty: reading it takes DVC longer than all the rest, and names do not stand in it."""
    load = Lockfile.load
    Lockfile.load = lambda _: {}
    try:
        yield
    finally:
        Lockfile.load = load


def items() -> list[str]:
    """The items of the working tree's graph, ancestors first; their states are not looked at."""
    with opened() as repo, unrecorded():
        return [stage.addressing for stage in in_order(repo)]


def wired() -> Graph:
    """What each item needs, ancestors first; their states are not looked at, so that none counts as stale."""
    with opened() as repo, unrecorded():
        active = get_active_graph(repo.index.graph)
        needs = {
            stage.addressing: tuple(each.addressing for each in active.successors(stage)) for stage in in_order(repo)
        }
    return Graph(needs, {})


def in_order(repo: Repo) -> list[Stage]:
    """The stages in the order in which `dvc repro` runs them."""
    return list(plan_repro(get_active_graph(repo.index.graph)))


def read() -> Graph:
    """The graph of the working tree, each item's state looked at once."""
    with opened() as repo:
        active = get_active_graph(repo.index.graph)
        order = in_order(repo)
        needs = {stage.addressing: tuple(each.addressing for each in active.successors(stage)) for stage in order}
        seen: dict[tuple[str, Any], dict[str, str]] = {}
        params: dict[str, Any] = {}
        reasons = {stage.addressing: why_stale(stage, seen, params) for stage in order}
        places = {stage.addressing: (stage.meta or {}).get(PLACE) for stage in order}
        devices = {stage.addressing: device for stage in order if (device := device_of(stage, params))}
    stale = {item: reason for item, reason in reasons.items() if reason}
    return Graph(
        needs,
        stale,
        settled=frozenset({GATE} if GATE in stale and accepting.unchanged() else ()),
        here=frozenset(item for item, place in places.items() if place == "here"),
        alone=frozenset(item for item, place in places.items() if place == "alone"),
        devices=devices,
    )


def device_of(stage: Stage, params: dict[str, Any]) -> str:
    """The device on which a stage computes, by its params; nothing for one that does not."""
    for dependency in stage.deps:
        if isinstance(dependency, ParamsDependency) and DEVICE in dependency.params:
            return "".join(map(str, lookup(loaded(dependency, params), DEVICE)))
    return ""
