"""Judges on disk: safetensors that describe the network, the labels it answers, and how well it does on real images.

Of data whose photographs have layouts the file also holds the network that reads classes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor

from stages.measuring import palette
from stages.measuring.judge import Judge
from stages.measuring.segmenter import Segmenter
from stages.storage.prepared import Header

READER = "segmenter."
"""What the names of the reader's tensors begin with; none of the judge's do."""


class JudgeError(ValueError):
    """A judge is missing, damaged, or was made for other data; the message says what to do."""


@dataclass(frozen=True)
class Described:
    """A judge with what its file says of it; `about` holds `ceiling`, its accuracy per label on real test images.

    Beside a segmenter `about` holds `pixels`, the share of the pixels of real test photographs that it reads right.
    """

    network: Judge
    labels: tuple[str, ...]
    resolution: int
    about: dict[str, Any]
    segmenter: Segmenter | None


def serialise(
    judge: Judge,
    labels: tuple[str, ...],
    width: int,
    resolution: int,
    about: dict[str, Any],
    segmenter: Segmenter | None = None,
) -> bytes:
    """The bytes of a judge's file."""
    state: dict[str, Tensor] = dict(judge.state_dict())
    description = {"labels": labels, "width": width, "resolution": resolution, "about": about}
    if segmenter is not None:
        state |= {f"{READER}{name}": value for name, value in segmenter.state_dict().items()}
        description["classes"] = segmenter.answer.out_channels
    tensors = {name: value.detach().cpu().contiguous() for name, value in state.items()}
    return save(tensors, {"retort": json.dumps(description, sort_keys=True)})


def read(path: Path) -> Described:
    """The judge of a file, in evaluation mode and without gradients."""
    try:
        with safe_open(path, "pt") as file:
            description = json.loads((file.metadata() or {})["retort"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
        labels = tuple(description["labels"])
        judge = Judge(len(labels), description["width"], description["resolution"])
        judge.load_state_dict({name: value for name, value in tensors.items() if not name.startswith(READER)})
        segmenter = reader(tensors, description)
    except FileNotFoundError:
        raise JudgeError(f"{path} does not exist; `retort repro` makes it") from None
    except Exception as error:
        raise JudgeError(f"{path} is not a judge of this project ({error}); delete it and run again") from error
    network = judge.eval().requires_grad_(False)
    return Described(network, labels, description["resolution"], description["about"], segmenter)


def reader(tensors: dict[str, Tensor], description: dict[str, Any]) -> Segmenter | None:
    """The reader of classes of a file, if it holds one."""
    if "classes" not in description:
        return None
    segmenter = Segmenter(description["classes"], description["width"])
    mine = {name.removeprefix(READER): value for name, value in tensors.items() if name.startswith(READER)}
    segmenter.load_state_dict(mine)
    return segmenter.eval().requires_grad_(False)


def read_for(path: Path, header: Header) -> Described:
    """The judge of a file, or an error if it was not made for data of these labels and this resolution."""
    found = read(path)
    if found.labels != header.labels:
        raise JudgeError(f"{path} answers {', '.join(found.labels)}; {header.name} has {', '.join(header.labels)}")
    if found.resolution != header.resolution:
        raise JudgeError(f"{path} was made for {found.resolution} px; {header.name} has {header.resolution} px")
    classes = palette.of(header)
    if classes is not None and (found.segmenter is None or found.about["classes"] != list(classes.classes)):
        raise JudgeError(f"{path} does not read the classes of {header.name}; delete it and run again")
    return found
