"""The checks of `retort verify`, each a question with what it found: nothing, or what is not as it must be."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from retort.verification import against, agreement, claimed, derived, recorded, rejudging, repository
from retort.verification.agreement import Compared, Table
from retort.verification.derived import Derived
from retort.verification.published import Source, working
from retort.verification.recorded import Finding
from stages.findings import outcomes
from stages.settings import paths, sweeps
from stages.settings.rows import Params

TABLES = (paths.results(), *outcomes.DIFFERENCES, paths.evidence(), paths.variance(), paths.training_curves())


@dataclass
class Check:
    """A question, what speaks against it, and what could not be looked at."""

    question: str
    findings: list[Finding] = field(default_factory=list)
    note: str = ""
    compared: list[Compared] = field(default_factory=list)


def reports(settings: Params) -> dict[str, dict[str, Any]]:
    """The quality files of all rows that have a sound one."""
    found = {name: against.load_json(paths.quality(name)) for name in sweeps.rows(settings)}
    return {
        name: report
        for name, report in found.items()
        if isinstance(report, dict) and {"protocol", "seeds", "references"} <= report.keys()
    }


def numbers(settings: Params) -> Iterator[Finding]:
    """Whether every number is one, in every file of results that is here."""
    for path in [paths.costs(), *map(paths.quality, sweeps.rows(settings))]:
        if path.exists():
            yield from recorded.check_numbers(path)
    for path in TABLES:
        if path.exists():
            yield from bad_cells(path)


def bad_cells(path: Path) -> Iterator[Finding]:
    """Cells of a table that are no finite number though they look like one."""
    for line, row in enumerate(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))), 2):
        for column, cell in row.items():
            value = agreement.number(cell) if isinstance(cell, str) else math.nan
            if value is not None and not math.isfinite(value):
                yield Finding(f"{path} line {line}", f"{column or 'a column too many'} holds {cell}")


def lines(settings: Params, table: Table) -> Iterator[Finding]:
    """Whether results.csv has a line for every row and seed, and no other."""
    expected: set[tuple[str, ...]] = {
        (name, str(seed)) for name, row in sweeps.rows(settings).items() for seed in row.seeds
    }
    for key in sorted(expected - table.rows.keys()):
        yield Finding(agreement.name(key), f"is missing in {paths.results()}")
    for key in sorted(table.rows.keys() - expected):
        yield Finding(agreement.name(key), f"is in {paths.results()}, but not in {paths.PARAMS}")


def table_against(mine: Table, theirs: Table, exact: bool, check: Check) -> None:
    """Whether the published table is met: counts and texts to the letter, measured numbers within tolerance."""
    check.findings += agreement.shape(mine, theirs)
    loose = [] if exact else agreement.measured(theirs)
    check.findings += agreement.exact(mine, theirs, [each for each in theirs.columns if each not in loose])
    for each in agreement.nearly(mine, theirs, loose):
        if isinstance(each, Compared):
            check.compared.append(each)
        else:
            check.findings.append(each)


def answered(question: str, found: Iterator[Finding], note: str = "") -> Check:
    """A question with its answers."""
    return Check(question, list(found), note)


def read_table(source: Source) -> tuple[Table | None, list[Finding]]:
    """The results.csv of a source, or what is wrong with it."""
    text = source.read(paths.results())
    if text is None:
        return None, [Finding(paths.results().as_posix(), f"is missing in {source.name}")]
    try:
        return agreement.read(text), []
    except (ValueError, csv.Error) as error:
        return None, [Finding(paths.results().as_posix(), f"in {source.name} {error}")]


def examine(
    settings: Params, right: Derived, source: Source | None, exact: bool, quick: int, report: Callable[[str], None]
) -> Iterator[Check]:
    """Every check, those first that look at the results at hand alone."""
    lock = recorded.parsed(paths.LOCK.read_bytes()) if paths.LOCK.exists() else {}
    here = reports(settings)
    mine, unreadable = read_table(working())
    yield answered("every row ran, and no other", recorded.check_items(lock))
    yield answered("with the params of now", recorded.check_params(lock))
    yield answered("with the code of now, on each other's outputs", recorded.check_deps(lock))
    yield answered("files are those that were made", recorded.check_outs(lock))
    yield answered("numbers are numbers", numbers(settings))
    yield answered("every row and seed was judged", recorded.check_seeds(settings, here))
    yield answered("all rows were measured in one way", recorded.check_protocols(here))
    yield answered("tables have every row and seed", iter(unreadable) if mine is None else lines(settings, mine))
    yield answered("tables follow from the files behind them", derived.findings(right))
    yield answered("the repository says of itself what is so", repository.findings())
    yield compared(settings, lock, here, mine, source, exact)
    yield reclaimed(right, source)
    if quick:
        chosen = rejudging.sample(settings, here, quick)
        found = rejudging.findings(chosen, here, exact, report)
        yield answered("weights give the numbers once more", found, f"{len(chosen)} items: {', '.join(chosen)}")


def compared(
    settings: Params,
    lock: dict[str, Any],
    here: dict[str, dict[str, Any]],
    mine: Table | None,
    source: Source | None,
    exact: bool,
) -> Check:
    """Whether these are the published results."""
    question = "equal to the published bytes" if exact else "agree with the published results"
    if source is None:
        return Check(question, note="not compared: there is no git here, name them with --against")
    theirs, problems = read_table(source)
    if theirs is None and source.read(paths.results()) is None:
        return Check(question, note=f"not compared: {source.name} holds no {paths.results()}")
    check = answered(
        question,
        chain(against.counts(source), against.hashes(lock, source, exact), against.protocols(settings, source, here)),
    )
    check.note = source.name + against.arithmetic(settings, source, here)
    check.findings += problems
    if mine is not None and theirs is not None:
        table_against(mine, theirs, exact, check)
    return check


def reclaimed(right: Derived, source: Source | None) -> Check:
    """Whether every claim comes out as it was published."""
    question = "claims come out as published"
    if source is None:
        return Check(question, note="not compared: there is no git here, name published results with --against")
    findings, note = claimed.against(right.outcomes, source)
    return Check(question, findings, note)
