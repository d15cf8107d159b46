"""One call of `retort repro`: find what is pending, run it on whatever workers there are, say what became of it."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from types import FrameType

from rich.console import Console

from retort.engine import graph as graphs
from retort.engine import saved
from retort.engine.graph import Graph, GraphError
from retort.engine.locking import settle
from retort.engine.where import Where
from stages.settings import paths, speed


def run(targets: list[str], where: Where, check: Callable[[], object]) -> int:
    """Bring the targets up to date; `check` is called before anything runs. Returns the exit status."""
    console = Console(soft_wrap=True, highlight=False, markup=False)
    where.check()
    with graphs.alone():
        settle()
        try:
            graph = graphs.read()
        except GraphError:
            # The params file is the likeliest reason, and its own check says it better.
            check()
            raise
        chosen = graph.select(targets)
        stale = graph.pending() & chosen
        pending = {
            each: [one for one in needed if one in stale] for each, needed in graph.needs.items() if each in stale
        }
        if not pending:
            console.print(f"Everything is up to date ({len(chosen)} items).")
            return 0
        check()
        for sentence in saved.put_aside():
            console.print(sentence)
        return work(graph, pending, where, console)


def work(graph: Graph, pending: Mapping[str, list[str]], where: Where, console: Console) -> int:
    """Run what is pending. The imports cost more than finding that nothing is."""
    from retort.engine import clusters, driving, homes, lockfile, screen, times
    from retort.engine.ledger import Ledger
    from retort.engine.orders import FAILED
    from retort.engine.tree import Tree

    paths.logs().mkdir(parents=True, exist_ok=True)
    if paths.provenances().is_dir():
        speed.here(measure=True)
    known = times.known()
    where = replace(where, jobs=min(where.jobs, len(pending)))
    ledger = Ledger(graph, pending, known.seconds, where.jobs, known.of_another_machine(pending))
    try:
        with (
            homes.far(where.remote) if where.far else homes.near(where.remote) as home,
            heeding(signal.SIGINT, signal.SIGTERM) as caught,
            screen.shown(console, ledger) as shown,
        ):
            entries, tree = lockfile.lock_entries()[1], Tree(home)
            if home.far:
                homes.offer(graph, pending, entries, tree)
            with clusters.opened(where, times.by_stage(known.seconds)) as crew:
                if where.dashboard:
                    shown.once(f"dashboard  {crew.client.dashboard_link}")
                orders = driving.orders(graph, pending, home, entries)
                driving.Driver(crew, ledger, shown, home, tree).drive(orders, caught)
    except driving.LostError as error:
        console.print(f"{error}; `retort repro` continues from here.", style="red")
        return 1
    finally:
        settle()
    shown.conclude()
    if caught:
        console.print("Stopped; `retort repro` continues from here.")
        return 128 + caught[0]
    return 1 if ledger.all_that(FAILED) else 0


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
