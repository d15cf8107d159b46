"""Why DVC would run an item: the first reason, in words."""

from __future__ import annotations

from typing import Any

from dvc.dependency import ParamsDependency
from dvc.stage import Stage
from dvc.utils.serialize import load_path


def why_stale(stage: Stage, seen: dict[tuple[str, Any], dict[str, str]], params: dict[str, Any]) -> str:
    """The first reason for which DVC would run a stage, or nothing; stages share files, whose states `seen` keeps."""
    if stage.outs and not any(out.hash_info for out in stage.outs):
        return "never ran"
    if stage.changed_stage():
        return "its command changed"
    if not stage.frozen:
        if stage.is_callback or stage.always_changed:
            return "runs every time"
        for dependency in stage.deps:
            if isinstance(dependency, ParamsDependency):
                changed = changed_param(dependency, params)
                if changed:
                    return f"{changed} in {dependency} changed"
                continue
            key = (dependency.fs_path, dependency.hash_info.value)
            if key not in seen:
                seen[key] = dependency.status()
            for path, state in seen[key].items():
                return f"{path} is {state}"
    return next((f"{path} is {state}" for out in stage.outs for path, state in out.status().items()), "")


def changed_param(dependency: ParamsDependency, params: dict[str, Any]) -> str:
    """The first param that differs from what is recorded; DVC's own check reads the file anew for each stage."""
    if not dependency.exists:
        return "everything"
    content, recorded = loaded(dependency, params), dependency.hash_info.value or {}
    for name in dependency.params or [*content, *recorded]:
        if name not in recorded or lookup(content, name) != [recorded[name]]:
            return str(name)
    return ""


def loaded(dependency: ParamsDependency, params: dict[str, Any]) -> Any:  # noqa: ANN401 - whatever a params file holds
    """The content of a params file, which `params` keeps."""
    if dependency.fs_path not in params:
        params[dependency.fs_path] = load_path(dependency.fs_path, dependency.repo.fs)
    return params[dependency.fs_path]


def lookup(content: Any, dotted: str) -> list[Any]:  # noqa: ANN401 - whatever a params file holds
    """The value at a dotted place, in a list; an empty list where there is none."""
    for part in dotted.split("."):
        if isinstance(content, dict) and part in content:
            content = content[part]
        elif isinstance(content, list) and part.isdecimal() and int(part) < len(content):
            content = content[int(part)]
        else:
            return []
    return [content]
