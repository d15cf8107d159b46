"""How exported networks are run elsewhere: the README that stands beside them, with programs for these very files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from stages.exporting import running

TEMPLATES = Path(__file__).parent / "templates"
MARK = "§"
"""What stands on both sides of a name that a template leaves open."""
STRUCTURED = ("labels", "rivals", "spec")


def read(content: bytes) -> dict[str, Any]:
    """What a file says of itself."""
    found = dict(running.metadata(running.session(content)))
    return {key: json.loads(value) if key in STRUCTURED else value for key, value in found.items()}


def text(files: Sequence[str], about: Mapping[str, Any], examination: str) -> str:
    """The README of some files of one row."""
    first = files[0]
    if not about:
        program = filled(f"{examination}.pte.txt", {"first": first}).strip()
        return filled("pte.md", {"files": listed(files), "first": first, "python": program})
    words = {**values(about), "files": listed(files), "first": first}
    programs = {name: filled(f"{examination}.{name}.txt", words).strip() for name in ("py", "mjs")}
    return filled("onnx.md", {**words, "python": programs["py"], "javascript": programs["mjs"]})


def listed(files: Sequence[str]) -> str:
    """Names as code."""
    return ", ".join(f"`{file}`" for file in files)


def values(about: Mapping[str, Any]) -> dict[str, str]:
    """What a file says of itself as words of a template; of labels the first and the last are examples."""
    labels = about.get("labels", [])
    examples = {"wanted": labels[0], "has": labels[-1]} if labels else {}
    return {**{key: told(value) for key, value in about.items()}, **examples}


def told(value: Any) -> str:  # noqa: ANN401 - whatever JSON holds
    """A text as it is, all else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def filled(template: str, words: Mapping[str, str]) -> str:
    """A template with its open places filled; one that nothing fills is an error."""
    parts = (TEMPLATES / template).read_text(encoding="utf-8").split(MARK)
    return "".join(words[part] if index % 2 else part for index, part in enumerate(parts))
