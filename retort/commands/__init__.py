"""The `retort` command: one verb per file, each imported only when it is called."""

from __future__ import annotations

import importlib
import keyword
from typing import Any

import typer
from typer.core import TyperGroup

VERBS = (
    "agree",
    "artifact",
    "bench",
    "bundle",
    "check",
    "count",
    "dag",
    "data",
    "demo",
    "deps",
    "doctor",
    "export",
    "fetch",
    "prune",
    "rehearse",
    "report",
    "repro",
    "try",
    "use",
    "verify",
    "worker",
)


class Verbs(TyperGroup):
    """Finds a verb by its file name; importing all of them would load torch to print a help page."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401, ARG002 - click's contract
        return list(VERBS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401, ARG002 - click's contract
        if cmd_name not in VERBS:
            return None
        word = f"{cmd_name}_" if keyword.iskeyword(cmd_name) else cmd_name
        verb = getattr(importlib.import_module(f"retort.commands.{word}"), word)
        if isinstance(verb, typer.Typer):
            group = typer.main.get_command(verb)
            group.name = cmd_name
            return group
        single = typer.Typer(add_completion=False)
        single.command(cmd_name)(verb)
        return typer.main.get_command(single)


app = typer.Typer(cls=Verbs, no_args_is_help=True, add_completion=False, rich_markup_mode="rich")


@app.callback()
def retort() -> None:
    """A reproducible benchmark of knowledge distillation for generative networks.

    `retort repro` regenerates every result that is out of date; `retort check` says in seconds whether params.yaml
    is sound; `retort doctor` says what this machine will do.
    """
