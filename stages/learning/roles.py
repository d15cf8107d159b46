"""The networks of a role, and what may be compared in them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from stages.learning.contracts import Family, Networks, Role, Side, Tap

if TYPE_CHECKING:
    from stages.settings.specs import Spec


def names(family: Family, role: Role) -> tuple[str, ...]:
    """The networks of a role; none where the family has no such role."""
    return tuple(family.ROLES.get(role, ()))


def kept(family: Family, networks: Networks) -> Networks:
    """Those networks that are kept."""
    return {name: networks[name] for name in names(family, "generator")}


def critics(family: Family, networks: Networks) -> Networks:
    """Those networks that only train the others."""
    return {name: networks[name] for name in names(family, "discriminator") if name in networks}


def taps(family: Family, spec: Spec, role: Role) -> dict[str, Tap]:
    """What may be compared in a role, by `<tap>` where it has one network, by `<network>.<tap>` where it has more."""
    networks = names(family, role)
    alone = len(networks) == 1
    return {
        name if alone else f"{network}.{name}": tap
        for network in networks
        for name, tap in family.taps(spec, network).items()
    }


def layers(family: Family, spec: Spec) -> dict[str, Tap]:
    """What may be compared in every critic, by the names that each has for it."""
    offered = [family.taps(spec, network) for network in names(family, "discriminator")]
    return {name: tap for taps in offered[:1] for name, tap in taps.items() if all(name in each for each in offered)}


def owner(tap: str) -> str:
    """The network that a tap of a role is of; of the only one where it names none."""
    return tap.rpartition(".")[0]


def among(taps: Iterable[str], network: str) -> bool:
    """Whether some taps of a role are a network's."""
    return any(owner(tap) in ("", network) for tap in taps)


def side(family: Family, spec: Spec, networks: Networks, role: Role) -> Side:
    """One side of a lesson for a role."""
    taught = {name: networks[name] for name in names(family, role) if name in networks}
    return Side(taught, taps(family, spec, role), critics(family, networks))
