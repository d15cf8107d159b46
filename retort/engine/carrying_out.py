"""What a worker does with an order: one item brought up to date, and told to the driver while it happens."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from distributed import get_worker
from dvc.exceptions import DvcException

from retort.engine import lockfile, saved
from retort.engine.checkpoints import progress
from retort.engine.clones import CloneError
from retort.engine.orders import BEGAN, ENDED, FAILED, HELD_BACK, RAN, RESTORED, UNCHANGED, Answer, Home, Order
from retort.engine.station import PATIENCE_S, STATION, facts, log_of
from retort.engine.tree import Tree
from stages.settings import paths

LOG_END = 20_000
POLL_S = 0.05


def carry_out(order: Order, *needs: Answer, after: Sequence[Answer] = ()) -> Answer:  # noqa: ARG001
    """Bring one item up to date; `needs` are the answers of the items it needs, `after` only makes it wait."""
    answer = decided(order, needs) or worked(order, needs)
    tell(order.home, {"what": ENDED, **asdict(answer)})
    return answer


def decided(order: Order, needs: Sequence[Answer]) -> Answer | None:
    """What becomes of an item without work."""
    if any(each.bad for each in needs) or order.home.run in STATION.ended:
        return Answer(order.item, HELD_BACK)
    if not order.stale and all(each.outcome == UNCHANGED for each in needs):
        return Answer(order.item, UNCHANGED, entry=order.entry)
    return None


def worked(order: Order, needs: Sequence[Answer]) -> Answer:
    """Work at an item, in a tree that holds what it needs."""
    with STATION.free:
        try:
            tree = STATION.open(order.home, order.here)
        except (CloneError, DvcException, OSError) as error:
            sentence = f"on {facts()['host']}: {error}"
            return Answer(order.item, FAILED, sentence, log=sentence)
        place = {"worker": get_worker().address, "tree": str(Path.cwd()), "progress": progress(order.item)}
        tell(order.home, {"what": BEGAN, "item": order.item, **place, **facts()})
        with STATION.at_work(order):
            try:
                answer = reproduced(order, needs, tree)
            except Exception as error:
                # A full disk, a remote that is gone: the item fails, and nothing is recorded of it.
                traceback.print_exc()
                answer = Answer(order.item, FAILED, f"{type(error).__name__}: {error}")
        if not order.here:
            log = log_of(order.item).read_text(encoding="utf-8", errors="replace")
            answer = replace(answer, log=f"the end, on {facts()['host']} in {Path.cwd()}\n{log[-LOG_END:]}")
        return answer


def reproduced(order: Order, needs: Sequence[Answer], tree: Tree) -> Answer:
    """Fetch what an item needs, reproduce it, send what it made."""
    entries = {**order.inputs, **{each.item: each.entry for each in needs}}
    if order.home.far and order.here:
        wait_for(entries)
    elif order.home.far:
        for item, entry in entries.items():
            tree.bring(item, entry)
    known = recorded(order)
    tree.believe(order.item, known)
    outcome, sentence = tree.attempt(order.item, STATION.stopped)
    if outcome == UNCHANGED and known != order.entry:
        # It ran before in this run, and its answer was lost with the worker that had it.
        outcome = RESTORED
    if outcome == FAILED:
        return Answer(order.item, outcome, sentence)
    if outcome == RAN:
        saved.seal(order.item)
    if order.sent:
        tree.send(order.item)
    record = paths.provenance(order.item, "")
    told = outcome == RAN and not order.here and record.exists()
    made = record.read_text(encoding="utf-8") if told else ""
    return Answer(order.item, outcome, sentence, tree.entry(order.item), made)


def recorded(order: Order) -> str:
    """What is recorded of an item by now: in the driver's tree by dvc.lock, elsewhere as the driver said."""
    return lockfile.lock_entries()[1].get(order.item, "") if order.here else order.entry


def wait_for(entries: Mapping[str, str]) -> None:
    """Wait until the driver has put what other trees made into its own: it writes dvc.lock after that."""
    while entries and not STATION.stopped(POLL_S):
        _, recorded, _ = lockfile.lock_entries()
        if all(recorded.get(item) == entry for item, entry in entries.items()):
            return


def tell(home: Home, event: dict[str, str]) -> None:
    """Tell the driver, at once: what a worker has only in its memory is lost with it."""
    get_worker().log_event(home.topic, event)


async def stop(home: Home) -> None:
    """End what runs here for a driver."""
    await asyncio.to_thread(STATION.stop, home, PATIENCE_S)


async def drop(item: str) -> None:
    """End an item that the driver has given up, if it runs here."""
    await asyncio.to_thread(STATION.drop, item)
