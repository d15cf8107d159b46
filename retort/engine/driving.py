"""The driver: hands all pending items to Dask at once, and records what the workers tell."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, replace
from queue import Empty, SimpleQueue
from typing import Protocol

from distributed import Client, Future, KilledWorker
from dvc.exceptions import DvcException

from retort.engine import graph as graphs
from retort.engine.carrying_out import carry_out, drop, stop
from retort.engine.clusters import Crew
from retort.engine.graph import Graph
from retort.engine.ledger import DEATHS, Ledger
from retort.engine.orders import BEGAN, FAILED, HELD_BACK, Answer, Event, Home, Order
from retort.engine.station import PATIENCE_S, log_of
from retort.engine.tree import Tree
from retort.engine.workers import CPU, GPU, HERE, gpus
from stages.settings import paths
from stages.settings.atomic import write_atomically

TICK_S = 0.25
GRACE_S = PATIENCE_S + 10
LOOK_S = 3.0
CUDA = "cuda"
MEMORY = "most likely memory ran out; try fewer --jobs"


class LostError(RuntimeError):
    """The run cannot go on; the message says why."""


class Watcher(Protocol):
    """Whoever is told what happens."""

    def started(self, item: str, event: Event, again: bool) -> None:
        """An item has begun; `again` after its worker died."""

    def ended(self, item: str, seconds: float) -> None:
        """An item has ended."""

    def stopping(self) -> None:
        """What runs is being ended."""

    def stalled(self, reason: str) -> None:
        """Nothing runs although something could; the reason."""

    def refresh(self) -> None:
        """Some time has passed."""


def orders(graph: Graph, pending: Mapping[str, list[str]], home: Home, entries: Mapping[str, str]) -> dict[str, Order]:
    """What is ordered of the workers, for every pending item."""
    if not home.far:
        return {item: Order(home, item, item in graph.stale, True, False, entries.get(item, "")) for item in pending}
    elsewhere = pending.keys() - graph.here - graph.alone
    dependents = graph.dependents()
    found = {}
    for item, needed in pending.items():
        sent = item in elsewhere or not elsewhere.isdisjoint(dependents[item])
        inputs = {each: entries[each] for each in graph.needs[item] if each not in needed and each in entries}
        found[item] = Order(home, item, item in graph.stale, item not in elsewhere, sent, entries.get(item, ""), inputs)
    return found


def resources(order: Order, graph: Graph) -> dict[str, float]:
    """What a worker must have to be given an item. On this machine every worker has a thread and the driver's tree."""
    if graph.devices.get(order.item) == CUDA and (order.home.far or gpus()):
        return {GPU: 1.0}
    if not order.home.far:
        return {}
    return {HERE: 1.0} if order.here else {CPU: 1.0}


def submit(client: Client, ledger: Ledger, wanted: Mapping[str, Order]) -> dict[str, Future]:
    """Every pending item as a task of Dask, which waits for the items it needs.

    The longest chain of work goes first, to the scheduler too, which does not wait for the rest. An item that must be
    alone waits for all that does not need it, and all that comes later waits for it.
    """
    graph, pending = ledger.graph, ledger.pending
    seconds = graphs.expected_seconds(pending, ledger.durations) or dict.fromkeys(pending, 1.0)
    chain = graphs.chains(graph, pending, seconds)
    last = graphs.closure(graph.alone & wanted.keys(), graph.dependents())
    futures: dict[str, Future] = {}
    after: list[Future] = []
    for item in sorted((each for each in graph.needs if each in wanted), key=lambda each: (each in last, -chain[each])):
        if item in graph.alone:
            after = list(futures.values())
        futures[item] = client.submit(
            carry_out,
            wanted[item],
            *(futures[each] for each in pending[item]),
            after=after,
            key=(graphs.stage_of(item), item, wanted[item].home.run),
            priority=chain[item],
            resources=resources(wanted[item], graph),
            # Dask would spread what is ready over the workers at once, and a long chain could wait behind others of its
            # worker. This lets the scheduler keep what is ready, and give it to the first worker that is free.
            _data_producer=True,
        )
        if item in graph.alone:
            after = [futures[item]]
    return futures


