"""Whether the repository says of itself what is so: its licences, checklist, citation, appendix, deps lists."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

from retort.engine import lists
from retort.exchange import appendix, citation
from retort.verification import checklist, licences
from retort.verification.recorded import Finding
from stages.settings import paths


def findings(root: Path = Path()) -> Iterator[Finding]:
    """Everything that is not so, of what is here: a folder of results alone says nothing of itself."""
    if (root / checklist.FILE).exists():
        yield from checklist.findings(root)
    if (root / licences.REUSE).exists():
        yield from licences.findings(root)
    if (root / citation.CITATION).exists():
        yield from cited(root)
    if (root / appendix.FILE).exists():
        yield from appendix.findings(root)
    if (root / "stages").is_dir():
        yield from (Finding(paths.GRAPH.as_posix(), str(problem)) for problem in lists.problems(root))


def cited(root: Path) -> Iterator[Finding]:
    """What archives and the package are told otherwise than CITATION.cff says."""
    told = citation.read(root / citation.CITATION)
    for file, text in citation.texts(told).items():
        if (root / file).read_text(encoding="utf-8") != text:
            yield Finding(file.as_posix(), f"is not what {citation.CITATION} gives: python -m {citation.__name__}")
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for part, where in ((told, ""), (told["preferred-citation"], "preferred-citation: ")):
        for field in ("version", "authors"):
            if part[field] != project[field]:
                yield Finding(citation.CITATION.as_posix(), f"{where}{field} is not that of pyproject.toml")
    if told["keywords"] != project["keywords"]:
        yield Finding(citation.CITATION.as_posix(), "keywords are not those of pyproject.toml")
    year = told["preferred-citation"]["year"]
    if f"Copyright (c) {year} " not in (root / "LICENSE").read_text(encoding="utf-8"):
        yield Finding("LICENSE", f"is not of the year {year} that {citation.CITATION} gives")
