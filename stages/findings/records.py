"""What was measured, read row by row of params, and refused where it is no finite number or of another protocol."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from stages.findings import shapes, tables
from stages.findings.tables import TableError
from stages.measuring.columns import HIGH, LOW, named
from stages.settings import paths
from stages.settings.rows import VariantRow
from stages.storage import hashing

DIGITS = 12

Report = dict[str, Any]


def read(path: Path) -> Any:  # noqa: ANN401 - what a JSON file holds
    """The content of a result file."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise TableError(f"{path} does not exist; `retort repro` makes it") from None
    except (ValueError, RecursionError) as error:
        raise TableError(f"{path} is not JSON ({error}); delete it and run again") from error


def costs() -> dict[str, Any]:
    """What was counted of every row, checked."""
    content = read(paths.costs())
    shapes.hold(shapes.Costs, content, paths.costs())
    found: dict[str, Any] = content["variants"]
    return found


def choice(search: str) -> dict[str, Any]:
    """What a search chose, checked."""
    content: dict[str, Any] = read(paths.choice(search))
    shapes.hold(shapes.Choice, content, paths.choice(search))
    return content


def reports(rows: Mapping[str, VariantRow]) -> dict[str, Report]:
    """The quality report of every row, in the order of params, checked."""
    found = {name: read(paths.quality(name)) for name in rows}
    for name, row in rows.items():
        shapes.hold(shapes.Quality, found[name], paths.quality(name))
        check_seeds(name, row, found[name])
        check_numbers(name, found[name], "")
    check_protocols(found)
    check_columns(rows, found)
    return found


def check_seeds(name: str, row: VariantRow, report: Report) -> None:
    """Exactly the seeds of the row were measured."""
    if list(report["seeds"]) != [str(seed) for seed in row.seeds]:
        raise TableError(f"{paths.quality(name)} holds seeds {', '.join(report['seeds'])}, the row has {row.seeds}")


def check_numbers(name: str, value: object, where: str) -> None:
    """No number is NaN or infinite."""
    if isinstance(value, float) and not math.isfinite(value):
        raise TableError(f"{name}: {where.lstrip('.')} is {value}; no table may hold that")
    if isinstance(value, dict):
        for key, each in value.items():
            check_numbers(name, each, f"{where}.{key}")
    if isinstance(value, list):
        for each in value:
            check_numbers(name, each, where)


def check_protocols(found: Mapping[str, Report]) -> None:
    """Rows of one examination were measured alike, those of a data set on the same images with the same networks."""
    first: dict[str, tuple[str, Any]] = {}
    for name, report in found.items():
        protocol = report["protocol"]
        for what, mine in parts(protocol).items():
            other, theirs = first.setdefault(what, (name, mine))
            if mine != theirs:
                different = sorted(key for key in {*mine, *theirs} if mine.get(key) != theirs.get(key))
                raise TableError(
                    f"{name} and {other} were measured by different protocols on {what} ({', '.join(different)}): "
                    "their numbers must not stand in one table; evaluate both again"
                )


def parts(protocol: Mapping[str, Any]) -> dict[str, Any]:
    """What must be equal for all rows of one kind of examination, and for all of one data set."""
    shared = protocol["shared"]
    kind = shared["examination"]
    of_data = {f"{data} ({kind})": each for data, each in protocol["datasets"].items()}
    return {f"all {kind}": shared, **of_data}


def check_columns(rows: Mapping[str, VariantRow], found: Mapping[str, Report]) -> None:
    """Rows of the same data and problem have the same metrics."""
    first: dict[tuple[str, str, str], tuple[str, set[str]]] = {}
    for name, row in rows.items():
        for seed, measured in found[name]["seeds"].items():
            mine = set(measured["overall"])
            other, theirs = first.setdefault((row.dataset, row.partner, row.problem), (name, mine))
            if mine != theirs:
                missing = ", ".join(sorted(mine ^ theirs))
                raise TableError(
                    f"{name} (seed {seed}) and {other} have the same data but not the same metrics: {missing}"
                )


def key(protocol: Mapping[str, Any]) -> str:
    """A short name of a protocol."""
    return hashing.digest(json.dumps(protocol, sort_keys=True))[:DIGITS]


def lines(rows: Mapping[str, VariantRow], found: Mapping[str, Report], costs: Mapping[str, Any]) -> Iterator[Report]:
    """The cells of results.csv, by column, one line per row and seed."""
    for name, row in rows.items():
        if name not in costs:
            raise TableError(f"{paths.costs()} does not know {name}; run `retort repro` again")
        report = found[name]
        for seed, measured in report["seeds"].items():
            bounds = {
                named(column, end): value
                for column, pair in measured["intervals"].items()
                for end, value in zip((LOW, HIGH), pair, strict=True)
            }
            yield {
                "variant": name,
                "seed": int(seed),
                **names(row),
                **counted(costs[name]),
                **report["references"],
                **bounds,
                **measured["overall"],
                tables.PROTOCOL: key(report["protocol"]),
            }


def names(row: VariantRow) -> dict[str, Any]:
    """What params say of a row, by column."""
    return {
        **row.model_dump(include={"teacher", "family", "examination", "compression", "thesis", "problem", "headline"}),
        "dataset": row.dataset if row.partner == row.dataset else f"{row.dataset}+{row.partner}",
        "generator_lesson": row.distill.generator,
        "discriminator_lesson": row.distill.discriminator,
        "pace": pace(row),
    }


def pace(row: VariantRow) -> str:
    """The generator's pace, and behind a / that of a taught discriminator, if it is another."""
    mine, critic = row.pace.generator, row.pace.discriminator
    return mine if row.distill.discriminator == "none" or critic == mine else f"{mine}/{critic}"


def counted(costs: Mapping[str, Any]) -> dict[str, int]:
    """What was counted of a row: the networks that are kept, and one training."""
    return {**costs["kept"], "training_macs": costs["training"]["macs"]}
