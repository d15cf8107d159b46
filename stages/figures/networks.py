"""What a network is made of, read off the module itself as one image passes through it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol, cast

import torch
from torch import Tensor, nn

from stages.learning.contracts import Family, Seen
from stages.settings.specs import Spec

CONVOLUTIONS = (nn.Conv2d, nn.ConvTranspose2d)
VECTOR = ("batch", "channels")
PAINTED, MAPPED = "painted", "vector"


@dataclass(frozen=True)
class Unit:
    """A piece of a network as it is drawn.

    `side` is the height of what leaves it, `entry` of what enters; `skip` is the piece whose answer enters beside that
    of the one before. A `styled` piece is modulated by a vector; a `painted` one leaves the line of pieces: it adds to
    the image, to what `skip` has painted.
    """

    kind: str
    channels: int
    side: int
    entry: int
    text: str
    skip: int | None = None
    styled: bool = False


@dataclass(frozen=True)
class Network:
    """The pieces in their order, which of them each tap is, and how many parameters there are."""

    units: tuple[Unit, ...]
    taps: dict[str, int]
    channels: dict[str, int]
    parameters: int


class Watched(Protocol):
    """A network that lets its taps be seen."""

    def watch(self, *inputs: Tensor) -> Seen:
        """What leaves each tap."""
        ...


@dataclass(frozen=True)
class Event:
    """A module has answered."""

    module: nn.Module
    given: Tensor
    answer: Tensor
    styled: bool


@contextmanager
def watched(network: nn.Module) -> Iterator[list[Event]]:
    """All answers of all modules, in their order."""
    events: list[Event] = []

    def note(module: nn.Module, given: tuple[Tensor, ...], answer: Any) -> None:  # noqa: ANN401 - torch's own
        styled = len(given) > 1 and isinstance(given[1], Tensor) and given[1].dim() == len(VECTOR)
        events.append(Event(module, given[0], answer, styled))

    handles = [module.register_forward_hook(note) for module in network.modules()]
    yield events
    for handle in handles:
        handle.remove()


def inspect(family: Family, spec: Spec, name: str) -> Network:
    """One network of a spec as one image passes it; the meta device computes nothing, but takes longer to load."""
    networks, inputs = family.example(asdict(spec))
    network = networks[name]
    with torch.no_grad(), watched(network) as events:
        seen = cast(Watched, network).watch(*inputs[name])
    repeated = blocks_of(family, network) if name in family.ROLES["generator"] else []
    units, taps = units_of(events, repeated, seen)
    channels = {tap: each.channels for tap, each in family.taps(spec, name).items()}
    if any(tap not in taps for tap in channels):
        units.append(Unit("bar", *shape(seen["image"]), shape(seen["image"])[1], text(seen["image"])))
    places = {tap: taps.get(tap, len(units) - 1) for tap in channels}
    return Network(tuple(units), places, channels, sum(parameter.numel() for parameter in network.parameters()))


def blocks_of(family: Family, network: nn.Module) -> list[nn.Module]:
    """The blocks that a family's kept networks repeat; none where it names none."""
    repeated = getattr(family, "repeated_blocks", None)
    return list(repeated(network)) if repeated else []


def units_of(
    events: Sequence[Event], repeated: Sequence[nn.Module], seen: dict[str, Tensor]
) -> tuple[list[Unit], dict[str, int]]:
    """Convolutions and repeated blocks, those that read the same tensor as one; and the place of each tap."""
    inside = {inner for block in repeated for inner in block.modules() if inner is not block}
    convolutions = [each for each in events if isinstance(each.module, CONVOLUTIONS) and each.module not in inside]
    entry = convolutions[0].given
    units = [*mapped(events, seen, shape(entry)[1]), Unit("bar", *shape(entry), shape(entry)[1], text(entry))]
    taps: dict[str, int] = {}
    before: Tensor | None = None
    for event in events:
        if event.module in inside:
            continue
        drawn = isinstance(event.module, CONVOLUTIONS) or event.module in repeated
        if drawn and event.given is before:
            units[-1] = beside(units[-1], event.answer)
        elif drawn and paints(event, seen):
            units.append(replace(unit(event), kind=PAINTED, skip=last_painted(units)))
        elif drawn:
            units.append(replace(unit(event), skip=skip(units, event.given)))
            before = event.given
        taps |= {name: len(units) - 1 for name, tensor in seen.items() if tensor is event.answer}
    return units, taps


def mapped(events: Sequence[Event], seen: dict[str, Tensor], side: int) -> list[Unit]:
    """The layers before the first convolution whose answer is a tap: they make the vector that styles are made of."""
    for place, event in enumerate(events):
        if isinstance(event.module, CONVOLUTIONS):
            break
        vector = any(event.answer is each for each in seen.values()) and event.answer.dim() == len(VECTOR)
        if vector and not isinstance(event.module, nn.Linear):
            layers = sum(isinstance(each.module, nn.Linear) for each in events[:place])
            return [Unit(MAPPED, event.answer.shape[1], side, side, f"{layers} × {event.answer.shape[1]}")]
    return []


def paints(event: Event, seen: dict[str, Tensor]) -> bool:
    """Whether a convolution pixel by pixel makes what is added to the image."""
    module = event.module
    single = isinstance(module, nn.Conv2d) and module.kernel_size == (1, 1)
    return single and event.styled and event.answer.shape[1] == seen["image"].shape[1]


def last_painted(units: Sequence[Unit]) -> int | None:
    """The piece that painted last."""
    return next((index for index in reversed(range(len(units))) if units[index].kind == PAINTED), None)


def unit(event: Event) -> Unit:
    """A convolution or a block."""
    module, (channels, side), (_, entry) = event.module, shape(event.answer), shape(event.given)
    kind = "strided" if isinstance(module, CONVOLUTIONS) and side != entry else "flat"
    kind = kind if isinstance(module, CONVOLUTIONS) else "block"
    return Unit(kind, channels, side, entry, text(event.answer), styled=event.styled)


def skip(units: Sequence[Unit], given: Tensor) -> int | None:
    """The last piece whose channels, joined to those of the piece before, are what enters; none where nothing joins."""
    channels, side = shape(given)
    missing = channels - next(each for each in reversed(units) if each.kind != PAINTED).channels
    fits = (
        index
        for index in reversed(range(len(units) - 1))
        if (units[index].channels, units[index].side) == (missing, side)
    )
    return next(fits, None)


def beside(first: Unit, answer: Tensor) -> Unit:
    """A unit to which a second convolution of the same input is added."""
    channels, side = shape(answer)
    both = f"{first.channels}+{text(answer)}" if side == first.side else f"{first.text}, {text(answer)}"
    return Unit(first.kind, first.channels + channels, first.side, first.entry, both)


def shape(tensor: Tensor) -> tuple[int, int]:
    """Channels and height."""
    return tensor.shape[1], tensor.shape[2]


def text(tensor: Tensor) -> str:
    """The shape as it is written."""
    channels, side = shape(tensor)
    return f"{channels}×{side}²"
