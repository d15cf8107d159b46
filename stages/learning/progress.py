"""What a training shows: a live line on a terminal, one plain line per interval otherwise."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

INTERVAL_S = 15.0


class Report(Protocol):
    """Called after every step with the step and its named losses."""

    def __call__(self, step: int, losses: dict[str, float]) -> None: ...


def short(losses: dict[str, float]) -> str:
    """The named losses on a line: `generator/cycle` as `G cycle`."""
    names = {name: f"{name[0].upper()} {name.split('/', 1)[-1]}" for name in losses}
    return "  ".join(f"{names[name]} {value:.3g}" for name, value in losses.items())


def plain(title: str, total: int, start: int) -> Report:
    """One line per interval."""
    began = last = time.monotonic()

    def report(step: int, losses: dict[str, float]) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < INTERVAL_S and step != total:
            return
        last = now
        speed = (step - start) / max(now - began, 1e-9)
        remaining = (total - step) / max(speed, 1e-9)
        print(f"{title} step {step}/{total}  {speed:.2f} steps/s  {remaining:.0f} s left  {short(losses)}", flush=True)

    return report


@contextmanager
def shown(title: str, total: int, start: int) -> Iterator[Report]:
    """The report fit for where the output goes."""
    if not sys.stderr.isatty():
        yield plain(title, total, start)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TextColumn("{task.fields[speed]:.2f} steps/s"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[losses]}"),
    )
    began = time.monotonic()
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(title, total=total, completed=start, speed=0.0, losses="")

        def report(step: int, losses: dict[str, float]) -> None:
            speed = (step - start) / max(time.monotonic() - began, 1e-9)
            bar.update(task, completed=step, speed=speed, losses=short(losses))

        yield report
