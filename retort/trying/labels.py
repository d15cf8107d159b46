"""Label vectors by name: those that a picture has, as its reader sees them or a person says, and those asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from retort.trying.refusals import Refused

Vector = np.ndarray[Any, np.dtype[np.float32]]


def decided(probabilities: Mapping[str, float], kind: str, exclusive: Sequence[Sequence[str]]) -> list[str]:
    """The labels that a picture has: the probable attributes, of which some exclude each other; else the best label."""
    if kind != "attributes":
        return [max(probabilities, key=lambda label: probabilities[label])]

    def strongest(label: str) -> bool:
        rivals = {other for group in exclusive if label in group for other in group if other in probabilities}
        return all(probabilities[label] > probabilities[other] for other in rivals - {label})

    return [label for label, share in probabilities.items() if share > 0.5 and strongest(label)]


def vector(had: Sequence[str], labels: Sequence[str]) -> Vector:
    """Which of some labels a picture has, as numbers."""
    return np.array([float(label in had) for label in labels], np.float32)


def asked(source: Vector, label: str, labels: Sequence[str], rivals: Mapping[str, Sequence[str]]) -> Vector:
    """The labels asked for: one is set and its rivals are given up, or, where it has none, it is flipped."""
    target, column = source.copy(), labels.index(label)
    others = [labels.index(other) for other in rivals.get(label, ()) if other != label]
    if not others:
        target[column] = 1 - target[column]
        return target
    target[others] = 0
    target[column] = 1
    return target


def wording(label: str, source: Vector, target: Vector, labels: Sequence[str]) -> str:
    """What is asked for, as it is written beside a picture."""
    column, plain = labels.index(label), spoken(label)
    if target[column] == 0:
        return f"not {plain}"
    return f"{plain} (as it is)" if (source == target).all() else plain


def spoken(label: str) -> str:
    """A label without underscores."""
    return label.replace("_", " ")


def found(word: str, labels: Sequence[str], option: str) -> str:
    """The label that a person means, whatever its case and with spaces or underscores."""
    plain = {spoken(label).casefold(): label for label in labels}
    try:
        return plain[spoken(word).casefold()]
    except KeyError:
        from retort.checking.sentences import hint

        raise Refused(f"{option} {word!r} is no label of this row{hint(word, labels)}") from None
