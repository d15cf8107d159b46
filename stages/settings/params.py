"""`params.yaml` as a stage reads it: parsed into typed rows; cross-references are left to `retort check`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from stages.settings import paths
from stages.settings.rows import Params

__all__ = ["Params", "read", "sections"]


def sections(content: Mapping[str, Any]) -> dict[str, Any]:
    """The sections of a params file without those that only hold anchors, whose names begin with an underscore."""
    return {key: value for key, value in content.items() if not str(key).startswith("_")}


def read(file: Path = paths.PARAMS) -> Params:
    """The rows of a params file that `retort check` has accepted; raises pydantic's error where a type is wrong."""
    return Params.model_validate(sections(YAML(typ="safe").load(file.read_text(encoding="utf-8"))))
