"""The artifact appendix: of every claim what regenerates what decides it, how long that takes and what it leaves.

Sections are those of the appendix that ACM and USENIX conferences ask for (https://ctuning.org/ae/submission_extra.html).
Times are those of results/provenance, sizes those of dvc.lock, outcomes those of results/claims.csv: nothing is typed.
Times change with every run, so no stage of the pipeline writes this; `retort artifact` does.
"""

from __future__ import annotations

import csv
import json
import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from retort.engine import graph as graphs
from retort.engine.graph import Graph, stage_of
from retort.engine.ledger import clock
from retort.exchange import citation
from retort.verification import recorded
from retort.verification.recorded import Finding
from stages.findings import claims, origins, outcomes
from stages.metrics import cost
from stages.settings import params, paths, provenance, sweeps
from stages.settings.rows import CHOSEN, Params
from stages.tables import latex, markdown
from stages.tables.templating import Made, environment

FILE = Path("ARTIFACT.md")
TEMPLATES = Path(__file__).parent / "templates"
CORES = 2
"""Side by side in the times that are told, whatever the machine has."""
MORE = (4, 8)
"""Cores for which the time of everything is told besides."""
FACTS = ("cpu", "cores", "platform", "python", "torch", "dvc")
JUDGING = "evaluate_quality"
RENDERED = ("gather_results", "plot_figures", "write_tables")
PROJECT = Path("pyproject.toml")
MEGABYTE = 1e6


class AppendixError(ValueError):
    """The appendix cannot be written; says what is missing and what makes it."""


@dataclass(frozen=True)
class Work:
    """Items that are run, how long that takes, and how much data and weights they leave."""

    items: int
    trainings: int
    seconds: float
    span: float
    bytes: int

    @property
    def time(self) -> str:
        """The time with some items side by side."""
        return clock(self.span)

    @property
    def alone(self) -> str:
        """The time of one item after the other."""
        return clock(self.seconds)

    @property
    def disk(self) -> str:
        """What it leaves."""
        return megabytes(self.bytes)


@dataclass(frozen=True)
class Stated:
    """A claim, what became of it, and what regenerates what decides it."""

    claim: str
    outcome: str
    figures: str
    headline: bool
    targets: tuple[str, ...]
    work: Work | None

    @property
    def command(self) -> str:
        """What a reader runs."""
        return f"retort repro {' '.join(self.targets)}"


@dataclass(frozen=True)
class Records:
    """What the graph, dvc.lock and results/provenance say of all items."""

    graph: Graph
    seconds: Mapping[str, float]
    bytes: Mapping[str, int]

    def work(self, targets: Collection[str]) -> Work:
        """What bringing targets and all that they need up to date from nothing takes; every item must have a record."""
        items = self.graph.select(targets)
        untold = sorted(items - self.seconds.keys() | items - self.bytes.keys())
        if untold:
            named = ", ".join(untold[:3]) + (f" and {len(untold) - 3} more" if len(untold) > 3 else "")
            raise AppendixError(f"no record says how long {named} took and how much it left; `retort repro` runs it")
        return Work(
            len(items),
            sum(stage_of(item).startswith(("build_", origins.DISTILLING)) for item in items),
            sum(self.seconds[item] for item in items),
            graphs.span(self.graph, items, self.seconds, CORES),
            sum(self.bytes[item] for item in items),
        )

    def whole(self, cores: int) -> str:
        """About how long everything takes with so many items side by side."""
        return clock(graphs.span(self.graph, self.graph.needs, self.seconds, cores))


def read() -> Records:
    """The records of this working tree."""
    if not paths.LOCK.exists():
        raise AppendixError(f"nothing has run here: {paths.LOCK} is missing; `retort repro` makes it")
    sizes = {
        item: sum(out["size"] for out in entry.get("outs", []))
        for item, entry in recorded.parsed(paths.LOCK.read_bytes()).items()
    }
    # The check of params leaves no record; it takes seconds.
    return Records(graphs.wired(), {graphs.GATE: 0.0, **provenance.durations()}, sizes)


def deciding(settings: Params, rows: Iterable[str], metric: str) -> tuple[str, ...]:
    """The items that make the figures by which a claim about rows is decided."""
    items = list(dict.fromkeys(map(origins.item, rows)))
    if metric in cost.COLUMNS:
        return ("count_costs",)
    if metric == outcomes.TAU:
        searches = dict.fromkeys(settings.chosen[item].student[CHOSEN] for item in items)
        return tuple(f"choose_students@{search}" for search in searches)
    if metric in outcomes.COSINES:
        return tuple(f"{sweeps.stage(settings, origins.DISTILLING, item)}@{item}" for item in items)
    return tuple(f"{sweeps.stage(settings, JUDGING, item)}@{item}" for item in items)


