"""The named losses of a training as it goes on, thinned."""

from __future__ import annotations

from typing import Any

POINTS = 200


class Curve:
    """Named numbers, averaged over equal stretches of steps, as tab-separated lines; a cell is empty without one."""

    def __init__(self, total: int) -> None:
        self.stretch = max(1, total // POINTS)
        self.rows: list[dict[str, float]] = []
        self.sums: dict[str, float] = {}
        self.counts: dict[str, int] = {}

    def state(self) -> dict[str, Any]:
        """What a resumed training continues."""
        return {"rows": self.rows, "sums": self.sums, "counts": self.counts}

    def restore(self, state: dict[str, Any]) -> None:
        """Continue."""
        self.rows, self.sums, self.counts = state["rows"], state["sums"], state["counts"]

    def add(self, step: int, numbers: dict[str, float]) -> None:
        """Take one step in."""
        for name, value in numbers.items():
            self.sums[name] = self.sums.get(name, 0.0) + value
            self.counts[name] = self.counts.get(name, 0) + 1
        if step % self.stretch == 0:
            means = {name: round(value / self.counts[name], 6) for name, value in self.sums.items()}
            self.rows.append({"step": step, **means})
            self.sums, self.counts = {}, {}

    def text(self) -> str:
        """The table."""
        if not self.rows:
            return "step\n"
        names = list(dict.fromkeys(name for row in self.rows for name in row))
        lines = ["\t".join(f"{row[name]:g}" if name in row else "" for name in names) for row in self.rows]
        return "\n".join(["\t".join(names), *lines]) + "\n"
