"""`params.yaml` held against itself: all that is wrong at once, each with its path, what was found, what is allowed."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, TypeGuard, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from retort.checking import crosschecks, sentences, yaml_text
from retort.checking.sentences import Problem
from stages.settings import paths
from stages.settings.params import sections
from stages.settings.rows import Params


class ParamsError(ValueError):
    """Everything that is wrong with a params file."""

    def __init__(self, file: Path, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__(f"{file} has {len(problems)} error(s):\n" + "\n".join(f"  {problem}" for problem in problems))


def checked(file: Path = paths.PARAMS) -> Params:
    """The params of a file; raises with every error found."""
    return validate(parsed(file), file)


def checked_or_exit(file: Path = paths.PARAMS) -> Params:
    """The params of a file, or the list of errors on standard error and exit status 2."""
    try:
        return checked(file)
    except ParamsError as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None


def typed(file: Path) -> Params:
    """The rows of a file whose cross-references are not looked at."""
    return modelled(parsed(file), file)


def parsed(file: Path) -> dict[str, Any]:
    """The content of a file whose notation is sound."""
    content, problems = yaml_text.read(file)
    if problems:
        raise ParamsError(file, problems)
    return content


def validate(content: dict[str, Any], file: Path = paths.PARAMS) -> Params:
    """The params of an already parsed file, checked."""
    params = modelled(content, file)
    problems = list(crosschecks.check(params))
    if problems:
        raise ParamsError(file, problems)
    return params


def modelled(content: dict[str, Any], file: Path) -> Params:
    """The params of an already parsed file, of which every value alone is sound."""
    problems = yaml_text.walk_values(content)
    if problems:
        raise ParamsError(file, problems)
    try:
        return Params.model_validate(sections(content))
    except ValidationError as error:
        raise ParamsError(file, [explained(detail) for detail in error.errors(include_url=False)]) from None


def explained(detail: ErrorDetails) -> Problem:
    """One of pydantic's errors as a sentence."""
    location = [str(part) for part in detail["loc"] if part != "[key]"]
    path, found = ".".join(location), detail["input"]
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "missing":
        return Problem(path, "is missing; write it (there are no hidden defaults)")
    if kind == "extra_forbidden":
        allowed = known_keys(detail["loc"][:-1])
        return Problem(path, f"is not a known key{sentences.hint(location[-1], allowed)}")
    if kind == "literal_error":
        allowed = [word.strip("' ") for word in str(context["expected"]).replace(" or ", ",").split(",")]
        return Problem(path, f"{found!r} is not one of {', '.join(allowed)}{sentences.did_you_mean(found, allowed)}")
    return Problem(path, sentences.said(detail))


@cache
def section_models() -> dict[str, type[BaseModel]]:
    """The model behind each section that has one."""
    models: dict[str, type[BaseModel]] = {}
    for name, field in Params.model_fields.items():
        kinds = (field.annotation, *get_args(field.annotation))
        for kind in kinds:
            if is_model(kind):
                models[name] = kind
    return models


def known_keys(location: Iterable[int | str]) -> list[str]:
    """The keys allowed where an unknown one was found."""
    parts = [str(part) for part in location]
    if not parts:
        return list(Params.model_fields)
    model = section_models()[parts[0]]
    for part in parts[1:]:
        kinds = model.model_fields[part].annotation if part in model.model_fields else None
        inner = next((kind for kind in (kinds, *get_args(kinds)) if is_model(kind)), None)
        model = inner or model
    return list(model.model_fields)


def is_model(kind: object) -> TypeGuard[type[BaseModel]]:
    """Whether an annotation is a model of rows."""
    return isinstance(kind, type) and issubclass(kind, BaseModel)
