"""README.md repeats the headline of the summary between two markers; DVC does not own the file, so it is edited."""

from __future__ import annotations

from pathlib import Path

from stages.findings.tables import TableError
from stages.settings import paths
from stages.settings.atomic import write_atomically

SUMMARY = paths.table("summary.md")
BEGIN, END = "<!-- results:begin -->", "<!-- results:end -->"


def parts(text: str, name: Path) -> tuple[str, str, str]:
    """What stands before, between and behind the markers."""
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise TableError(f"{name} needs one line {BEGIN} and below it one line {END}; the results stand between them")
    before, _, rest = text.partition(BEGIN)
    block, _, after = rest.partition(END)
    return before, block, after


def merged(readme: str, summary: str) -> str:
    """A README with the block of a summary."""
    before, _, after = parts(readme, paths.README)
    return f"{before}{BEGIN}{parts(summary, SUMMARY)[1]}{END}{after}"


def update() -> bool:
    """Bring README.md up to date; says whether it was not. Rows that no summary speaks of leave it as it is."""
    if not SUMMARY.exists():
        return False
    if not paths.README.exists():
        print(f"there is no {paths.README} to put the results into")
        return False
    text = paths.README.read_text(encoding="utf-8")
    wanted = merged(text, SUMMARY.read_text(encoding="utf-8"))
    if wanted == text:
        return False
    write_atomically(paths.README, wanted.encode())
    return True
