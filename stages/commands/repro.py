"""`retort repro`: bring the graph up to date, several items side by side."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from pathlib import Path
from types import FrameType
from typing import IO, Annotated

import typer
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from stages.harness import graph as graphs
from stages.harness import machine, params, paths, provenance
from stages.harness.graph import Graph, GraphError

PROJECT = Path(__file__).resolve().parents[2]
WORKER = f"import sys; sys.path.insert(0, {str(PROJECT)!r}); from stages.harness.graph import serve; serve()"
TICK_S = 0.25
GRACE_S = graphs.PATIENCE_S + 10
LAST_LINES = 15
WORDS = {"ran": "done", "restored": "restored", "unchanged": "unchanged", "failed": "FAILED", "held back": "held back"}


def repro(
    targets: Annotated[
        list[str] | None,
        typer.Argument(help="Items (distill_students@NAME) or stages (distill_students); their ancestors come along."),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", "-j", min=1, help="Items side by side, one thread each; all cores by default."),
    ] = None,
) -> None:
    """Run what is stale and whatever follows from it, several items side by side.

    Does what `dvc repro` does, with its run cache and its dvc.lock. Each item writes to .retort/logs/ITEM.log. An item
    that fails holds back what needs it and nothing else. Ctrl-C ends the running items; the next call continues.

    Exit status: 0 up to date, 1 an item failed, 2 nothing was tried, 130 stopped by Ctrl-C, 143 by SIGTERM.
    """
    raise typer.Exit(run(targets or [], jobs or machine.cores(), params.load_or_exit))


def run(targets: list[str], jobs: int, check: Callable[[], object]) -> int:
    """Bring the targets up to date; `check` is called before anything runs. Returns the exit status."""
    console = Console(soft_wrap=True, highlight=False, markup=False)
    try:
        with graphs.alone():
            return bring(targets, jobs, check, console)
    except GraphError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def bring(targets: list[str], jobs: int, check: Callable[[], object], console: Console) -> int:
    """Find what is pending, run it, say what became of it."""
    graphs.settle()
    try:
        graph = graphs.read()
    except GraphError:
        # The params file is the likeliest reason, and its own check says it better.
        check()
        raise
    pending = graph.pending() & graph.select(targets)
    todo = {
        item: [each for each in needed if each in pending] for item, needed in graph.needs.items() if item in pending
    }
    if not todo:
        console.print(f"Everything is up to date ({len(graph.select(targets))} items).")
        return 0
    check()
    paths.logs().mkdir(parents=True, exist_ok=True)
    ledger = Ledger(graph, todo, provenance.durations(), jobs)
    with heeding(signal.SIGINT, signal.SIGTERM) as caught, shown(console, ledger) as screen:
        work(ledger, screen, caught)
    console.print(ledger.summary())
    for item in ledger.all_that("failed"):
        report_failure(item, ledger.sentences[item], console)
    if caught:
        console.print("Stopped; `retort repro` continues from here.")
        return 128 + caught[0]
    return 1 if ledger.all_that("failed") else 0


@contextmanager
def heeding(*signals: signal.Signals) -> Iterator[list[int]]:
    """The signals received meanwhile, which then do not end the process at once."""
    caught: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        caught.append(number)

    before = {each: signal.signal(each, note) for each in signals}
    try:
        yield caught
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


@dataclass
class Ledger:
    """What is to be done, what runs, and what became of the rest."""

    graph: Graph
    todo: Mapping[str, list[str]]
    durations: dict[str, float]
    jobs: int
    began: float = field(default_factory=time.monotonic)
    running: dict[str, float] = field(default_factory=dict)
    outcomes: dict[str, str] = field(default_factory=dict)
    sentences: dict[str, str] = field(default_factory=dict)

    def all_that(self, outcome: str) -> list[str]:
        """The items with this outcome."""
        return [item for item, found in self.outcomes.items() if found == outcome]

    def open_items(self) -> list[str]:
        """Items that have not ended."""
        return [item for item in self.todo if item not in self.outcomes]

    def ready(self) -> list[str]:
        """Items whose ancestors are up to date, those first on which the longest chain of work waits."""
        waiting = [item for item in self.open_items() if item not in self.running]
        free = [item for item in waiting if all(each in self.outcomes for each in self.todo[item])]
        unknown = dict.fromkeys(self.todo, 1.0)
        seconds = graphs.expected_seconds(self.todo, self.durations) or unknown
        chain = graphs.chains(self.graph, self.todo, seconds)
        return sorted(free, key=lambda item: -chain[item])

    def untouched(self, item: str) -> bool:
        """Whether nothing can have changed: it was up to date, and so was, or is as before, all that it needs."""
        return item not in self.graph.stale and all(self.outcomes[each] == "unchanged" for each in self.todo[item])

    def end(self, item: str, outcome: str, sentence: str) -> list[str]:
        """Note how an item ended; returns the items it holds back."""
        began = self.running.pop(item, time.monotonic())
        self.outcomes[item], self.sentences[item] = outcome, sentence
        if outcome == "ran":
            self.durations[item] = time.monotonic() - began
        if outcome != "failed":
            return []
        behind = graphs.closure([item], self.graph.dependents()) - {item}
        held_back = [each for each in self.open_items() if each in behind]
        self.outcomes.update(dict.fromkeys(held_back, "held back"))
        return held_back

    def left(self) -> float | None:
        """About how many seconds are left, if anything is known."""
        seconds = graphs.expected_seconds(self.open_items(), self.durations)
        now = time.monotonic()
        for item, began in self.running.items():
            if item in seconds:
                seconds[item] = max(seconds[item] - (now - began), 0.0)
        return graphs.span(self.graph, seconds, seconds, self.jobs) if seconds else None

    def summary(self) -> str:
        """How many items ended in which way, and how long it took."""
        words = {**WORDS, "ran": "ran", "restored": "restored from the run cache", "failed": "failed"}
        counts = {outcome: len(self.all_that(outcome)) for outcome in words}
        ways = [f"{count} {words[outcome]}" for outcome, count in counts.items() if count]
        ways += [f"{len(self.open_items())} not done"] if self.open_items() else []
        return f"{len(self.todo)} items in {clock(time.monotonic() - self.began)}: {', '.join(ways)}"


def clock(seconds: float) -> str:
    """A time as a person says it."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


