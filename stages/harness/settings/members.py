"""Members of an axis: the file name in its directory is the name in `params.yaml`; there is no registry."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, get_type_hints

from pydantic import BaseModel, ConfigDict, create_model

AXES = ("datasets", "families", "compressions", "distillations", "examinations", "metrics")
PACKAGE = Path(__file__).resolve().parents[2]


@cache
def names(axis: str) -> tuple[str, ...]:
    """Names of the files of an axis, sorted."""
    return tuple(sorted(file.stem for file in (PACKAGE / axis).glob("*.py") if file.stem != "__init__"))


def load(axis: str, name: str) -> ModuleType:
    """The module of one member."""
    if name not in names(axis):
        raise ValueError(f"no {axis} member named {name!r}; there are: {', '.join(names(axis))}")
    return importlib.import_module(f"stages.{axis}.{name}")


@cache
def settings_model(function: Callable[..., Any]) -> type[BaseModel]:
    """A closed pydantic model of a member's keyword-only settings, read off its signature."""
    hints = get_type_hints(function, include_extras=True)
    fields: dict[str, Any] = {
        name: (hints[name], ... if parameter.default is inspect.Parameter.empty else parameter.default)
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    }
    config = ConfigDict(extra="forbid", strict=True, arbitrary_types_allowed=True)
    return create_model(f"{function.__module__}.{function.__name__}", __config__=config, **fields)


def options(function: Callable[..., Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The given settings, validated against the signature of the function that will receive them."""
    checked = settings_model(function).model_validate(dict(given))
    return {name: getattr(checked, name) for name in type(checked).model_fields}
