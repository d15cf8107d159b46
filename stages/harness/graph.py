"""DVC's graph as the commands see it: items, what each needs, which are stale; and how one is brought up to date."""

from __future__ import annotations

import difflib
import json
import logging
import os
import re
import sys
import threading
import time
import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import psutil  # type: ignore[import-untyped]
from dvc.dependency import ParamsDependency
from dvc.dvcfile import Lockfile
from dvc.exceptions import DvcException
from dvc.lock import Lock, LockError
from dvc.repo import Repo, lock_repo
from dvc.repo.reproduce import get_active_graph, plan_repro
from dvc.stage import PipelineStage, Stage
from dvc.stage.serialize import to_lockfile
from dvc.utils.serialize import dumps_yaml, load_path, load_yaml

from stages.harness import paths

PATIENCE_S = 10.0
LOCK_RETRY_S = 0.02
LOCK_LAYOUT = re.compile(r"^stages:\n  \S", re.MULTILINE)


class GraphError(ValueError):
    """The graph cannot be read, or does not hold what was asked for; the message says what to do."""


@dataclass(frozen=True)
class Graph:
    """What each item needs, ancestors first, and why an item is stale by itself."""

    needs: Mapping[str, tuple[str, ...]]
    stale: Mapping[str, str]

    def dependents(self) -> dict[str, list[str]]:
        """The items that need each item directly."""
        found: dict[str, list[str]] = {item: [] for item in self.needs}
        for item, needed in self.needs.items():
            for each in needed:
                found[each].append(item)
        return found

    def pending(self) -> set[str]:
        """Stale items and all that follow from them."""
        return closure(self.stale, self.dependents())

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
    return Graph(needs, {item: reason for item, reason in reasons.items() if reason})


def why_stale(stage: Stage, seen: dict[tuple[str, Any], dict[str, str]], params: dict[str, Any]) -> str:
    """The first reason for which DVC would run a stage, or nothing; stages share files, whose states `seen` keeps."""
    if stage.outs and not any(out.hash_info for out in stage.outs):
        return "never ran"
    if stage.changed_stage():
        return "its command changed"
    if not stage.frozen:
        if stage.is_callback or stage.always_changed:
            return "runs every time"
        for dependency in stage.deps:
            if isinstance(dependency, ParamsDependency):
                changed = changed_param(dependency, params)
                if changed:
                    return f"{changed} in {dependency} changed"
                continue
            key = (dependency.fs_path, dependency.hash_info.value)
            if key not in seen:
                seen[key] = dependency.status()
            for path, state in seen[key].items():
                return f"{path} is {state}"
    return next((f"{path} is {state}" for out in stage.outs for path, state in out.status().items()), "")


def changed_param(dependency: ParamsDependency, params: dict[str, Any]) -> str:
    """The first param that differs from what is recorded; DVC's own check reads the file anew for each stage."""
    if not dependency.exists:
        return "everything"
    if dependency.fs_path not in params:
        params[dependency.fs_path] = load_path(dependency.fs_path, dependency.repo.fs)
    content, recorded = params[dependency.fs_path], dependency.hash_info.value or {}
    for name in dependency.params or [*content, *recorded]:
        if name not in recorded or lookup(content, name) != [recorded[name]]:
            return str(name)
    return ""


def lookup(content: Any, dotted: str) -> list[Any]:  # noqa: ANN401 - whatever a params file holds
    """The value at a dotted place, in a list; an empty list where there is none."""
    for part in dotted.split("."):
        if isinstance(content, dict) and part in content:
            content = content[part]
        elif isinstance(content, list) and part.isdecimal() and int(part) < len(content):
            content = content[int(part)]
        else:
            return []
    return [content]


class EagerLock(Lock):
    """DVC's repository lock, asked for often: DVC waits half a second between two tries, and is overtaken meanwhile."""

    def lock(self) -> None:
        """Wait for the lock, however long it takes."""
        while not self.is_locked:
            try:
                self._do_lock()
            except LockError:
                time.sleep(LOCK_RETRY_S)


def settle() -> None:
    """Drop what DVC stumbles over after it was killed: an emptied dvc.lock, files in use by processes that are gone."""
    with opened() as repo:
        if paths.LOCK.exists() and not paths.LOCK.stat().st_size:
            paths.LOCK.unlink()
        file = Path(repo.tmp_dir) / "rwlock"
        if not file.exists():
            return
        written = file.stat().st_mtime
        try:
            held = {"read": {}, "write": {}, **json.loads(file.read_text(encoding="utf-8"))}
        except ValueError:
            file.unlink()
            return
        readers = {path: [one for one in each if lives(one["pid"], written)] for path, each in held["read"].items()}
        writers = {path: one for path, one in held["write"].items() if lives(one["pid"], written)}
        kept = {"write": writers, "read": {path: each for path, each in readers.items() if each}}
        file.write_text(json.dumps(kept), encoding="utf-8")


def lives(pid: int, since: float) -> bool:
    """Whether this very process is still at work; a process begun after `since` only inherited the number."""
    try:
        process = psutil.Process(pid)
        return bool(process.status() != psutil.STATUS_ZOMBIE and process.create_time() <= since + 1)
    except psutil.NoSuchProcess:
        return False


def log_of(item: str) -> Path:
    """Where an item's output goes."""
    return paths.logs() / f"{item.replace('/', '_')}.log"