@dataclass
class Screen:
    """A live table on a terminal, a line per event elsewhere."""

    console: Console
    ledger: Ledger
    live: Live | None

    def started(self, item: str) -> None:
        """An item has begun."""
        if not self.live:
            print(f"start      {item}", flush=True)

    def ended(self, item: str, seconds: float) -> None:
        """An item has ended."""
        outcome = self.ledger.outcomes[item]
        took = f" ({seconds:.1f} s)" if outcome in ("ran", "restored", "failed") else ""
        count = f"{len(self.ledger.outcomes)}/{len(self.ledger.todo)}"
        self.console.print(f"{WORDS[outcome]:10} {item}{took} {count}", style="red" if outcome == "failed" else None)

    def refresh(self) -> None:
        """Move the clocks on."""
        if self.live:
            self.live.update(self.picture(), refresh=True)

    def picture(self) -> Group:
        """What runs, how far it is, how long it may still take."""
        ledger, now = self.ledger, time.monotonic()
        expected = graphs.expected_seconds(ledger.running, ledger.durations)
        table = Table.grid(padding=(0, 2))
        for item, began in ledger.running.items():
            usual = f"of about {clock(expected[item])}" if item in expected else ""
            table.add_row("  ", item, clock(now - began), Text(usual, style="dim"))
        left = ledger.left()
        rest = "time left unknown" if left is None else f"about {clock(left)} left"
        line = f"{len(ledger.outcomes)}/{len(ledger.todo)} items · {clock(now - ledger.began)} · {rest}"
        return Group(table, Text(line, style="bold"))


@contextmanager
def shown(console: Console, ledger: Ledger) -> Iterator[Screen]:
    """The display fit for where the output goes."""
    if not console.is_terminal:
        yield Screen(console, ledger, None)
        return
    with Live(console=console, auto_refresh=False, transient=True) as live:
        yield Screen(console, ledger, live)


