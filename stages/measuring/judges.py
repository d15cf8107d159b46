"""Judges on disk: safetensors that describe the network, the labels it answers, and how well it does on real images.

Of data whose photographs have layouts the file also holds the network that reads classes, of data whose factors are
known the one that reads these.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor, nn

from stages.measuring import palette
from stages.measuring.judge import Judge
from stages.measuring.reader import Reader
from stages.measuring.readings import Mistakes
from stages.measuring.segmenter import Segmenter
from stages.storage import factors
from stages.storage.factors import Factors
from stages.storage.prepared import Header

SEGMENTER, READER = "segmenter.", "reader."
"""What the names of the readers' tensors begin with; none of the judge's do."""


class JudgeError(ValueError):
    """A judge is missing, damaged, or was made for other data; the message says what to do."""


@dataclass(frozen=True)
class Described:
    """A judge with what its file says of it; `about` holds `ceiling`, its accuracy per label on real test images.

    Beside a segmenter `about` holds `pixels`, the share of the pixels of real test photographs that it reads right,
    beside a reader of factors `confusions` and `correlations`, how it errs on fresh draws that it did not learn from.
    """

    network: Judge
    labels: tuple[str, ...]
    resolution: int
    about: dict[str, Any]
    segmenter: Segmenter | None
    reader: Reader | None

    def mistakes(self, law: Factors) -> Mistakes:
        """How the reader of factors errs, in the order of the factors."""
        confusions, correlations = self.about["confusions"], self.about["correlations"]
        counts = {name: torch.tensor(confusions[name]) for name in law.categories}
        return Mistakes(counts, {name: correlations[name] for name in law.traits})


def serialise(
    judge: Judge,
    labels: tuple[str, ...],
    width: int,
    resolution: int,
    about: dict[str, Any],
    segmenter: Segmenter | None = None,
    reader: Reader | None = None,
) -> bytes:
    """The bytes of a judge's file."""
    state: dict[str, Tensor] = dict(judge.state_dict())
    description = {"labels": labels, "width": width, "resolution": resolution, "about": about}
    if segmenter is not None:
        state |= prefixed(SEGMENTER, segmenter)
        description["classes"] = segmenter.answer.out_channels
    if reader is not None:
        state |= prefixed(READER, reader)
        description["factors"] = {"categories": reader.categories, "traits": reader.traits}
    tensors = {name: value.detach().cpu().contiguous() for name, value in state.items()}
    return save(tensors, {"retort": json.dumps(description, sort_keys=True)})


def prefixed(prefix: str, network: nn.Module) -> dict[str, Tensor]:
    """The tensors of a network that lies beside the judge."""
    return {f"{prefix}{name}": value for name, value in network.state_dict().items()}


def read(path: Path) -> Described:
    """The judge of a file, in evaluation mode and without gradients."""
    try:
        with safe_open(path, "pt") as file:
            description = json.loads((file.metadata() or {})["retort"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
        labels, width, resolution = (description[name] for name in ("labels", "width", "resolution"))
        judge, segmenter, reader = Judge(len(tensors["answer.weight"]), width, resolution), None, None
        filled(judge, {name: value for name, value in tensors.items() if not name.startswith((SEGMENTER, READER))})
        if "classes" in description:
            segmenter = Segmenter(description["classes"], width)
            filled(segmenter, beginning(SEGMENTER, tensors))
        if "factors" in description:
            reader = Reader(**description["factors"], width=width, resolution=resolution)
            filled(reader, beginning(READER, tensors))
    except FileNotFoundError:
        raise JudgeError(f"{path} does not exist; `retort repro` makes it") from None
    except Exception as error:
        raise JudgeError(f"{path} is not a judge of this project ({error}); delete it and run again") from error
    return Described(judge, tuple(labels), resolution, description["about"], segmenter, reader)


def beginning(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of a network that lies beside the judge, by their own names."""
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def filled(network: nn.Module, tensors: dict[str, Tensor]) -> None:
    """Give a network its weights, to be used alone."""
    network.load_state_dict(tensors)
    network.eval().requires_grad_(False)


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
    law = factors.of(header)
    if law is not None and (found.reader is None or not fits(found, law)):
        raise JudgeError(f"{path} does not read the factors of {header.name}; delete it and run again")
    return found


def fits(found: Described, law: Factors) -> bool:
    """Whether a judge's reader is one of these factors."""
    sizes = {name: len(counts) for name, counts in found.about["confusions"].items()}
    wanted = {name: len(values) for name, values in law.categories.items()}
    return sizes == wanted and found.about["correlations"].keys() == set(law.traits)
