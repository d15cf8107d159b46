"""Networks on disk: safetensors that describe themselves (family, spec, the row that made them), never pickle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor, nn

from stages.settings import members

if TYPE_CHECKING:
    from stages.settings.specs import Spec


class CheckpointError(ValueError):
    """A file is missing, damaged, or not one of ours."""


@dataclass(frozen=True)
class Checkpoint:
    """What a file holds."""

    family: str
    spec: Spec
    about: dict[str, Any]
    networks: dict[str, nn.Module]


def serialise(family: str, spec: Spec, networks: Mapping[str, nn.Module], about: Mapping[str, Any]) -> bytes:
    """The bytes of a checkpoint."""
    tensors: dict[str, Tensor] = {
        f"{name}.{key}": value.detach().cpu().contiguous()
        for name, network in networks.items()
        for key, value in network.state_dict().items()
    }
    description = {"family": family, "spec": asdict(spec), "about": dict(about), "networks": sorted(networks)}
    return save(tensors, {"retort": json.dumps(description, sort_keys=True)})


def read(path: Path) -> Checkpoint:
    """The networks of a file, in evaluation mode and without gradients, built from its own description."""
    try:
        with safe_open(path, "pt") as file:
            description = json.loads((file.metadata() or {})["retort"])
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - not a mapping
    except FileNotFoundError:
        raise CheckpointError(f"{path} does not exist; `retort repro` makes it") from None
    except Exception as error:
        raise CheckpointError(
            f"{path} is not a checkpoint of this project ({error}); delete it and run again"
        ) from error
    try:
        return described(description, tensors)
    # Whatever a file says of itself that no family can build.
    except Exception as error:
        told = f"{type(error).__name__}: {error}"
        raise CheckpointError(
            f"{path} describes no networks of this project ({told}); delete it and run again"
        ) from error


def described(description: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> Checkpoint:
    """The networks that a description builds, with their weights."""
    family = members.load("families", description["family"])
    spec = family.Spec(**description["spec"])
    built = {name: network for name, network in family.build(spec).items() if name in description["networks"]}
    for name, network in built.items():
        prefix = f"{name}."
        network.load_state_dict({k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)})
        network.eval().requires_grad_(False)
    return Checkpoint(description["family"], spec, description["about"], built)
