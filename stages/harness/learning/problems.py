"""The image-to-image problem of a row: its prepared data sets and the labels it translates between."""

from __future__ import annotations

from stages.harness.learning import batches
from stages.harness.settings import paths
from stages.harness.settings.rows import TeacherRow
from stages.harness.splits import prepared


def parts(row: TeacherRow) -> list[tuple[prepared.Prepared, tuple[str, ...]]]:
    """The data sets of a teacher's problem with the labels taken from each."""
    found = [(prepared.read(paths.dataset(row.dataset)), tuple(row.labels))]
    if row.partner != row.dataset:
        found.append((prepared.read(paths.dataset(row.partner)), tuple(row.partner_labels)))
    return found


def load(row: TeacherRow, split: str) -> list[batches.Domain]:
    """The domains of a teacher's problem on one split."""
    return batches.domains(parts(row), split)


def content(row: TeacherRow) -> list[str]:
    """The content hashes of the data, for what is keyed by it."""
    return [data.header.sha256 for data, _ in parts(row)]
