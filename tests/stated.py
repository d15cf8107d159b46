"""results/claims.csv made by hand: what became of some claims, as page and README show it."""

from __future__ import annotations

from stages.findings import claims, tables

FIGURES = "difference -0.0125, interval -0.0150 to -0.0101"


def line(claim: str, outcome: str, rows: str, problems: str, *, headline: bool = False) -> dict[str, str]:
    """A line of the table."""
    return {
        "claim": claim,
        "outcome": outcome,
        "figures": FIGURES,
        "headline": "true" if headline else "false",
        "problems": problems,
        "rows": rows,
        "metric": "l1",
    }


def lay(*lines: dict[str, str]) -> None:
    """The table, in the current directory."""
    claims.TABLE.write_text(tables.text(claims.COLUMNS, lines), encoding="utf-8")
