"""On which kinds of processor networks were trained: results of one kind only can be repeated bit for bit."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from retort.verification.recorded import Finding
from stages.settings import paths

TRAININGS = ("build_judges", "build_teachers", "build_wide_students", "distill_students")


def kinds(folder: Path | None = None) -> Counter[str]:
    """Kind of processor -> how many trainings it did, as their records say."""
    found: Counter[str] = Counter()
    for file in sorted((folder or paths.provenances()).glob("*.json")):
        if file.name.startswith(TRAININGS):
            try:
                record = json.loads(file.read_text(encoding="utf-8"))
            except ValueError:
                continue
            found[kind(record)] += 1
    return found


def kind(record: Mapping[str, Any]) -> str:
    """Device and processor of a record, and its vector instructions where these are recorded."""
    vectors = ", ".join(record.get("vectors", ()))
    told = f"{record.get('device', 'unrecorded')} on {record.get('cpu', 'unrecorded')}"
    return f"{told} ({vectors})" if vectors else told


def findings(found: Counter[str]) -> Iterator[Finding]:
    """Every kind but the one that did most."""
    if not found:
        return
    (most, count), *others = found.most_common()
    for kind, fewer in others:
        yield Finding(
            paths.provenances().as_posix(),
            f"{fewer} trainings were done by {kind}, but {count} by {most}; train all on one kind",
        )
