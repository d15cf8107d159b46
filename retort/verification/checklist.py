"""CHECKLIST.md held to what exists: every question answered, every link, section and command in it real."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import typer

from retort.engine import lists
from retort.verification.recorded import Finding

FILE = Path("CHECKLIST.md")
LINK = re.compile(r"\[[^\]]+\]\(([^)#]+)(?:#([^)]+))?\)")
CODE = re.compile(r"`([^`]+)`")
ANSWERS = ("yes", "no", "NA")
EXECUTED = ("retort", "make", "dvc", "python")


def findings(root: Path) -> Iterator[Finding]:
    """What the checklist says that is not so."""
    text = (root / FILE).read_text(encoding="utf-8")
    told = [*unanswered(text), *(lost for link in sorted(set(LINK.findall(text))) for lost in dead(link, root))]
    for span in sorted(set(CODE.findall(text))):
        if span.split()[0] in EXECUTED:
            told += [f"`{span}`: there is no {each}" for each in amiss(span, root)]
        elif not (root / span).exists():
            told.append(f"`{span}` does not exist")
    yield from (Finding(FILE.as_posix(), each) for each in told)


def rows(text: str) -> list[list[str]]:
    """Question, answer and proof of every row."""
    return [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ") and "?" in line]


def unanswered(text: str) -> Iterator[str]:
    """Questions without an answer, or without what shows it."""
    for row in rows(text):
        question, answer, proof = (*row, "", "")[:3]
        shown = proof if answer != "yes" else LINK.search(proof) or CODE.search(proof)
        if answer not in ANSWERS or not shown:
            yield f"{question!r} is answered {answer or 'nothing'!r}, which nothing shows"


def declared(root: Path) -> set[str]:
    """What the pipeline makes, which a clone may not have yet."""
    outs = [out for stage in lists.stages(root).values() for out in stage.get("do", stage).get("outs", [])]
    return {out if isinstance(out, str) else next(iter(out)) for out in outs}


def dead(link: tuple[str, str], root: Path) -> Iterator[str]:
    """A link that leads nowhere."""
    target, section = link
    if not (root / target).exists():
        if target not in declared(root):
            yield f"{target} does not exist"
    elif section and section not in sections((root / target).read_text(encoding="utf-8")):
        yield f"{target} has no section #{section}"


def sections(text: str) -> set[str]:
    """The addresses of a page's headings."""
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


def amiss(command: str, root: Path) -> Iterator[str]:
    """What a command names that does not exist."""
    from retort.commands import app

    program, *arguments = shlex.split(command)
    if program == "retort":
        yield from unknown(typer.main.get_command(app), arguments)
    elif program == "make":
        targets = re.findall(r"^(\w+):", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
        yield from (f"target {name}" for name in arguments if name not in targets)
    elif program == "python":
        if arguments[0] != "-m" or not (root / (arguments[1].replace(".", "/") + ".py")).exists():
            yield f"module {arguments[1]}"
    else:
        said = subprocess.run([sys.executable, "-m", "dvc", arguments[0], "--help"], capture_output=True, text=True)
        names = arguments[1:] if said.returncode == 0 else [*arguments[1:], arguments[0]]
        yield from (name for name in names if name not in said.stdout)


def unknown(found: Any, arguments: list[str]) -> Iterator[str]:  # noqa: ANN401 - a command of click's
    """Verbs and options that a command does not have."""
    context = click.Context(found)
    while hasattr(found, "get_command") and arguments:
        name, arguments = arguments[0], arguments[1:]
        inner = found.get_command(context, name)
        if inner is None:
            yield f"verb {name}"
            return
        found = inner
    options = {option for each in found.params for option in (*each.opts, *each.secondary_opts)}
    yield from (f"option {each}" for each in arguments if each.startswith("-") and each not in options)