def stated(settings: Params, known: Records) -> list[Stated]:
    """Every claim in the order of claims.yaml; one about rows that params do not have has no command."""
    if not claims.TABLE.exists():
        raise AppendixError(f"{claims.TABLE} is missing; `retort repro gather_results` makes it")
    found = []
    with claims.TABLE.open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            targets = deciding(settings, line["rows"].split(), line["metric"]) if line["rows"] else ()
            work = known.work(targets) if targets else None
            told = (line["claim"], line["outcome"], line["figures"], line["headline"] == "true")
            found.append(Stated(*told, targets, work))
    return found


def machines() -> list[str]:
    """On what the records were made, most of them first."""
    counted: dict[str, int] = {}
    for file in sorted(paths.provenances().glob("*.json")):
        entry = json.loads(file.read_text(encoding="utf-8"))
        facts = {key: entry[key] for key in FACTS if key in entry}
        machine = (
            f"{facts['cpu']}, {facts['cores']} cores, {facts['platform']}, Python {facts['python']}, "
            f"PyTorch {facts['torch']}, DVC {facts['dvc']}"
        )
        counted[machine] = counted.get(machine, 0) + 1
    return sorted(counted, key=lambda each: -counted[each])


def installed() -> int:
    """The bytes of all packages of this environment, as their own lists say."""
    return sum(file.size or 0 for each in distributions() for file in each.files or ())


def megabytes(count: int) -> str:
    """A size as a person says it."""
    return f"{count / MEGABYTE:,.0f} MB" if count >= MEGABYTE else f"{max(count / MEGABYTE, 0.1):.1f} MB"


def content() -> dict[str, Any]:
    """Everything that the templates put into words."""
    settings, known, cited = params.read(), read(), citation.read()
    project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]
    listed = stated(settings, known)
    rendering = [item for item in RENDERED if item in known.seconds]
    return {
        "cited": cited,
        "python": project["requires-python"].removeprefix(">="),
        "claims": listed,
        "headlines": ", ".join(str(place) for place, each in enumerate(listed, 1) if each.headline) or "none",
        "whole": known.work(()),
        "more": ", ".join(f"{known.whole(cores)} on {cores}" for cores in MORE),
        "rendering": clock(sum(known.seconds[item] for item in rendering)),
        "machines": machines(),
        "families": list(dict.fromkeys(row.family for row in settings.teachers.values())),
        "datasets": list(dict.fromkeys(row.dataset for row in settings.datasets.values())),
        "rows": len(sweeps.rows(settings)),
        "seeds": sum(len(row.seeds) for row in sweeps.rows(settings).values()),
        "examinations": list(settings.evaluation),
        "installed": megabytes(installed()),
        "cores": CORES,
        "device": settings.run.device,
    }


def findings(root: Path) -> Iterator[Finding]:
    """Claims of which the appendix at hand does not say what became of them. Times and figures are another run's."""
    if not (root / claims.TABLE).exists():
        return
    told = (root / FILE).read_text(encoding="utf-8")
    with (root / claims.TABLE).open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            _, stands, after = told.partition(f". {markdown.escape(line['claim'])}\n")
            expected = re.search(r"^Expected: \*\*(.*?)\*\*", after, re.MULTILINE)
            if not stands or expected is None or expected[1] != line["outcome"]:
                yield Finding(
                    FILE.as_posix(), f"does not say that {line['claim']!r} {line['outcome']}: `retort artifact`"
                )


def code(text: str) -> Made:
    """A name or command in Markdown."""
    return Made(f"`{text}`")


def typewriter(text: str) -> Made:
    """A name or command in LaTeX, which may break behind blanks, at signs and dashes."""
    written = latex.escape(text)
    for sign in ("@", "-", "/"):
        written = written.replace(sign, f"{sign}\\allowbreak{{}}")
    return Made(rf"\texttt{{{written}}}")


def text(suffix: str) -> str:
    """The appendix in the format of a file's suffix."""
    forms = {".md": (markdown.escape, code), ".tex": (latex.escape, typewriter)}
    escape, named = forms[suffix]
    template = environment(escape, TEMPLATES).get_template(f"appendix{suffix}.j2")
    return template.render(**content(), code=named, plain=Made)
