"""Loading `params.yaml`: all that is wrong with it at once, each with its path, what was found and what is allowed."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from stages.harness.settings import crosschecks, paths, yaml_text
from stages.harness.settings.rows import Params, Schedule
from stages.harness.settings.yaml_text import Problem

__all__ = ["Params", "ParamsError", "Schedule", "load", "load_or_exit"]


class ParamsError(ValueError):
    """Everything that is wrong with a params file."""

    def __init__(self, file: Path, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__(f"{file} has {len(problems)} error(s):\n" + "\n".join(f"  {problem}" for problem in problems))


def load(file: Path = paths.PARAMS) -> Params:
    """The params, checked; raises with every error found."""
    content, problems = yaml_text.read(file)
    if problems:
        raise ParamsError(file, problems)
    return validate(content, file)


def validate(content: dict[str, Any], file: Path = paths.PARAMS) -> Params:
    """The params of an already parsed file, checked."""
    content = {key: value for key, value in content.items() if not key.startswith("_")}
    try:
        params = Params.model_validate(content)
    except ValidationError as error:
        raise ParamsError(file, [explain(detail) for detail in error.errors(include_url=False)]) from None
    problems = crosschecks.check(params)
    if problems:
        raise ParamsError(file, problems)
    return params


def load_or_exit(file: Path = paths.PARAMS) -> Params:
    """The params, or the list of errors on standard error and exit status 2."""
    try:
        return load(file)
    except ParamsError as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None


def explain(detail: ErrorDetails) -> Problem:
    """One of pydantic's errors as a sentence."""
    location = [str(part) for part in detail["loc"] if part != "[key]"]
    path, found = ".".join(location), detail["input"]
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "missing":
        return Problem(path, "is missing; write it (there are no hidden defaults)")
    if kind == "extra_forbidden":
        allowed = known_keys(detail["loc"][:-1])
        return Problem(path, f"is not a known key{crosschecks.hint(location[-1], allowed)}")
    if kind == "literal_error":
        allowed = [word.strip("' ") for word in str(context["expected"]).replace(" or ", ",").split(",")]
        return Problem(path, f"{found!r} is not one of {', '.join(allowed)}{crosschecks.did_you_mean(found, allowed)}")
    text = detail["msg"].removeprefix("Input ").removeprefix("Value error, ")
    return Problem(path, f"{text[0].lower()}{text[1:]}; found {found!r} ({type(found).__name__})")


@cache
def section_models() -> dict[str, type[BaseModel]]:
    """The model behind each section."""
    models: dict[str, type[BaseModel]] = {}
    for name, field in Params.model_fields.items():
        kinds = (field.annotation, *get_args(field.annotation))
        models[name] = next(kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel))
    return models


def known_keys(location: Iterable[int | str]) -> list[str]:
    """The keys allowed where an unknown one was found."""
    parts = [str(part) for part in location]
    if not parts:
        return list(Params.model_fields)
    model = section_models()[parts[0]]
    for part in parts[1:]:
        annotation = model.model_fields[part].annotation if part in model.model_fields else None
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            model = annotation
    return list(model.model_fields)


def nearest(word: str, allowed: Iterable[str]) -> str | None:
    """The closest allowed word, if any is close."""
    return next(iter(difflib.get_close_matches(word, list(allowed), 1, 0.6)), None)
