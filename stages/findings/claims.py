"""What claims.yaml says, what becomes of each of its sentences, and the table of that: results/claims.csv."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator
from ruamel.yaml import YAML

from stages.findings import lookups, tables
from stages.settings import paths
from stages.settings.rows import Row

TABLE = paths.claims()
"""What becomes of every claim, in the order of claims.yaml."""
COLUMNS = ("claim", "outcome", "figures", "headline", "problems", "rows", "metric")

State = Literal["holds", "does not hold", "cannot tell", "other scale"]


class ClaimsError(tables.TableError):
    """A claim that no figures could decide; says which and why."""


class Claim(Row):
    """A sentence, and the figures that decide it; `headline` marks the few that a reader should take home.

    `of` asks not for a row's own figure but for a difference that factorial.csv or lengths.csv tells of it.
    """

    claim: Annotated[str, Field(min_length=1)]
    row: str
    of: str = ""
    metric: str
    relation: Literal["better_than", "not_worse_than", "at_most", "at_least"]
    than: str | int | float
    times: Annotated[float, Field(gt=0)] = 1.0
    margin: Annotated[float, Field(ge=0)] = 0.0
    headline: bool = False

    @field_validator("of")
    @classmethod
    def is_known(cls, of: str) -> str:
        """Refuse what no table tells of a row."""
        if of and of not in lookups.NAMES:
            raise ValueError(f"no table holds that of a row; known are {', '.join(lookups.NAMES)}")
        return of


class Claims(Row):
    """All of `claims.yaml`."""

    claims: list[Claim]


@dataclass(frozen=True)
class Outcome:
    """What became of a claim, with the figures that decided, and the rows and problems that it is about."""

    claim: Claim
    state: State
    figures: str
    rows: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def read(file: Path = paths.CLAIMS) -> list[Claim]:
    """The claims of a file that `retort check` has accepted; raises pydantic's error where a type is wrong."""
    return Claims.model_validate(YAML(typ="safe").load(file.read_text(encoding="utf-8"))).claims


def text(outcomes: Iterable[Outcome]) -> str:
    """The table, as its file holds it."""
    return tables.text(COLUMNS, lines(outcomes))


def lines(outcomes: Iterable[Outcome]) -> Iterator[dict[str, object]]:
    """A line per claim."""
    for each in outcomes:
        yield {
            "claim": each.claim.claim,
            "outcome": each.state,
            "figures": each.figures,
            "headline": each.claim.headline,
            "problems": " ".join(each.problems),
            "rows": " ".join(each.rows),
            "metric": each.claim.metric,
        }