def work(ledger: Ledger, screen: Screen, caught: list[int]) -> None:
    """Hand items to worker processes until none is left, or a signal comes."""
    idle: list[subprocess.Popen[str]] = []
    busy: dict[IO[str], tuple[subprocess.Popen[str], str]] = {}
    try:
        while ledger.open_items() and not caught:
            for item in ledger.ready():
                if ledger.untouched(item):
                    settle_item(ledger, screen, item, "unchanged", "")
                elif len(busy) < ledger.jobs:
                    worker = idle.pop() if idle else start_worker(item)
                    assert worker.stdout
                    busy[worker.stdout] = (worker, item)
                    hand(worker, item)
                    ledger.running[item] = time.monotonic()
                    screen.started(item)
            for stream in wait(list(busy), TICK_S) if busy else []:  # type: ignore[arg-type]
                worker, item = busy.pop(stream)  # type: ignore[call-overload]
                outcome, sentence = answer(worker)
                if worker.poll() is None:
                    idle.append(worker)
                settle_item(ledger, screen, item, outcome, sentence)
            screen.refresh()
        if caught:
            screen.console.print("Stopping; a second signal does not wait for what runs to end in order.")
    finally:
        dismiss([*idle, *(worker for worker, _ in busy.values())], caught)


def settle_item(ledger: Ledger, screen: Screen, item: str, outcome: str, sentence: str) -> None:
    """Note and show how an item ended, and what that holds back."""
    seconds = time.monotonic() - ledger.running.get(item, time.monotonic())
    for each in [item, *ledger.end(item, outcome, sentence)]:
        screen.ended(each, seconds)


def environment() -> dict[str, str]:
    """One thread per process, unbuffered output, and this interpreter for a plain `python`."""
    first = str(Path(sys.executable).parent)
    return {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "PYTHONUNBUFFERED": "1",
        "PATH": os.pathsep.join((first, os.environ.get("PATH", os.defpath))),
    }


def start_worker(item: str) -> subprocess.Popen[str]:
    """A process that brings items up to date, in a group of its own so that Ctrl-C does not reach into DVC."""
    with open_log(item) as log:
        return subprocess.Popen(
            [sys.executable, "-c", WORKER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=environment(),
            text=True,
            start_new_session=True,
        )


def open_log(item: str) -> IO[str]:
    """The item's log, emptied."""
    return graphs.log_of(item).open("w", encoding="utf-8")


def hand(worker: subprocess.Popen[str], item: str) -> None:
    """Order an item from a worker."""
    assert worker.stdin
    open_log(item).close()
    with suppress(BrokenPipeError):
        worker.stdin.write(f"{item}\n")
        worker.stdin.flush()


def answer(worker: subprocess.Popen[str]) -> tuple[str, str]:
    """What became of the ordered item; a worker that died took its item with it."""
    assert worker.stdout
    line = worker.stdout.readline()
    if line:
        reply = json.loads(line)
        return reply["outcome"], reply["sentence"]
    with suppress(subprocess.TimeoutExpired):
        worker.wait(GRACE_S)
    end_group(worker)
    how = f"was killed by signal {-worker.returncode}" if worker.returncode < 0 else f"ended with {worker.returncode}"
    memory = "; most likely memory ran out, try fewer --jobs" if worker.returncode == -signal.SIGKILL else ""
    return "failed", f"its process {how}{memory}"


def end_group(worker: subprocess.Popen[str]) -> None:
    """Kill a worker with everything it has started."""
    with suppress(ProcessLookupError):
        os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()
    assert worker.stdin
    assert worker.stdout
    with suppress(BrokenPipeError):
        worker.stdin.close()
    worker.stdout.close()


def dismiss(workers: Iterable[subprocess.Popen[str]], caught: list[int]) -> None:
    """Let the workers go: each ends its item and leaves DVC's locks in order; a further signal cuts that short."""
    workers = list(workers)
    for worker in workers:
        assert worker.stdin
        with suppress(BrokenPipeError):
            worker.stdin.close()
    deadline = time.monotonic() + GRACE_S
    signals = len(caught)
    while any(worker.poll() is None for worker in workers) and time.monotonic() < deadline and len(caught) == signals:
        time.sleep(0.05)
    for worker in workers:
        end_group(worker)
    graphs.settle()


def report_failure(item: str, sentence: str, console: Console) -> None:
    """Name what failed, where its log is, and how that ends."""
    log = graphs.log_of(item)
    console.print(f"\n{item} failed: {sentence}\n  log: {log}", style="red")
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines()[-LAST_LINES:]:
        console.print(f"  | {line}")
