"""What was claimed and what became of it, as results/claims.csv says: what page and README begin with."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from stages.findings import claims
from stages.findings.tables import TableError
from stages.settings import paths
from stages.tables.gathered import Fields, Gathered, table
from stages.tables.summary import Table

ELSEWHERE = "other scale"
MARKS = {"holds": "✓", "does not hold": "✗", "cannot tell": "?", ELSEWHERE: "–"}
"""What can become of a claim, and its mark."""
UNTOLD = "cannot be told"
COUNTED = {"holds": ("holds", "hold"), "does not hold": ("does not", "do not"), "cannot tell": (UNTOLD, UNTOLD)}
"""How one claim and several are counted."""
FLAGS = {"true": True, "false": False}


@dataclass(frozen=True)
class Finding:
    """A claim, what became of it, the metric and its figures that decided, and the problems and rows it is about."""

    claim: str
    outcome: str
    metric: str
    figures: str
    headline: bool
    problems: tuple[str, ...]
    rows: tuple[str, ...]

    @property
    def because(self) -> str:
        """The figures, with minus signs where hyphens stand for them."""
        return re.sub(r"(?<!\w)-(?=[\d.])", "−", self.figures)

    @property
    def mark(self) -> str:
        """The outcome as a sign."""
        return MARKS[self.outcome]


@dataclass(frozen=True)
class System:
    """The findings of one kind of examination; `said` counts them."""

    title: str
    findings: tuple[Finding, ...]

    @property
    def said(self) -> str:
        """Its claims, counted."""
        return counted(self.findings)


@dataclass(frozen=True)
class Opening:
    """What was found: the findings that come first, the others by kind of examination, and all of them counted."""

    first: tuple[Finding, ...]
    systems: tuple[System, ...]
    said: str


def opening(tables: Sequence[tuple[Gathered, Table]]) -> Opening:
    """What became of the claims about rows of these params."""
    found = here(read())
    others = systems((each for each in found if not each.headline), {part.layout.title: of for of, part in tables})
    return Opening(tuple(each for each in found if each.headline), tuple(others), counted(found) if found else "")


def read() -> list[Finding]:
    """The findings in the order of claims.yaml."""
    return [made(line) for line in table(claims.TABLE)]


def made(line: Fields) -> Finding:
    """A line of the table, checked."""
    if line["outcome"] not in MARKS or line["headline"] not in FLAGS:
        told = f"outcome {line['outcome']!r} and headline {line['headline']!r}"
        raise TableError(f"{claims.TABLE} has {told} for the claim {line['claim']!r}; run `retort repro` again")
    return Finding(
        line["claim"],
        line["outcome"],
        line["metric"],
        line["figures"],
        FLAGS[line["headline"]],
        tuple(line["problems"].split()),
        tuple(line["rows"].split()),
    )


def here(findings: Iterable[Finding]) -> list[Finding]:
    """Those about rows of these params."""
    return [each for each in findings if each.outcome != ELSEWHERE]


def counted(findings: Sequence[Finding]) -> str:
    """How many claims there are, and what became of them."""
    outcomes = Counter(each.outcome for each in findings)
    parts = [f"{count} {COUNTED[key][count > 1]}" for key in COUNTED if (count := outcomes[key])]
    return f"{len(findings)} claim{'s' if len(findings) > 1 else ''}: {', '.join(parts)}"


def systems(findings: Iterable[Finding], tables: Mapping[str, Gathered]) -> list[System]:
    """Findings by the kind of examination that their rows, or their problems, belong to."""
    home = {name: title for title, found in tables.items() for name in (*found.problems(), *found.rows)}
    kept: dict[str, list[Finding]] = {title: [] for title in tables}
    for each in findings:
        known = [home[name] for name in (*each.rows, *each.problems) if name in home]
        if not known:
            raise TableError(f"{claims.TABLE}: no row or problem of {paths.PARAMS} is behind the claim {each.claim!r}")
        kept[known[0]].append(each)
    return [System(title, tuple(held)) for title, held in kept.items() if held]
