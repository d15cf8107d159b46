"""Members of an axis: a file or folder of its directory is called as in `params.yaml`; there is no registry."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, get_type_hints

from pydantic import BaseModel, ConfigDict, create_model

AXES = ("datasets", "families", "compressions", "distillations", "paces", "examinations", "metrics")
PACKAGE = Path(__file__).resolve().parents[1]


@cache
def names(axis: str) -> tuple[str, ...]:
    """Names of the files and folders of an axis, sorted."""
    files = {file.stem for file in (PACKAGE / axis).glob("*.py")} - {"__init__"}
    folders = {file.parent.name for file in (PACKAGE / axis).glob("*/__init__.py")}
    return tuple(sorted(files | folders))


def location(axis: str, name: str) -> Path:
    """The file or folder of one member."""
    folder = PACKAGE / axis / name
    return folder if folder.is_dir() else folder.with_suffix(".py")


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
    config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, arbitrary_types_allowed=True)
    return create_model(f"{function.__module__}.{function.__name__}", __config__=config, **fields)


def options(function: Callable[..., Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The given settings, validated against the signature of the function that will receive them."""
    checked = settings_model(function).model_validate(dict(given))
    return {name: getattr(checked, name) for name in type(checked).model_fields}