def serve() -> None:
    """Bring items up to date as they are named on standard input; when that ends, end what runs and leave."""
    orders, replies = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    queue: SimpleQueue[str | None] = SimpleQueue()
    stopping, finished = threading.Event(), threading.Event()

    def listen() -> None:
        for line in orders:
            queue.put(line.strip())
        stopping.set()
        queue.put(None)
        end_children(finished)

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    commands_begun: list[str] = []

    def note(record: logging.LogRecord) -> bool:
        commands_begun.append(record.getMessage())
        return True

    logging.getLogger("dvc.stage.run").addFilter(note)
    try:
        repo = Repo(_wait_for_lock=True)
        if isinstance(repo.lock, Lock):
            repo.lock = EagerLock(repo.lock.lockfile)
        by_name = {stage.addressing: stage for stage in in_order(repo)}
        for item in iter(queue.get, None):
            redirect(log_of(item))
            commands_begun.clear()
            outcome, sentence = attempt(repo, by_name[item], list(by_name), stopping)
            if outcome == "ran" and not commands_begun:
                outcome = "restored"
            with suppress(BrokenPipeError):
                print(json.dumps({"outcome": outcome, "sentence": sentence}), file=replies, flush=True)
    finally:
        finished.set()
        if stopping.is_set():
            listener.join()


def end_children(finished: threading.Event) -> None:
    """Terminate whatever this process has started, kill what outlives the patience, return when none is left."""
    told: dict[int, psutil.Process] = {}
    deadline = time.monotonic() + PATIENCE_S
    while not finished.is_set() or any(lives(pid, time.time()) for pid in told):
        for child in psutil.Process().children(recursive=True):
            if child.pid not in told:
                told[child.pid] = child
                with suppress(psutil.NoSuchProcess):
                    child.terminate()
        if time.monotonic() > deadline:
            for child in told.values():
                with suppress(psutil.NoSuchProcess):
                    child.kill()
        time.sleep(0.1)


def redirect(log: Path) -> None:
    """Let everything this process and its children print go to a file."""
    sys.stdout.flush()
    sys.stderr.flush()
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)


def attempt(repo: Repo, stage: Stage, order: list[str], stopping: threading.Event) -> tuple[str, str]:
    """Reproduce a stage; what became of it, and a sentence if it failed."""
    while True:
        try:
            return reproduce(repo, stage, order), ""
        except LockError as error:
            # Another DVC process reads or writes the same files: a `dvc repro` elsewhere, or one that is just ending.
            if stopping.wait(1.0):
                return "failed", str(error)
        except DvcException as error:
            print(f"ERROR: {error}", flush=True)
            return "failed", str(error)
        except Exception as error:
            traceback.print_exc()
            return "failed", f"{type(error).__name__}: {error}"


def reproduce(repo: Repo, stage: Stage, order: list[str]) -> str:
    """What `dvc repro --single-item` does, except that a result is not recorded under inputs which changed under it."""
    with lock_repo(repo), repo.scm_context(quiet=True):
        present = [each for each in stage.deps if each.exists]
        for each in present:
            # As DVC does before it records: a dep that dvc.lock does not know yet is taken for one of an old format.
            each.update_legacy_hash_name()
        before = {str(each): each.get_hash() for each in present}
        if not stage.reproduce(no_commit=True):
            return "unchanged"
        changed = [str(each) for each in stage.deps if before.get(str(each)) != each.hash_info]
        if changed:
            raise DvcException(f"{', '.join(changed)} changed while the item ran; nothing was recorded, run it again")
        if all(out.use_cache or out.is_metric or out.is_plot for out in stage.outs):
            repo.stage_cache.save(stage)
        stage.commit()
        if isinstance(stage, PipelineStage):
            record(stage, order, Path(repo.tmp_dir))
        else:
            stage.dump()
    return "ran"


def record(stage: PipelineStage, order: list[str], scratch: Path) -> None:
    """Put a stage into dvc.lock, whose entries stay in the graph's order.

    DVC's own way parses and writes the whole file for each stage, which takes seconds once it has some size, and leaves
    half a file behind when it is killed meanwhile. Here the text of one entry is exchanged, and the file replaced.
    """
    before, entries, after = lock_entries()
    entries[stage.name] = dumps_yaml({"stages": plain(to_lockfile(stage))}).removeprefix("stages:\n")
    rank = {name: place for place, name in enumerate(order)}
    ordered = sorted(entries, key=lambda name: rank.get(name, len(rank)))
    replace_lock(before, [entries[name] for name in ordered], after, scratch)


def lock_entries() -> tuple[str, dict[str, str], str]:
    """The text of dvc.lock: what precedes the entries, each entry by the item's name, what follows."""
    text = paths.LOCK.read_text(encoding="utf-8") if paths.LOCK.exists() else ""
    if not LOCK_LAYOUT.search(text):
        content = load_yaml(paths.LOCK) if text else {}
        stages = content.pop("stages", {})
        text = dumps_yaml({"schema": "2.0", **content}) + (dumps_yaml({"stages": stages}) if stages else "stages:\n")
    before, _, rest = text.partition("\nstages:\n")
    end = re.search(r"^\S", rest, re.MULTILINE)
    inside, after = (rest[: end.start()], rest[end.start() :]) if end else (rest, "")
    pieces = re.split(r"^(?=  \S)", inside, flags=re.MULTILINE)
    return before, {piece.partition(":\n")[0].strip(): piece for piece in pieces if piece}, after


def replace_lock(before: str, entries: Iterable[str], after: str, scratch: Path) -> None:
    """Write dvc.lock whole or not at all."""
    joined = "".join(entries)
    partial = scratch / "dvc.lock.partial"
    with partial.open("w", encoding="utf-8", newline="\n") as file:
        file.write(f"{before}\nstages:\n{joined}{after}" if joined else f"{before}\nstages: {{}}\n{after}")
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, paths.LOCK)


def plain(value: Any) -> Any:  # noqa: ANN401 - a tree of plain values
    """A copy that shares nothing, which YAML therefore writes without anchors."""
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value
