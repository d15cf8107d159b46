"""What is to be done, what runs, what became of the rest, and how long it may still take."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from retort.engine import graph as graphs
from retort.engine.graph import Graph
from retort.engine.orders import FAILED, HELD_BACK, RAN, RESTORED, UNCHANGED

WORDS = {RAN: "done", RESTORED: RESTORED, UNCHANGED: UNCHANGED, FAILED: "FAILED", HELD_BACK: HELD_BACK}
DEATHS = 3
"""So many workers may die of one item that saves nothing in between."""


@dataclass
class Ledger:
    """What is to be done, what runs, and what became of the rest."""

    graph: Graph
    pending: Mapping[str, list[str]]
    durations: dict[str, float]
    jobs: int
    whose: str = ""
    """What to say behind the time left: that it is another machine's."""
    began: float = field(default_factory=time.monotonic)
    running: dict[str, float] = field(default_factory=dict)
    outcomes: dict[str, str] = field(default_factory=dict)
    sentences: dict[str, str] = field(default_factory=dict)
    deaths: dict[str, int] = field(default_factory=dict)
    """How many workers died of each item that runs, since it last saved something."""
    progress: dict[str, str] = field(default_factory=dict)

    def all_that(self, outcome: str) -> list[str]:
        """The items with this outcome."""
        return [item for item, found in self.outcomes.items() if found == outcome]

    def open_items(self) -> list[str]:
        """Items that have not ended."""
        return [item for item in self.pending if item not in self.outcomes]

    def start(self, item: str, progress: str) -> bool:
        """Note that an item begins; whether it began before, on a worker that is dead."""
        again = item in self.running
        if again:
            self.deaths[item] = 1 if self.progress[item] != progress else self.deaths.get(item, 0) + 1
        self.running[item], self.progress[item] = time.monotonic(), progress
        return again

    def hopeless(self, item: str) -> bool:
        """Whether too many workers have died of an item."""
        return self.deaths.get(item, 0) >= DEATHS

    def end(self, item: str, outcome: str, sentence: str) -> list[str]:
        """Note how an item ended; returns the items it holds back."""
        began = self.running.pop(item, time.monotonic())
        self.outcomes[item], self.sentences[item] = outcome, sentence
        if outcome == RAN:
            self.durations[item] = time.monotonic() - began
        if outcome != FAILED:
            return []
        behind = graphs.closure([item], self.graph.dependents()) - {item}
        held_back = [each for each in self.open_items() if each in behind]
        self.outcomes.update(dict.fromkeys(held_back, HELD_BACK))
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
        words = {**WORDS, RAN: RAN, RESTORED: "restored from the run cache", FAILED: FAILED}
        counts = {outcome: len(self.all_that(outcome)) for outcome in words}
        ways = [f"{count} {words[outcome]}" for outcome, count in counts.items() if count]
        ways += [f"{len(self.open_items())} not done"] if self.open_items() else []
        return f"{len(self.pending)} items in {clock(time.monotonic() - self.began)}: {', '.join(ways)}"


def clock(seconds: float) -> str:
    """A time as a person says it."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"
