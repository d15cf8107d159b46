"""CHECKLIST.md points at what exists: files, sections, commands with their options."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import click
import pytest
import typer
from ruamel.yaml import YAML

from stages.commands import app

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "CHECKLIST.md").read_text(encoding="utf-8")
LINK = re.compile(r"\[[^\]]+\]\(([^)#]+)(?:#([^)]+))?\)")
CODE = re.compile(r"`([^`]+)`")
ANSWERS = ("yes", "no", "NA")
EXECUTED = ("retort", "make", "dvc", "python")


def rows(text: str) -> list[tuple[str, str, str]]:
    """Question, answer and proof of every row."""
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ") and "?" in line]
    return [(question, answer, proof) for question, answer, proof in lines]


ROWS = rows(TEXT)
LINKS = sorted({(target, section) for target, section in LINK.findall(TEXT)})
SPANS = sorted(set(CODE.findall(TEXT)))
COMMANDS = [span for span in SPANS if span.split()[0] in EXECUTED]


@cache
def declared() -> frozenset[str]:
    """What the pipeline makes, which a clone may not have yet."""
    stages: dict[str, Any] = YAML(typ="safe").load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    outs = [out for stage in stages.values() for out in stage.get("do", stage).get("outs", [])]
    return frozenset(out if isinstance(out, str) else next(iter(out)) for out in outs)


def sections(text: str) -> set[str]:
    """The addresses of a page's headings."""
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


def amiss(command: str) -> Iterator[str]:
    """What a command names that does not exist."""
    program, *arguments = shlex.split(command)
    if program == "retort":
        yield from unknown(typer.main.get_command(app), arguments)
    elif program == "make":
        targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
        yield from (f"target {name}" for name in arguments if name not in targets)
    elif program == "python":
        if arguments[0] != "-m" or not (ROOT / (arguments[1].replace(".", "/") + ".py")).exists():
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


def test_every_question_has_an_answer_and_something_that_shows_it() -> None:
    assert len(ROWS) == sum(line.count("?") > 0 for line in TEXT.splitlines()) > 20
    for question, answer, proof in ROWS:
        assert answer in ANSWERS, question
        shown = LINK.search(proof) or CODE.search(proof)
        assert shown if answer == "yes" else proof, question


def test_not_every_answer_is_yes() -> None:
    assert {answer for _, answer, _ in ROWS} == set(ANSWERS)


@pytest.mark.parametrize(("target", "section"), LINKS, ids=lambda part: part or "-")
def test_links_lead_somewhere(target: str, section: str) -> None:
    assert (ROOT / target).exists() or target in declared(), f"{target} does not exist"
    if section:
        assert section in sections((ROOT / target).read_text(encoding="utf-8")), f"{target} has no section #{section}"


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_exist(command: str) -> None:
    assert not list(amiss(command))


@pytest.mark.parametrize("span", sorted(set(SPANS) - set(COMMANDS)))
def test_other_code_is_a_path(span: str) -> None:
    assert (ROOT / span).exists()


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("retort verfy", "verb verfy"),
        ("retort verify --exactly", "option --exactly"),
        ("retort data exprt avatars", "verb exprt"),
        ("make everything", "target everything"),
        ("python -m stages.draw", "module stages.draw"),
        ("dvc rerun", "rerun"),
        ("dvc repro --permit-missing", "--permit-missing"),
    ],
)
def test_what_does_not_exist_is_found(command: str, said: str) -> None:
    assert list(amiss(command)) == [said]
