"""The table of networks for phones."""

from __future__ import annotations

from collections.abc import Sequence

from retort.phone.trying import Tried

COLUMNS = ("row", "network", "bytes", "partitions", "in XNNPACK", "left", "ms", "torch ms", "levels", "equal")


def cells(each: Tried) -> tuple[str, ...]:
    """One network."""
    return (
        each.row,
        each.network,
        f"{each.bytes:,}",
        str(each.partitions),
        str(each.delegated),
        str(sum(each.left.values())),
        f"{each.milliseconds:.2f}",
        f"{each.torch_milliseconds:.2f}",
        f"{each.levels:g}",
        f"{each.equal:.3%}",
    )


def table(found: Sequence[Tried]) -> str:
    """Lines of text: a network each, then which operators XNNPACK left to portable kernels."""
    if not found:
        return "No row that is exported has its weights here."
    lines = [COLUMNS, *map(cells, found)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(COLUMNS))]
    rows = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    left = (f"{each.row} {each.network}: {operators(each)}" for each in found)
    note = "Batch 1, one thread; ms of the processor's time, medians in turn. XNNPACK left to portable kernels:"
    return "\n".join([*rows, "", note, *left])


def operators(each: Tried) -> str:
    """What XNNPACK left, most often first."""
    often = sorted(each.left.items(), key=lambda pair: (-pair[1], pair[0]))
    return ", ".join(f"{name} {count}" for name, count in often) or "nothing"
