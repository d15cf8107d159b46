"""The summary as a LaTeX table, decimal points in line, and every number as a macro."""

from __future__ import annotations

from collections.abc import Iterator

from stages.tables import notes
from stages.tables.columns import Column
from stages.tables.gathered import Gathered
from stages.tables.summary import Cell, Group, Line, Table
from stages.tables.templating import Made, environment, one_line

SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': "''", "±": r"$\pm$", "×": r"$\times$", "−": "$-$", "–": "--", "†": r"$^{\dagger}$",
    "‡": r"$^{\ddagger}$", "§": r"\S{}", "↓": r"$\downarrow$", "↑": r"$\uparrow$", "⁻": "$^{-}$", "³": "$^{3}$",
    "α": r"$\alpha$", "β": r"$\beta$", "λ": r"$\lambda$", "∞": r"$\infty$", "²": "$^{2}$", "≈": r"$\approx$",
}  # fmt: skip
WORDS = {"best": r"\textbf{Bold}", "near": r"\underline{underlined}", "control": r"$\circ$ \textit{italics}"}
STYLES = {"": "{}", "best": r"\textbf{{{}}}", "near": r"\underline{{{}}}"}
# Of a page that holds the table alone.
ROW_MM, LETTER_MM, HEIGHT_MM, WIDTH_MM = 3.0, 1.7, 64, 290


def escape(text: str) -> str:
    """Text as LaTeX prints it."""
    return "".join(SPECIAL.get(letter, letter) for letter in one_line(text))


def styled(text: str, mark: str) -> str:
    """A piece of a number in the style of its mark."""
    return STYLES[mark].format(text) if text else ""


def cell(table: Table, column: Column, value: Cell | None) -> Made:
    """The two columns of a number: left of the decimal point, and the point with all that follows."""
    if value is None:
        return Made("&")
    whole, point, fraction = table.number(column, value.value).partition(".")
    sign = "$-$" if whole.startswith("-") else ""
    spread = "" if value.spread is None else rf"{{\tiny$\,\pm\,${table.number(column, value.spread)}}}"
    left, right = styled(whole.removeprefix("-"), value.mark), styled(f"{point}{fraction}", value.mark)
    return Made(f"{sign}{left}&{right}{spread}")


def label(line: Line) -> Made:
    """The first column, its style saying what kind of row this is."""
    text = escape(line.label)
    return Made({"control": rf"$\circ$ \textit{{{text}}}", "taught": text}.get(line.kind, rf"\textsc{{{text}}}"))


def heading(group: Group) -> str:
    """The title of a group, with the sign that its noise is unknown."""
    return group.title if group.noise_known else f"{group.title} §"


def summary(found: Gathered, table: Table) -> str:
    """summary.tex."""
    lines = sum(len(group.lines) + 2 for group in table.groups)
    named = [line for group in table.groups for line in group.lines]
    letters = max(len(line.label) for line in named) + max(len(line.name) for line in named)
    return environment(escape).get_template("summary.tex.j2").render(
        table=table, cell=cell, label=label, heading=heading, numbers=Made("r@{}l" * len(table.columns)),
        span=2 * len(table.columns) + 4, notes=notes.made(notes.in_full(found, table), escape, WORDS),
        width=round(WIDTH_MM + LETTER_MM * letters), height=round(HEIGHT_MM + ROW_MM * lines),
    )  # fmt: skip


def key(name: str) -> str:
    """A column as the macros call it; an underscore would need care in an author's text."""
    return name.replace("_", "-")


def numbers_of(found: Gathered, table: Table, line: Line) -> Iterator[tuple[str, str]]:
    """Every number of a row, as the table writes it."""
    if line.seeds:
        yield "seeds", str(line.seeds)
    for column in (column for column in table.columns if column.key in line.cells):
        value = line.cells[column.key]
        yield key(column.key), table.number(column, value.value)
        if value.spread is not None:
            yield f"{key(column.key)}-sd", table.number(column, value.spread)
        compared = found.comparisons.get((line.name, column.key), {})
        for end in ("difference", "low", "high"):
            if compared.get(end):
                yield f"{key(column.key)}-{end}", table.number(column, float(compared[end]))
        if compared:
            yield f"{key(column.key)}-verdict", compared["verdict"]


def signed(text: str) -> Made:
    """A value in text or formula, its minus sign a real one."""
    return Made(rf"\ensuremath{{-}}{text[1:]}" if text.startswith("-") else escape(text))


def numbers(found: Gathered, table: Table) -> str:
    """numbers.tex."""
    rows = found.rows
    images = found.evaluation().get("images")
    suite = {
        "rows": len(rows),
        "problems": len(table.groups),
        "teachers": len({row.teacher for row in rows.values()}),
        "trainings": sum(len(row.seeds) for row in rows.values() if row.compression != "none"),
        **({"test-images": images} if images else {}),
    }
    named = {line.name or f"{group.problem}-{line.kind}": line for group in table.groups for line in group.lines}
    return environment(escape).get_template("numbers.tex.j2").render(
        suite=suite,
        columns=[(key(column.key), column) for column in table.columns],
        rows={name: list(numbers_of(found, table, line)) for name, line in named.items()},
        signed=signed,
        made=Made,
    )  # fmt: skip
