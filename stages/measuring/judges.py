"""Judges on disk: safetensors that describe the network, the labels it answers, and how well it does on real images."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import safe_open
from safetensors.torch import save

from stages.measuring.judge import Judge
from stages.storage.prepared import Header


class JudgeError(ValueError):
    """A judge is missing, damaged, or was made for other data; the message says what to do."""


@dataclass(frozen=True)
class Described:
    """A judge with what its file says of it; `about` holds `ceiling`, its accuracy per label on real test images."""

    network: Judge
    labels: tuple[str, ...]
    resolution: int
    about: dict[str, Any]


def serialise(judge: Judge, labels: tuple[str, ...], width: int, resolution: int, about: dict[str, Any]) -> bytes:
    """The bytes of a judge's file."""
    tensors = {name: value.detach().cpu().contiguous() for name, value in judge.state_dict().items()}
    description = {"labels": labels, "width": width, "resolution": resolution, "about": about}
    return save(tensors, {"retort": json.dumps(description, sort_keys=True)})


def read(path: Path) -> Described:
    """The judge of a file, in evaluation mode and without gradients."""
    try:
        with safe_open(path, "pt") as file:
            description = json.loads((file.metadata() or {})["retort"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
        labels = tuple(description["labels"])
        judge = Judge(len(labels), description["width"], description["resolution"])
        judge.load_state_dict(tensors)
    except FileNotFoundError:
        raise JudgeError(f"{path} does not exist; `retort repro` makes it") from None
    except Exception as error:
        raise JudgeError(f"{path} is not a judge of this project ({error}); delete it and run again") from error
    return Described(judge.eval().requires_grad_(False), labels, description["resolution"], description["about"])


def read_for(path: Path, header: Header) -> Described:
    """The judge of a file, or an error if it was not made for data of these labels and this resolution."""
    found = read(path)
    if found.labels != header.labels:
        raise JudgeError(f"{path} answers {', '.join(found.labels)}; {header.name} has {', '.join(header.labels)}")
    if found.resolution != header.resolution:
        raise JudgeError(f"{path} was made for {found.resolution} px; {header.name} has {header.resolution} px")
    return found
