"""The checks of `retort verify`, each a question with what it found: nothing, or what is not as it must be."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from stages import gather_results
from stages.harness.findings import records, tables
from stages.harness.pipeline import recorded
from stages.harness.pipeline.recorded import Finding
from stages.harness.settings import paths, sweeps
from stages.harness.settings.params import Params
from stages.harness.verification import agreement, claims, rejudging
from stages.harness.verification.agreement import Compared, Table
from stages.harness.verification.published import Source, working
from stages.harness.verification.rejudging import unequal

TABLES = (paths.results(), paths.comparisons(), paths.variance(), paths.training_curves())


@dataclass
class Check:
    """A question, what speaks against it, and what could not be looked at."""

    question: str
    findings: list[Finding] = field(default_factory=list)
    note: str = ""
    compared: list[Compared] = field(default_factory=list)


def load_json(path: Path) -> Any:  # noqa: ANN401 - what the file holds
    """A JSON file, or nothing where it is none; `check_numbers` says so."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def reports(settings: Params) -> dict[str, dict[str, Any]]:
    """The quality files of all rows that have a sound one."""
    found = {name: load_json(paths.quality(name)) for name in sweeps.rows(settings)}
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


def derived(settings: Params) -> Iterator[Finding]:
    """Whether the tables are what the files behind them give, byte for byte."""
    try:
        right = tables_of(settings)
    except tables.TableError as error:
        yield Finding(paths.RESULTS.as_posix(), f"gives no tables: {error}")
        return
    for path, text in right.items():
        if not path.exists():
            yield Finding(path.as_posix(), "is missing")
            continue
        mine = path.read_text(encoding="utf-8")
        if mine != text:
            yield Finding(path.as_posix(), f"is not what the quality files give; {first_difference(mine, text)}")


def tables_of(settings: Params) -> dict[Path, str]:
    """What gather_results makes of the measured numbers; a clone need not have the curves, so they are left out."""
    rows = sweeps.rows(settings)
    found, costs = records.reports(rows), records.read(paths.costs())["variants"]
    measured = gather_results.measured_columns(found)
    columns = [*tables.NAMES, *tables.COSTS, *measured, agreement.PROTOCOL]
    cells = [{**dict.fromkeys(columns), **line} for line in records.lines(rows, found, costs)]
    return {
        paths.results(): tables.text(columns, cells),
        paths.comparisons(): tables.text(gather_results.COMPARISON, gather_results.comparisons(rows, found)),
        paths.variance(): tables.text(gather_results.VARIANCE, gather_results.variances(rows, found)),
    }


def first_difference(text: str, expected: str) -> str:
    """The first line in which two texts differ."""
    mine, right = text.splitlines(), expected.splitlines()
    for number, (one, two) in enumerate(zip(mine, right, strict=False), 1):
        if one != two:
            cells = [f"{a} instead of {b}" for a, b in zip(one.split(","), two.split(","), strict=False) if a != b]
            return f"line {number}: {cells[0] if cells else 'its length'}"
    return f"{len(mine)} lines instead of {len(right)}"


def counts(published: Source) -> Iterator[Finding]:
    """Whether counted costs are the published ones."""
    text = published.read(paths.costs())
    here, there = load_json(paths.costs()), None if text is None else json.loads(text)
    if there is not None and here != there:
        yield Finding(
            paths.costs().as_posix(),
            f"differs from the published one: {', '.join(unequal(here, there, 'published')[:3])}",
        )


def hashes(lock: dict[str, Any], published: Source, exact: bool) -> Iterator[Finding]:
    """Whether data, and if asked everything but times and figures, was made to the published bytes."""
    text = published.read(paths.LOCK)
    theirs = recorded.outs(recorded.parsed(text)) if text is not None else {}
    mine = recorded.outs(lock)
    for path, (item, digest) in theirs.items():
        wanted = path.startswith("data/") or (exact and path.startswith("results/") and path != str(paths.latency()))
        if wanted and path in mine and mine[path][1] != digest:
            yield Finding(path, f"has other bytes than the published one ({item})")


def protocols(settings: Params, published: Source, here: dict[str, dict[str, Any]]) -> Iterator[Finding]:
    """Whether the published numbers were measured in the same way."""
    for name in sweeps.rows(settings):
        text = published.read(paths.quality(name))
        if text is not None and name in here:
            differing = unequal(here[name]["protocol"], json.loads(text)["protocol"], "published")
            if differing:
                yield Finding(paths.quality(name).as_posix(), f"protocol: {'; '.join(differing[:3])}")


def precision(reports: Iterable[dict[str, Any]]) -> str:
    """The arithmetic in which the networks of some reports were trained."""
    return " and ".join(
        sorted(
            {
                seed.get("training_precision", "unrecorded precision")
                for each in reports
                for seed in each["seeds"].values()
            }
        )
    )


def arithmetic(settings: Params, published: Source, here: dict[str, dict[str, Any]]) -> str:
    """How the published networks were trained otherwise: no reason to fail, but to expect other bytes."""
    texts = [published.read(paths.quality(name)) for name in sweeps.rows(settings)]
    theirs, mine = precision(json.loads(text) for text in texts if text is not None), precision(here.values())
    return f"; trained in {theirs} there, in {mine} here" if theirs and theirs != mine else ""


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


def asked(question: str, found: Iterator[Finding], note: str = "") -> Check:
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
    settings: Params, source: Source | None, exact: bool, quick: int, report: Callable[[str], None]
) -> Iterator[Check]:
    """Every check, those first that look at the results at hand alone."""
    lock = recorded.parsed(paths.LOCK.read_bytes()) if paths.LOCK.exists() else {}
    here = reports(settings)
    mine, unreadable = read_table(working())
    yield asked("every row ran, and no other", recorded.check_items(lock))
    yield asked("with the params of now", recorded.check_params(lock))
    yield asked("with the code of now, on each other's outputs", recorded.check_deps(lock))
    yield asked("files are those that were made", recorded.check_outs(lock))
    yield asked("numbers are numbers", numbers(settings))
    yield asked("every row and seed was judged", recorded.check_seeds(settings, here))
    yield asked("all rows were measured in one way", recorded.check_protocols(here))
    yield asked("tables have every row and seed", iter(unreadable) if mine is None else lines(settings, mine))
    yield asked("tables follow from the files behind them", derived(settings))
    yield compared(settings, lock, here, mine, source, exact)
    if quick:
        chosen = rejudging.sample(settings, here, quick)
        found = rejudging.findings(chosen, here, exact, report)
        yield asked(
            "weights give the numbers once more", found, f"{len(chosen)} of {len(here)} rows: {', '.join(chosen)}"
        )


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
    check = asked(question, chain(counts(source), hashes(lock, source, exact), protocols(settings, source, here)))
    check.note = source.name + arithmetic(settings, source, here)
    check.findings += problems
    if mine is not None and theirs is not None:
        table_against(mine, theirs, exact, check)
    return check


def hold(listed: list[claims.Claim], settings: Params) -> list[claims.Outcome]:
    """What became of each claim."""
    table, problems = read_table(working())
    if table is None:
        return [claims.Outcome(each.claim, "cannot tell", problems[0].what) for each in listed]
    text = working().read(paths.comparisons())
    lines_of = claims.comparisons(text) if text is not None else {}
    results = claims.Results(settings, table, lines_of, reports(settings))
    return [claims.judge(each, results) for each in listed]
