"""Make or read, check and split one data set. In: `datasets.<name>` of params.yaml; out: data/<name>/."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from stages.preparing import writing
from stages.settings import members, params, paths, provenance
from stages.settings.rows import DataRow
from stages.storage import prepared


def load_source(row: DataRow) -> writing.Source:
    """What the row's reader offers, nothing drawn or read yet."""
    source = members.load("datasets", row.dataset).source
    offered: writing.Source = source(**members.options(source, {**row.settings, "resolution": row.resolution}))
    return offered


def find_row(name: str) -> DataRow:
    """The row of params.yaml."""
    rows = params.read().datasets
    if name not in rows:
        raise prepared.DataError(f"params.yaml has no data set {name!r}; there are: {', '.join(rows)}")
    return rows[name]


def announced(split: str, chunks: Callable[[], Iterator[writing.Chunk]]) -> Callable[[], Iterator[writing.Chunk]]:
    """The same chunks, and one line when they are through."""

    def through() -> Iterator[writing.Chunk]:
        count, began = 0, time.monotonic()
        for chunk in chunks():
            count += len(chunk.images)
            yield chunk
        speed = count / max(time.monotonic() - began, 1e-9)
        print(f"{split}: {count} images, {speed:.0f} images/s", flush=True)

    return through


def main(name: str) -> None:
    """Prepare the data set called `name`."""
    row = find_row(name)
    with provenance.timed("acquire_data", name):
        source = load_source(row)
        splits = {split: announced(split, chunks) for split, chunks in source.splits.items()}
        origin = row.model_dump(mode="json")
        header = writing.write(paths.dataset(name), name, row.resolution, replace(source, splits=splits), origin)
    print(prepared.describe(header))


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except prepared.DataError as error:
        sys.exit(f"acquire_data: {error}")
