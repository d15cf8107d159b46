"""`retort bench`: ours timed against others; faults, judges and strangers, counted."""

from __future__ import annotations

from retort.commands.bench import engine, faults, judges, metrics, strangers, training
from retort.commands.bench.group import bench

__all__ = ["bench", "engine", "faults", "judges", "metrics", "strangers", "training"]
