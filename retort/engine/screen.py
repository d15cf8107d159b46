"""What `retort repro` shows: a live table on a terminal, a line per event elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from retort.engine import graph as graphs
from retort.engine.ledger import WORDS, Ledger, clock
from retort.engine.orders import FAILED, RAN, RESTORED, Event
from retort.engine.station import facts, log_of

LAST_LINES = 15


@dataclass
class Screen:
    """What is shown of a run, as it happens."""

    console: Console
    ledger: Ledger
    live: Live | None
    said: set[str] = field(default_factory=set)

    def once(self, sentence: str) -> None:
        """Say what need not be said twice."""
        if sentence not in self.said:
            self.said.add(sentence)
            self.console.print(sentence)

    def started(self, item: str, event: Event, again: bool) -> None:
        """An item has begun; `again` after its worker died."""
        for name, mine in facts().items():
            if name != "host" and event[name] != mine:
                self.once(f"note       {event['host']} has {name} {event[name]}, this machine {mine}: bits may differ")
        if again:
            self.console.print(f"again      {item}: its worker died", style="yellow")
        elif not self.live:
            print(f"start      {item}", flush=True)

    def ended(self, item: str, seconds: float) -> None:
        """An item has ended."""
        outcome = self.ledger.outcomes[item]
        took = f" ({seconds:.1f} s)" if outcome in (RAN, RESTORED, FAILED) else ""
        count = f"{len(self.ledger.outcomes)}/{len(self.ledger.pending)}"
        self.console.print(f"{WORDS[outcome]:10} {item}{took} {count}", style="red" if outcome == FAILED else None)

    def stopping(self) -> None:
        """What runs is being ended."""
        self.console.print("Stopping; a second signal does not wait for what runs to end in order.")

    def stalled(self, reason: str) -> None:
        """Nothing runs although something could."""
        self.once(f"waiting    {reason}")

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

    def conclude(self) -> None:
        """What became of all, and of each item that failed where its log is and how that ends."""
        self.console.print(self.ledger.summary())
        for item in self.ledger.all_that(FAILED):
            log = log_of(item)
            self.console.print(f"\n{item} failed: {self.ledger.sentences[item]}\n  log: {log}", style="red")
            lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
            for line in lines[-LAST_LINES:]:
                self.console.print(f"  | {line}")


@contextmanager
def shown(console: Console, ledger: Ledger) -> Iterator[Screen]:
    """The display fit for where the output goes."""
    if not console.is_terminal:
        yield Screen(console, ledger, None)
        return
    with Live(console=console, auto_refresh=False, transient=True) as live:
        yield Screen(console, ledger, live)
