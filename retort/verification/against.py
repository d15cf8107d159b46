"""Results held against published ones, but for their table: counts, hashes, protocols, arithmetic of trainings."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from retort.checking.accepting import ROWS
from retort.exchange import folders
from retort.verification import judging, recorded
from retort.verification.published import Source
from retort.verification.recorded import Finding
from retort.verification.rejudging import unequal
from stages.settings import paths, sweeps
from stages.settings.rows import Params


def load_json(path: Path) -> Any:  # noqa: ANN401 - what the file holds
    """A JSON file, or nothing where it is none; `check_numbers` says so."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None


def counts(published: Source) -> Iterator[Finding]:
    """Whether counted costs are the published ones."""
    text = published.read(paths.costs())
    here, there = load_json(paths.costs()), None if text is None else json.loads(text)
    if there is not None and here != there:
        yield Finding(
            paths.costs().as_posix(),
            f"differs from the published one: {', '.join(unequal(here, there, 'published')[:3])}",
        )


def hashes(lock: dict[str, Any], published: Source, exact: bool) -> Iterator[Finding]:
    """Whether data, and if asked everything but times and figures, was made to the published bytes."""
    text = published.read(paths.LOCK)
    theirs = recorded.outs(recorded.parsed(text)) if text is not None else {}
    mine = recorded.outs(lock)
    for path, (item, digest) in theirs.items():
        made = Path(path)
        again = exact and made.is_relative_to(paths.RESULTS) and made != paths.latency()
        wanted = made.is_relative_to(folders.DATA) or again
        if wanted and path in mine and mine[path][1] != digest:
            yield Finding(path, f"has other bytes than the published one ({item})")


def rows(published: Source) -> Iterator[Finding]:
    """Whether what was trained and measured is what params say of the published rows, data sets and schedules."""
    text, here = published.read(ROWS), load_json(ROWS)
    if text is None or here is None:
        return
    there = json.loads(text)
    for section in there.keys() & here.keys():
        for name in there[section].keys() & here[section].keys():
            differing = unequal(here[section][name], there[section][name], "published")
            if differing:
                yield Finding(f"{section}.{name}", f"was run with other params: {'; '.join(differing[:3])}")


def protocols(settings: Params, published: Source, here: dict[str, dict[str, Any]], exact: bool) -> Iterator[Finding]:
    """Whether the published numbers were measured in the same way; by judges trained anew, if not by the very same."""
    same = (lambda protocol: protocol) if exact else judging.anonymous
    for name in sweeps.rows(settings):
        text = published.read(paths.quality(name))
        if text is not None and name in here:
            differing = unequal(same(here[name]["protocol"]), same(json.loads(text)["protocol"]), "published")
            if differing:
                yield Finding(paths.quality(name).as_posix(), f"protocol: {'; '.join(differing[:3])}")


def precision(reports: Iterable[dict[str, Any]]) -> str:
    """The arithmetic in which the networks of some reports were trained."""
    return " and ".join(
        sorted(
            {
                seed.get("training_precision", "unrecorded precision")
                for each in reports
                for seed in each["seeds"].values()
            }
        )
    )


def arithmetic(settings: Params, published: Source, here: dict[str, dict[str, Any]]) -> str:
    """How the published networks were trained otherwise: no reason to fail, but to expect other bytes."""
    texts = [published.read(paths.quality(name)) for name in sweeps.rows(settings)]
    theirs, mine = precision(json.loads(text) for text in texts if text is not None), precision(here.values())
    return f"; trained in {theirs} there, in {mine} here" if theirs and theirs != mine else ""
