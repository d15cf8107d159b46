"""The checks of `retort verify`, each a question with what it found: nothing, or what is not as it must be."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from retort.verification import (
    against,
    agreement,
    claimed,
    derived,
    judging,
    processors,
    recorded,
    rejudging,
    repository,
    verdicts,
)
from retort.verification.agreement import Compared, Judges, Table
from retort.verification.derived import Derived
from retort.verification.published import Source, content, working
from retort.verification.recorded import Finding
from stages.findings import outcomes
from stages.findings.tables import PROTOCOL
from stages.settings import paths, sweeps
from stages.settings.rows import Params

TABLES = (paths.results(), *outcomes.DIFFERENCES, paths.evidence(), paths.variance(), paths.training_curves())


@dataclass
class Check:
    """A question, what speaks against it, what could not be looked at, and what is told though it is no fault."""

    question: str
    findings: list[Finding] = field(default_factory=list)
    note: str = ""
    told: list[Finding] = field(default_factory=list)
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


def table_against(mine: Table, theirs: Table, judges: Judges, checked: Collection[str], check: Check) -> None:
    """Whether the published table is met: counts and texts to the letter, measured numbers within tolerance.

    The protocols of rows that were `checked` themselves are not asked for their keys, which name the judge too.
    """
    loose = agreement.measured(theirs)
    strict = [each for each in theirs.columns if each not in (*loose, PROTOCOL)]
    check.findings += [*agreement.shape(mine, theirs), *agreement.exact(mine, theirs, strict)]
    unchecked = Table(theirs.columns, {key: row for key, row in theirs.rows.items() if key[0] not in checked})
    if PROTOCOL in theirs.columns:
        check.findings += agreement.exact(mine, unchecked, [PROTOCOL])
    near = agreement.nearly(mine, theirs, loose, judges)
    check.findings += near.findings
    check.told += near.told
    check.compared += near.compared


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
    kinds = processors.kinds()
    yield answered("all networks were trained on one kind of processor", processors.findings(kinds), ", ".join(kinds))
    yield answered("tables have every row and seed", iter(unreadable) if mine is None else lines(settings, mine))
    yield answered("tables follow from the files behind them", derived.findings(right))
    yield answered("the repository says of itself what is so", repository.findings())
    yield compared(settings, lock, here, mine, source, exact)
    yield turned(settings, source)
    yield reclaimed(right, source, exact)
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
    told = (against.counts(source), against.rows(source), against.hashes(lock, source, exact))
    check = answered(question, chain(*told, against.protocols(settings, source, here, exact)))
    check.note = source.name + against.arithmetic(settings, source, here)
    check.findings += problems
    if mine is None or theirs is None:
        return check
    if exact:
        check.findings += [*agreement.shape(mine, theirs), *agreement.exact(mine, theirs, theirs.columns)]
        return check
    judges, note = judging.read(sweeps.rows(settings), here, source)
    check.note += note
    checked = [name for name in here if source.read(paths.quality(name)) is not None]
    table_against(mine, theirs, judges, checked, check)
    return check


def turned(settings: Params, source: Source | None) -> Check:
    """Whether no verdict says the opposite of the published one; where the others went is told."""
    question = "no verdict is reversed"
    if source is None:
        return Check(question, note="not compared: there is no git here, name published results with --against")
    here = {path: (content(path) or b"") for path in outcomes.DIFFERENCES}
    problems = {name: row.problem for name, row in sweeps.rows(settings).items()}
    found = verdicts.turned(here, source, problems)
    notes = [verdicts.moved(found.led)] if found.led else []
    notes += [f"not compared: {source.name} holds no {path}" for path in found.unpublished]
    return Check(question, found.findings, "; ".join(notes), found.told)


def reclaimed(right: Derived, source: Source | None, exact: bool) -> Check:
    """Whether no claim comes out the other way round; those that became open, or are no longer, are told."""
    question = "claims come out as published"
    if source is None:
        return Check(question, note="not compared: there is no git here, name published results with --against")
    findings, told, note = claimed.against(right.outcomes, source, exact)
    return Check(question, findings, note, told)
