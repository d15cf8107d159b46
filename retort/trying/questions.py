"""What networks are asked: a picture and labels, a direction, a latent; each with what is written beside the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from retort.trying import labels
from retort.trying.networks import Arrays, Network, Reader, Row
from retort.trying.pictures import Bytes, Picture
from retort.trying.refusals import Refused

Readers = Mapping[str, Reader]
"""The readers that are here of the data sets that a row's networks learnt of."""


@dataclass(frozen=True)
class Said:
    """What a person said of pictures: what to make of them (nothing: the obvious), and which labels they have."""

    to: Sequence[str] = ()
    known: Sequence[str] = ()
    grid: bool = False


@dataclass(frozen=True)
class Seen:
    """A picture, the labels that it has, whether a person said so, and how unlike the data it is, if that is known."""

    picture: Picture
    had: tuple[str, ...]
    said: bool
    strangeness: float | None

    @property
    def unlike(self) -> bool:
        """Whether the networks saw nothing like it."""
        return self.strangeness is not None and self.strangeness > 1


@dataclass(frozen=True)
class Question:
    """What each row's network of one name is given; `caption` says what was asked for, `seen` of which picture."""

    caption: str
    network: str
    given: Arrays
    seen: Seen | None = None

    @property
    def shown(self) -> Bytes | None:
        """The picture that the network is given."""
        return self.seen.picture.image if self.seen else None


def of_picture(picture: Picture, row: Row, readers: Readers, said: Said) -> list[Question]:
    """What a row of any kind that takes pictures is asked of one."""
    read = {name: reader.read(picture.image) for name, reader in readers.items()}
    strangeness = min((unlike for _, unlike in read.values()), default=None)
    decided = [label for name, reader in readers.items() for label in reader.decided(read[name][0])]
    if row.first["examination"] == "directions":
        return directions(picture, row, decided, said, strangeness)
    if row.first["examination"] == "classification":
        return [Question(picture.name, row.first["network"], batch(picture), Seen(picture, (), False, strangeness))]
    return translation(
        Seen(picture, had(decided, row.first, readers, said), bool(said.known), strangeness), row.first, readers, said
    )


def had(decided: Sequence[str], network: Network, readers: Readers, said: Said) -> tuple[str, ...]:
    """The labels that a picture has for a translator: those that a person says, else those that readers see."""
    absent = [name for name in network.datasets if name not in readers]
    if absent and (not said.known or len(network.datasets) > 1):
        told = f"results/readers has no reader of {absent[0]} that could tell"
        raise Refused(f"say which labels the picture has with --from LABEL: {told} ({', '.join(network.askable)})")
    if not said.known:
        return tuple(label for label in decided if label in network.askable)
    found = tuple(labels.found(word, network.askable, "--from") for word in said.known)
    for label in found:
        others = [other for other in found if other != label and other in network.rivals[label]]
        if others:
            raise Refused(f"--from: a picture is not both {label} and {others[0]}")
    return found


def translation(seen: Seen, network: Network, readers: Readers, said: Said) -> list[Question]:
    """The labels that are asked for, all of them unless some are named."""

    def question(label: str) -> Question:
        source = labels.vector(columns(label, seen.had, network, readers), network.labels)
        target = labels.asked(source, label, network.labels, network.rivals)
        given = {**batch(seen.picture), "source": source[None], "target": target[None]}
        return Question(labels.wording(label, source, target, network.labels), network["network"], given, seen)

    wanted = [labels.found(word, network.askable, "--to") for word in said.to] or network.askable
    return [question(label) for label in wanted]


def columns(label: str, had: Sequence[str], network: Network, readers: Readers) -> list[str]:
    """The columns that are 1 before a label is asked for.

    A network that learnt of several data sets is told which one is meant, and the labels of that one alone.
    """
    if len(network.datasets) == 1:
        return list(had)
    name = next(name for name in network.datasets if label in readers[name].labels)
    return [*(each for each in had if each in readers[name].labels), name]


def directions(
    picture: Picture, row: Row, decided: Sequence[str], said: Said, strangeness: float | None
) -> list[Question]:
    """The directions that start at what the picture shows, or those that are asked for."""
    offered = {(each["from"], each["to"]): each["network"] for each in row.networks}
    sources, targets = (list(dict.fromkeys(side)) for side in zip(*offered, strict=True))
    shows = [labels.found(word, sources, "--from") for word in said.known] or decided
    wanted = [labels.found(word, targets, "--to") for word in said.to]

    def chosen(source: str, target: str) -> bool:
        if said.grid or len(offered) == 1:
            return True
        return target in wanted if wanted else source in shows

    found = {pair: name for pair, name in offered.items() if chosen(*pair)}
    if not found:
        raise Refused(f"say what to make of {picture.name} with --to LABEL: {', '.join(targets)}")
    seen = Seen(picture, tuple(shows), bool(said.known), strangeness)
    return [
        Question(f"{labels.spoken(source)} to {labels.spoken(target)}", name, batch(picture), seen)
        for (source, target), name in found.items()
    ]


def batch(picture: Picture) -> dict[str, np.ndarray[Any, Any]]:
    """A picture as a batch of one."""
    return {"image": picture.image[None]}


def latent(number: int, network: Network) -> np.ndarray[Any, np.dtype[np.float32]]:
    """The latent of a number: standard normal draws of NumPy's default generator with that seed, float32.

    It is the first of those that an examination with this seed draws.
    """
    return np.random.default_rng(number).standard_normal((1, int(network["latent"])), dtype=np.float32)


def synthesis(number: int, network: Network, truncation: float) -> Question:
    """One latent."""
    given = {"latent": latent(number, network), "truncation": np.array(truncation, np.float32)}
    return Question(f"latent {number}", network["network"], given)
