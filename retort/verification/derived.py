"""Tables and outcomes once more, as gather_results makes them of the measured numbers at hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from retort.verification.recorded import Finding
from stages.findings import claims, curves, gathering, headlines, moments, outcomes, plots, records
from stages.findings.claims import Claim, ClaimsError, Outcome
from stages.findings.gathering import Gathered
from stages.findings.outcomes import Results
from stages.findings.tables import TableError
from stages.metrics import cost
from stages.settings import paths, sweeps
from stages.settings.rows import Params


@dataclass(frozen=True)
class Derived:
    """The tables by path, what became of the claims, and what claims are held against; or why there are none."""

    tables: Mapping[Path, str] = field(default_factory=dict)
    outcomes: Sequence[Outcome] = ()
    results: Results | None = None
    problem: str = ""

    def decided(self, stated: Sequence[Claim]) -> list[Outcome]:
        """What becomes of other claims; nothing can be told without tables."""
        if self.results is None:
            return [Outcome(each, "cannot tell", self.problem) for each in stated]
        return [outcomes.judge(each, self.results) for each in stated]


def of_results(settings: Params, stated: Sequence[Claim]) -> Derived:
    """All that follows from the files behind the tables."""
    try:
        found = gathering.gather(sweeps.rows(settings), cost.COLUMNS)
        right = of_gathered(found, settings, stated)
        points = curves.gathered()
    except ClaimsError:
        raise
    except TableError as error:
        return Derived(problem=str(error))
    compared = right.tables[paths.comparisons()]
    shown = {**headlines.texts(found, compared), **plots.quality(found, compared)}
    shown |= plots.curves(settings, found.rows, points)
    return Derived({**right.tables, **shown}, right.outcomes, right.results)


def of_gathered(found: Gathered, settings: Params, stated: Sequence[Claim]) -> Derived:
    """The tables of some numbers and the outcomes of claims, without what is only shown of them."""
    tables = {
        **gathering.texts(found),
        **gathering.texts_of_lengths(found, settings),
        **gathering.texts_of_paces(found, settings, moments.read()),
    }
    choices = {name: records.choice(name) for name in settings.searches}
    shown = outcomes.results(found.rows, tables, choices, found.reports, found.dictionary, cost.COLUMNS)
    decided = [outcomes.judge(each, shown) for each in stated]
    return Derived({**tables, claims.TABLE: claims.text(decided)}, decided, shown)


def findings(right: Derived) -> Iterator[Finding]:
    """Tables at hand that are not, byte for byte, what follows from the files behind them."""
    if right.problem:
        yield Finding(paths.RESULTS.as_posix(), f"gives no tables: {right.problem}")
    for path, text in right.tables.items():
        if not path.exists():
            yield Finding(path.as_posix(), "is missing")
            continue
        mine = path.read_text(encoding="utf-8", errors="replace")
        if mine != text:
            yield Finding(path.as_posix(), f"is not what the files behind it give; {first_difference(mine, text)}")


def first_difference(text: str, expected: str) -> str:
    """The first line in which two texts differ."""
    mine, right = text.splitlines(), expected.splitlines()
    for number, (one, two) in enumerate(zip(mine, right, strict=False), 1):
        if one != two:
            cells = [f"{a} instead of {b}" for a, b in zip(one.split(","), two.split(","), strict=False) if a != b]
            return f"line {number}: {cells[0] if cells else 'its length'}"
    return f"{len(mine)} lines instead of {len(right)}"
