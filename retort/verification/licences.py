"""Licences held to each other: every file has one, its text is here, and package and archives name the same."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from retort.verification.recorded import Finding
from stages.settings import git

REUSE = Path("REUSE.toml")
TEXTS = {"MIT": "MIT License", "CC-BY-4.0": "Creative Commons Attribution 4.0 International"}
CODE, PICTURES = TEXTS
PICTURED = ("paper_figures/", "results/samples/", "results/networks/", "results/readers/")
# REUSE asks for no annotation of the texts themselves.
TEXT = re.compile(r"(.*/)?LICENSE|LICENSES/.*")
# Written in two parts, for a tool that looks for the whole.
KEY = "SPDX-License-" + "Identifier"

Annotations = Sequence[Mapping[str, Any]]


def findings(root: Path) -> Iterator[Finding]:
    """What licences say otherwise in one place than in another; files are those that git knows, if there is git."""
    annotations: Annotations = tomllib.loads((root / REUSE).read_text(encoding="utf-8"))["annotations"]
    for name in tracked(root):
        expected = PICTURES if name.startswith(PICTURED) else CODE
        given = licence_of(name, annotations)
        if given != expected:
            yield Finding(name, f"has the licence {given or 'none'} by {REUSE}, {expected} by LICENSE")
    yield from texts(root, {each[KEY] for each in annotations})
    yield from named(root, {each[KEY] for each in annotations})


def tracked(root: Path) -> list[str]:
    """The files of the project but the texts of licences; none where there is no git."""
    listed = git.said("-C", str(root), "ls-files", "-z") or b""
    return [name for name in listed.decode().split("\0") if name and not TEXT.fullmatch(name)]


def fits(name: str, pattern: str) -> bool:
    """A path against a pattern of REUSE.toml: * stays within a folder, ** does not."""
    pieces = (re.escape(piece).replace(r"\*", "[^/]*") for piece in pattern.split("**"))
    return re.fullmatch(".*".join(pieces), name) is not None


def licence_of(name: str, annotations: Annotations) -> str:
    """Of the annotations that fit, the last one's."""
    found = ""
    for each in annotations:
        patterns = [each["path"]] if isinstance(each["path"], str) else each["path"]
        if any(fits(name, pattern) for pattern in patterns):
            found = each[KEY]
    return found


def texts(root: Path, used: set[str]) -> Iterator[Finding]:
    """Licences in use without their text, and texts that nothing uses."""
    here = {file.stem: file for file in (root / "LICENSES").iterdir()}
    for name in sorted(used ^ here.keys()):
        yield Finding(f"LICENSES/{name}.txt", "is not there" if name in used else f"is used by nothing in {REUSE}")
    for name in sorted(used & here.keys()):
        if not here[name].read_text(encoding="utf-8").startswith(TEXTS.get(name, "?")):
            yield Finding(f"LICENSES/{name}.txt", f"is not the text of {name}")
    permission = [
        (root / name).read_text(encoding="utf-8").partition("Permission is hereby")[2].split()
        for name in ("LICENSE", f"LICENSES/{CODE}.txt")
    ]
    if permission[0] != permission[1]:
        yield Finding("LICENSE", f"grants otherwise than LICENSES/{CODE}.txt")
    for place in PICTURED:
        if place.rstrip("/") not in (root / "LICENSE").read_text(encoding="utf-8"):
            yield Finding("LICENSE", f"does not speak of {place}")


def named(root: Path, used: set[str]) -> Iterator[Finding]:
    """The package and the archives name other licences."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    if set(project["license"].split(" AND ")) != used:
        yield Finding("pyproject.toml", f"names {project['license']}, {REUSE} {' and '.join(sorted(used))}")
    if json.loads((root / ".zenodo.json").read_text(encoding="utf-8"))["license"] != CODE:
        yield Finding(".zenodo.json", f"does not name {CODE}")
