"""What was found, as page and README say it: every claim once, with its outcome and the rows it leads to."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import get_args

import pytest

from stages import write_tables
from stages.findings import claims, tables
from stages.settings import params, paths
from stages.tables import claimed, gathered, markdown, readme, summary
from stages.tables.claimed import Opening
from tests import laid, stated

MARKED = "Set 1: one *star*, a_name and <b> | that stay as they are."
LINES = (
    stated.line("Set 1: teaching helps.", "holds", "taught plain", "set1", headline=True),
    stated.line(MARKED, "does not hold", "taught_too plain", "set1", headline=True),
    stated.line("Set 2: nobody knows.", "cannot tell", "lone-taught", "set2"),
    stated.line("Set 2: the whole problem.", "holds", "", "set2"),
    stated.line("Faces: of a row that is not here.", "other scale", "faces", "faces", headline=True),
)


@pytest.fixture
def opening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Opening:
    monkeypatch.chdir(tmp_path)
    laid.lay(laid.settings())
    stated.lay(*LINES)
    return claimed.opening(summary.tables_of(gathered.load(params.read())))


def test_headlines_come_first_and_every_claim_about_these_rows_once(opening: Opening) -> None:
    assert [each.claim for each in opening.first] == [LINES[0]["claim"], MARKED]
    (system,) = opening.systems
    assert system.title == "One network for many labels"
    assert [each.claim for each in system.findings] == [LINES[2]["claim"], LINES[3]["claim"]]
    assert opening.said == "4 claims: 2 hold, 1 does not, 1 cannot be told"
    assert system.said == "2 claims: 1 holds, 1 cannot be told"


def test_every_outcome_of_a_claim_has_a_mark_of_its_own() -> None:
    assert set(claimed.MARKS) == set(get_args(claims.State))
    assert len(set(claimed.MARKS.values())) == len(claimed.MARKS)
    assert set(claimed.COUNTED) == set(claimed.MARKS) - {claimed.ELSEWHERE}


def test_an_outcome_that_nobody_knows_is_refused(opening: Opening) -> None:
    for wrong in ({"outcome": "perhaps"}, {"headline": "yes"}):
        stated.lay({**LINES[0], **wrong})
        with pytest.raises(tables.TableError, match=r"claims\.csv has .* for the claim 'Set 1: teaching helps\.'"):
            claimed.read()
    assert opening.first[0].mark == "✓"


def test_a_claim_about_nothing_here_is_refused_unless_it_says_so(opening: Opening) -> None:
    assert "Faces" not in markdown.findings(opening)
    stated.lay(stated.line("Of nothing.", "holds", "nobody", "nowhere"))
    with pytest.raises(tables.TableError, match=r"no row or problem of params\.yaml is behind the claim 'Of"):
        claimed.opening(summary.tables_of(gathered.load(params.read())))


def test_without_the_table_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(tables.TableError, match=r"results/claims\.csv does not exist"):
        claimed.read()


def test_the_readme_gets_the_headlines_with_outcome_and_figures(opening: Opening) -> None:
    text = markdown.findings(opening)
    _, block, rest = readme.FINDINGS.parts(text, readme.FINDINGS.file)
    items = [line for line in block.splitlines() if line]
    assert items[0] == f"- ✓ Set 1: teaching helps. **Holds:** l1 {stated.FIGURES.replace('-', '−')}."
    assert items[1].startswith(r"- ✗ Set 1: one \*star\*, a\_name and &lt;b> \| that")
    assert "**Does not hold:**" in items[1]
    assert len(items) == 2
    assert re.findall(r"^- (.) ", rest, re.MULTILINE) == ["?", "✓"]


def test_the_page_opens_with_them_and_each_leads_to_its_rows(opening: Opening) -> None:
    assert opening.first
    paths.README.write_text("".join(f"{each.begin}\n{each.end}\n" for each in (readme.FINDINGS, readme.RESULTS)))
    write_tables.main()
    page = paths.page().read_text(encoding="utf-8")
    places = [page.index(f'<section id="{name}"') for name in ("found", "galleries", "rows", "figures")]
    assert places == sorted(places)
    found = page[places[0] : places[1]]
    claims = re.findall(r'<p class="claim">(.*?)</p>', found)
    assert claims[0] == LINES[0]["claim"]
    assert claims[1].startswith("Set 1: one *star*, a_name and &lt;b&gt;")
    assert re.findall(r"</span> ([a-z ]+)</p>", found) == ["holds", "does not hold", "cannot tell", "holds"]
    led = re.findall(r'href="#(row=[^"]+)"', found)
    assert led == ["row=taught", "row=plain", "row=taught_too", "row=plain", "row=lone-taught"]
    assert all(page.count(f'id="{name}"') == 1 for name in led)
    assert LINES[0]["claim"] in paths.README.read_text(encoding="utf-8")


def test_a_page_about_no_claim_says_so(opening: Opening) -> None:
    assert opening.first
    stated.lay(LINES[-1])
    write_tables.main()
    assert "No claim of <code>claims.yaml</code> is about these rows" in paths.page().read_text(encoding="utf-8")


def test_all_blocks_of_the_readme_follow(tmp_path: Path) -> None:
    with contextlib.chdir(tmp_path):
        paths.tables().mkdir(parents=True)
        blocks = (readme.RESULTS, readme.FINDINGS, readme.REHEARSAL)
        paths.SCALES.mkdir()
        for block in blocks:
            block.file.write_text(f"# Of {block.name}\n{block.begin}\nnew {block.name}\n{block.end}\n")
        paths.README.write_text("".join(f"above\n{block.begin}\nold\n{block.end}\n" for block in blocks))
        assert readme.update()
        text = paths.README.read_text()
        assert text == "".join(f"above\n{each.begin}\nnew {each.name}\n{each.end}\n" for each in blocks)
        assert not readme.update()
        paths.README.write_text(f"{readme.RESULTS.begin}\n{readme.RESULTS.end}\n")
        with pytest.raises(tables.TableError, match="<!-- findings:begin -->"):
            readme.update()
