"""The metrics that params name for a kind of examination, found by their files' names and held to what it offers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from stages.measuring.contracts import Given, Measured, Metric
from stages.settings import members
from stages.settings.rows import Name, Row
from stages.storage.weights import find


class MetricError(ValueError):
    """A metric cannot serve in an examination; says which and why."""


class Settings(Row):
    """What every examination is told: images at once, bootstrap resamples, the seed of what is drawn, its metrics."""

    batch: Annotated[int, Field(ge=1, le=4096)]
    resamples: Annotated[int, Field(ge=100, le=100_000)]
    seed: Annotated[int, Field(ge=0, lt=2**31)]
    metrics: Annotated[dict[Name, dict[str, Any]], Field(min_length=1)]


@dataclass(frozen=True)
class Chosen:
    """A metric with its settings."""

    name: str
    metric: Metric
    settings: Mapping[str, Any]

    def measure(self, given: Given) -> Measured:
        """What the metric makes of it; every column must be one that the metric describes."""
        found = self.metric.measure(given, **self.settings)
        unknown = sorted(set(found) - set(self.metric.COLUMNS))
        if unknown:
            raise MetricError(f"stages/metrics/{self.name}.py measures {', '.join(unknown)}, but not in its COLUMNS")
        return found

    def more(self, what: str, given: Given) -> Mapping[str, Any]:
        """What an optional function of the metric makes of it; nothing where there is none."""
        function: Callable[..., Mapping[str, Any]] | None = getattr(self.metric, what, None)
        return function(given, **self.settings) if function else {}

    def weights(self) -> dict[str, Path]:
        """The files of published weights that it reads, by their names; an error where one is absent."""
        function: Callable[..., Mapping[str, str]] | None = getattr(self.metric, "weights", None)
        return {name: find(name, path) for name, path in (function(**self.settings) if function else {}).items()}


def choose(metrics: Mapping[str, Mapping[str, Any]], offers: tuple[str, ...], examination: str) -> tuple[Chosen, ...]:
    """The metrics in the order of params, their settings checked; one that needs what is not offered is refused."""
    found = []
    for name, given in metrics.items():
        metric: Any = members.load("metrics", name)
        needs = getattr(metric, "NEEDS", None)
        if needs not in offers:
            raise MetricError(
                f"evaluation.{examination}.metrics.{name}: needs {needs}, this examination offers {', '.join(offers)}"
            )
        found.append(Chosen(name, metric, members.options(metric.measure, given)))
    return tuple(found)


def needing(metrics: tuple[Chosen, ...], needs: str) -> tuple[Chosen, ...]:
    """Those that need one thing."""
    return tuple(each for each in metrics if needs == each.metric.NEEDS)
