"""What travels between the driver and its workers: text, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

RAN, RESTORED, UNCHANGED, FAILED, HELD_BACK = "ran", "restored", "unchanged", "failed", "held back"
TOPIC = "retort-"
"""What the topic of a run's events begins with; the number of the run follows."""
BEGAN, ENDED = "began", "ended"


@dataclass(frozen=True)
class Home:
    """Where a run is driven from, as far as its workers must know."""

    run: str
    """A number of its own for every run."""
    root: str
    """The driver's working tree."""
    host: str
    far: bool = False
    """Whether there are workers that do not share the driver's tree."""
    commit: str = ""
    origin: str = ""
    """From where git fetches the commit, for a worker that does not see the driver's tree."""
    cache: str = ""
    """The driver's DVC cache, which workers share unless there is a remote."""
    remote: str = ""
    """The DVC remote through which data travel; empty where the cache is shared."""
    remote_url: str = ""

    @property
    def topic(self) -> str:
        """Under which the workers tell what they do."""
        return TOPIC + self.run

    @property
    def mark(self) -> str:
        """A file that exists in the driver's tree during the run: who finds it sees that very tree."""
        return f"{self.root}/.retort/run-{self.run}"


@dataclass(frozen=True)
class Order:
    """One item to be brought up to date."""

    home: Home
    item: str
    stale: bool
    """Whether it is stale by itself, and not only because something before it may change."""
    here: bool
    """Whether it is for the driver's own tree."""
    sent: bool
    """Whether a tree other than the one it runs in needs what it makes."""
    entry: str = ""
    """What dvc.lock says of it so far."""
    inputs: Mapping[str, str] = field(default_factory=dict)
    """What dvc.lock says of the items before it that are up to date."""


@dataclass(frozen=True)
class Answer:
    """What became of an item."""

    item: str
    outcome: str
    sentence: str = ""
    entry: str = ""
    """What dvc.lock is to say of it."""
    provenance: str = ""
    log: str = ""
    """The end of what it printed, where the driver does not see its log."""

    @property
    def bad(self) -> bool:
        """Whether what needs it cannot run."""
        return self.outcome in (FAILED, HELD_BACK)


Event = Mapping[str, Any]
"""Text and numbers under names: what a worker tells while it works."""