class Driver:
    """One run: what was ordered, and what has been told of it."""

    def __init__(self, crew: Crew, ledger: Ledger, watcher: Watcher, home: Home, tree: Tree) -> None:
        self.crew, self.ledger, self.watcher, self.home, self.tree = crew, ledger, watcher, home, tree
        self.events: SimpleQueue[Event] = SimpleQueue()
        self.futures: dict[str, Future] = {}
        self.looked = time.monotonic()

    def drive(self, wanted: Mapping[str, Order], caught: list[int]) -> None:
        """Until every item has ended, or a signal comes."""
        self.crew.client.subscribe_topic(self.home.topic, lambda event: self.events.put(event[1]))
        self.futures = submit(self.crew.client, self.ledger, wanted)
        try:
            while self.ledger.open_items() and not caught:
                self.take(self.told())
                self.look_for_trouble(wanted)
                self.watcher.refresh()
                self.crew.keep()
        finally:
            if self.ledger.open_items() and self.crew.client.status == "running":
                self.stop(caught)

    def told(self) -> Iterator[Event]:
        """What workers have told since, after a wait of a tick at most."""
        try:
            yield self.events.get(timeout=TICK_S)
            while True:
                yield self.events.get_nowait()
        except Empty:
            return

    def take(self, events: Iterable[Event]) -> None:
        """Show what begins; record what has ended, all of it at once."""
        ended: dict[str, Answer] = {}
        for event in events:
            item = event["item"]
            if event["what"] == BEGAN:
                self.begin(item, event)
            elif item not in self.ledger.outcomes:
                ended[item] = Answer(**{each.name: event[each.name] for each in fields(Answer)})
        for answer in self.recorded(ended.values()):
            self.end(answer.item, answer.outcome, answer.sentence)

    def begin(self, item: str, event: Event) -> None:
        """Note that an item begins; a third worker that died of it was the last."""
        if item not in self.ledger.outcomes:
            self.watcher.started(item, event, again=self.ledger.start(item, event["progress"]))
            if self.ledger.hopeless(item):
                self.end(item, FAILED, f"its worker died {DEATHS} times, and nothing was saved in between; {MEMORY}")
        if self.ledger.outcomes.get(item) == FAILED:
            self.crew.client.run(drop, item, workers=[event["worker"]], wait=False, on_error="ignore")

    def recorded(self, answers: Iterable[Answer]) -> list[Answer]:
        """Put what was made elsewhere into this tree, then all entries into dvc.lock; an answer that fails in this."""
        taken = [self.fetched(answer) if answer.log else answer for answer in answers]
        entries = {answer.item: answer.entry for answer in taken if answer.entry and not answer.bad}
        if entries:
            try:
                self.tree.record(entries, list(self.ledger.graph.needs))
            except OSError as error:
                raise LostError(f"{paths.LOCK} cannot be written: {error}") from None
        return taken

    def fetched(self, answer: Answer) -> Answer:
        """The answer of an item that ran elsewhere, whose results are now in this tree."""
        try:
            write_atomically(log_of(answer.item), answer.log.encode())
            if answer.entry and not answer.bad:
                self.tree.bring(answer.item, answer.entry)
            if answer.provenance:
                write_atomically(paths.provenance(answer.item, ""), answer.provenance.encode())
        except (DvcException, OSError) as error:
            return replace(answer, outcome=FAILED, sentence=f"what it made could not be fetched: {error}")
        return answer

    def end(self, item: str, outcome: str, sentence: str) -> None:
        """Note and show how an item ended, and what that holds back."""
        began = self.ledger.running.get(item, time.monotonic())
        for each in [item, *self.ledger.end(item, outcome, sentence)]:
            self.watcher.ended(each, time.monotonic() - began)

    def look_for_trouble(self, wanted: Mapping[str, Order]) -> None:
        """What no worker can tell: that it is dead, that there is none, that the scheduler is gone."""
        client, open_items = self.crew.client, self.ledger.open_items()
        states = {item: self.futures[item].status for item in open_items}
        if client.status != "running" or "cancelled" in states.values():
            raise LostError("the scheduler is gone, or has been restarted")
        erred = [item for item, state in states.items() if state == "error"]
        for item in erred:
            error = self.futures[item].exception()
            if isinstance(error, KilledWorker):
                # A scheduler that somebody else started counts deaths, and knows nothing of checkpoints.
                client.retry([self.futures[each] for each in erred])
                return
            if not any(each in erred for each in self.ledger.pending[item]):
                self.end(item, FAILED, f"{type(error).__name__}: {error}")
        if time.monotonic() - self.looked > LOOK_S:
            self.looked = time.monotonic()
            self.look_at_workers(wanted)

    def look_at_workers(self, wanted: Mapping[str, Order]) -> None:
        """How many there are; and where nothing runs, why."""
        workers = self.crew.client.scheduler_info(n_workers=-1)["workers"].values()
        joined = [each for each in workers if HERE not in each["resources"] or not self.home.far]
        self.ledger.jobs = len(joined) or self.ledger.jobs
        if self.ledger.running or not self.ledger.open_items():
            return
        announced = {name for each in workers for name in each["resources"]}
        asked = {name for item in self.ledger.open_items() for name in resources(wanted[item], self.ledger.graph)}
        missing = sorted(asked - announced)
        if not joined:
            self.watcher.stalled("no worker has joined yet")
        elif missing:
            self.watcher.stalled(f"no worker announces {', '.join(missing)}")

    def stop(self, caught: list[int]) -> None:
        """End what runs, in order; a further signal does not wait for that."""
        self.watcher.stopping()
        signals, deadline = len(caught), time.monotonic() + GRACE_S
        self.crew.client.run(stop, self.home, wait=False, on_error="ignore")
        while self.ledger.running and time.monotonic() < deadline and len(caught) == signals:
            for event in self.told():
                if event["what"] == BEGAN or event["outcome"] == HELD_BACK:
                    continue
                if event["outcome"] != FAILED:
                    self.take([event])
                self.ledger.running.pop(event["item"], None)
