"""What result files must be made of, so that a damaged one is told in a sentence wherever it is read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from stages.findings.tables import TableError

Number = Annotated[float, Field(strict=True)]
Count = Annotated[int, Field(strict=True, ge=0)]
Pair = Annotated[list[Number], Field(min_length=2, max_length=2)]


class Open(BaseModel):
    """Some keys of a mapping that may have more."""

    model_config = ConfigDict(extra="allow")


class Shared(Open):
    """What a protocol says of every row."""

    examination: Annotated[str, Field(strict=True)]


class Protocol(Open):
    """How a row was measured."""

    shared: Shared
    datasets: dict[str, dict[str, Any]]


class Seed(Open):
    """What was measured of one seed."""

    overall: dict[str, Number]
    intervals: dict[str, Pair]
    standard_errors: dict[str, Number]


class Described(BaseModel):
    """What a column means."""

    model_config = ConfigDict(extra="forbid", strict=True)

    metric: str
    better: str
    unit: str
    title: str
    meaning: str


class Quality(Open):
    """The report of one row, results/quality/<row>.json."""

    columns: dict[str, Described]
    protocol: Protocol
    references: dict[str, Number]
    seeds: Annotated[dict[str, Seed], Field(min_length=1)]
    headline: Annotated[str, Field(strict=True)]


class Training(Open):
    """What a training costs."""

    macs: Count


class Kept(Open):
    """What the networks that are kept cost."""

    __pydantic_extra__: dict[str, Count]
    parameters: Count
    macs: Count


class Counted(Open):
    """What was counted of one row."""

    kept: Kept
    training: Training


class Costs(Open):
    """Counts of all rows, results/costs.json."""

    variants: dict[str, Counted]


class Choice(Open):
    """What a search chose, results/choices/<search>.json."""

    tau: Number
    tau_low: Number
    tau_high: Number


def problem(shape: type[BaseModel], content: object) -> str:
    """The first place at which something has not that shape; nothing where all of it has."""
    try:
        shape.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the whole"
        return f"is not what was written: {where}: {first['msg'].lower()}, found {str(first['input'])[:40]!r}"
    return ""


def hold(shape: type[BaseModel], content: object, path: Path) -> None:
    """Refuse what has not that shape."""
    told = problem(shape, content)
    if told:
        raise TableError(f"{path} {told}; delete it and run again")
