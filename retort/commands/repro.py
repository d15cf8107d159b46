"""`retort repro`: bring the graph up to date, several items side by side."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import wait
from types import FrameType
from typing import IO, Annotated

import typer
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from retort.engine import crew, times
from retort.engine import graph as graphs
from retort.engine.graph import GraphError
from retort.engine.ledger import WORDS, Ledger, clock
from retort.engine.worker import log_of, settle
from stages.settings import machine, paths, speed

TICK_S = 0.25
LAST_LINES = 15


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
    raise typer.Exit(run(targets or [], jobs or machine.cores(), check))


def check() -> None:
    """Hold params.yaml against itself; the import costs more than finding that all is up to date."""
    from retort.checking import params

    params.checked_or_exit()


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
    settle()
    try:
        graph = graphs.read()
    except GraphError:
        # The params file is the likeliest reason, and its own check says it better.
        check()
        raise
    stale = graph.pending() & graph.select(targets)
    pending = {
        item: [each for each in needed if each in stale] for item, needed in graph.needs.items() if item in stale
    }
    if not pending:
        console.print(f"Everything is up to date ({len(graph.select(targets))} items).")
        return 0
    check()
    paths.logs().mkdir(parents=True, exist_ok=True)
    if paths.provenances().is_dir():
        speed.here(measure=True)
    known = times.known()
    ledger = Ledger(graph, pending, known.seconds, jobs, known.of_another_machine(pending))
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
        count = f"{len(self.ledger.outcomes)}/{len(self.ledger.pending)}"
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
        rest = "time left unknown" if left is None else f"about {clock(left)} left{ledger.whose}"
        line = f"{len(ledger.outcomes)}/{len(ledger.pending)} items · {clock(now - ledger.began)} · {rest}"
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
                    worker = idle.pop() if idle else crew.start_worker(item)
                    assert worker.stdout
                    busy[worker.stdout] = (worker, item)
                    crew.hand(worker, item)
                    ledger.running[item] = time.monotonic()
                    screen.started(item)
            for stream in wait(list(busy), TICK_S) if busy else []:  # type: ignore[arg-type]
                worker, item = busy.pop(stream)  # type: ignore[call-overload]
                outcome, sentence = crew.answer(worker)
                if worker.poll() is None:
                    idle.append(worker)
                settle_item(ledger, screen, item, outcome, sentence)
            screen.refresh()
        if caught:
            screen.console.print("Stopping; a second signal does not wait for what runs to end in order.")
    finally:
        crew.dismiss([*idle, *(worker for worker, _ in busy.values())], caught)


def settle_item(ledger: Ledger, screen: Screen, item: str, outcome: str, sentence: str) -> None:
    """Note and show how an item ended, and what that holds back."""
    seconds = time.monotonic() - ledger.running.get(item, time.monotonic())
    for each in [item, *ledger.end(item, outcome, sentence)]:
        screen.ended(each, seconds)


def report_failure(item: str, sentence: str, console: Console) -> None:
    """Name what failed, where its log is, and how that ends."""
    log = log_of(item)
    console.print(f"\n{item} failed: {sentence}\n  log: {log}", style="red")
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines()[-LAST_LINES:]:
        console.print(f"  | {line}")
