"""Templates whose values are escaped for their format unless a function of that format has made them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

TEMPLATES = Path(__file__).parent / "templates"


class Made(str):
    """Text that is already in the format of its template."""

    __slots__ = ()


def environment(escape: Callable[[str], str], folder: Path = TEMPLATES) -> Environment:
    """Templates of a format that Jinja cannot escape itself; braces are left to LaTeX."""

    def finished(value: object) -> str:
        return value if isinstance(value, Made) else escape(str(value))

    return Environment(
        loader=FileSystemLoader(folder),
        undefined=StrictUndefined,
        finalize=finished,
        autoescape=False,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<<",
        variable_end_string=">>",
        comment_start_string="<#",
        comment_end_string="#>",
    )


def pages(folder: Path = TEMPLATES) -> Environment:
    """Templates of HTML, escaped by Jinja."""
    return Environment(
        loader=FileSystemLoader(folder),
        undefined=StrictUndefined,
        autoescape=True,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def one_line(text: str) -> str:
    """Text without line ends, which would end a row of a table."""
    return " ".join(text.split())
