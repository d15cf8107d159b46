"""Numbers as people read them."""

from __future__ import annotations

from retort.trying.networks import Network


def cost(network: Network) -> str:
    """Multiply-accumulates with three digits and a unit."""
    return scaled(float(network["macs"]), "")


def size(count: int) -> str:
    """Bytes with three digits and a unit."""
    return scaled(float(count), "B")


def scaled(number: float, unit: str) -> str:
    """A number with three digits, in thousands, millions or billions."""
    for power, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= power:
            return f"{number / power:.3g} {letter}{unit}"
    return f"{number:.0f} {unit}".strip()
