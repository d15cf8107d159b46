"""The programs that draw images of given factors, loaded by the data set's name, as a ruler needs them.

No evaluation lists their code: the protocol of an examination names the programs and holds the hashes of their files.
"""

from __future__ import annotations

from collections.abc import Sequence

from stages.settings import members
from stages.settings.rows import DataRow
from stages.storage import factors
from stages.storage.factors import Program
from stages.storage.prepared import DataError, Header


def of(row: DataRow, header: Header, named: Sequence[str]) -> Program | None:
    """What draws a data set, where its factors are known; it must be one that the examination names."""
    law = factors.of(header)
    if law is None:
        return None
    if row.dataset not in named:
        raise DataError(f"data set {header.name} is drawn by {row.dataset}, which `programs` does not name; add it")
    member = members.load("datasets", row.dataset)
    program: Program = member.program(**members.options(member.source, {**row.settings, "resolution": row.resolution}))
    if program.factors != law:
        raise DataError(f"data set {header.name} was drawn by another law than its program's; prepare it again")
    return program
