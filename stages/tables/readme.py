"""README.md repeats what was found, the headline of the summary, and how long the paper's scale would take.

Each stands between two markers of its own, here and in the file that it is repeated from. DVC does not own README.md:
it is edited.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from stages.findings.tables import TableError
from stages.settings import paths
from stages.settings.atomic import write_atomically


@dataclass(frozen=True)
class Block:
    """A part of a table's file that README.md repeats."""

    name: str
    file: Path

    @property
    def begin(self) -> str:
        """The line above it."""
        return f"<!-- {self.name}:begin -->"

    @property
    def end(self) -> str:
        """The line below it."""
        return f"<!-- {self.name}:end -->"

    def parts(self, text: str, name: Path) -> tuple[str, str, str]:
        """What stands before, between and behind the markers."""
        begin, end = self.begin, self.end
        if text.count(begin) != 1 or text.count(end) != 1 or text.index(begin) > text.index(end):
            raise TableError(
                f"{name} needs one line {begin} and below it one line {end}; the {self.name} stand between"
            )
        before, _, rest = text.partition(begin)
        block, _, after = rest.partition(end)
        return before, block, after


FINDINGS = Block("findings", paths.table("findings.md"))
RESULTS = Block("results", paths.table("summary.md"))
REHEARSAL = Block("rehearsal", paths.SCALES / "paper-rehearsal.md")
"""Written by `retort rehearse paper --record`."""
BLOCKS = (FINDINGS, RESULTS, REHEARSAL)


def merged(readme: str, block: Block, text: str) -> str:
    """A README with the block of a file's text."""
    before, _, after = block.parts(readme, paths.README)
    return f"{before}{block.begin}{block.parts(text, block.file)[1]}{block.end}{after}"


def update() -> bool:
    """Bring README.md up to date; says whether it was not. A block whose file is not there stays as it is."""
    known = [block for block in BLOCKS if block.file.exists()]
    if not known:
        return False
    if not paths.README.exists():
        print(f"there is no {paths.README} to put what was found into")
        return False
    text = wanted = paths.README.read_text(encoding="utf-8")
    for block in known:
        wanted = merged(wanted, block, block.file.read_text(encoding="utf-8"))
    if wanted == text:
        return False
    write_atomically(paths.README, wanted.encode())
    return True
