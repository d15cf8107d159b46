"""The page of all rows, as text and in a real browser: complete, loads nothing, sorts, filters, opens, runs no name."""

from __future__ import annotations

import base64
import contextlib
import csv
import gzip
import hashlib
import io
import json
import re
import shutil
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from html.parser import HTMLParser
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from PIL import Image
from ruamel.yaml import YAML

from retort.commands import report as command
from stages import plot_figures, write_tables
from stages.figures import architecture, evidence, weights, written
from stages.findings.tables import TableError
from stages.measuring import strips
from stages.settings import params, paths, provenance, sweeps
from stages.settings.atomic import write_atomically
from stages.settings.rows import Params
from stages.tables import claimed, details, gathered, pictures, report, summary
from tests import chromium, digits, laid, stated
from tests.chromium import Browser, Page
from tests.fabricated import SMOKE, fabricate
from tests.laid import timed

ROOT = Path(__file__).resolve().parents[1]
LARGEST = 8_000_000
SCRIPT, BROKEN = '<script>window.ran = "script"</script>', '"><img src=x onerror="window.ran = 1"><!-- </script \u2028'
FIRST = "Set 1: the last block and the image teach a student to paint."
"""The claim that opens the page."""
HOSTILE = {"set1-w4b3-none": SCRIPT, "set1-w4b3-fr135": BROKEN}


def lay_latency(settings: Params) -> None:
    """Times of two networks."""
    rows = settings.variants.items()
    spec = {"width": 4, "blocks": 3}
    networks = {
        name: {"spec": spec, "peak_bytes": {"cpu": {"1": 5e5}}, **timed(ms)} for name, ms in (("a", 8), ("b", 2))
    }
    latency = {
        "machine": {"cpu": "A", "cores": 2, "torch": "2", "load_before": 0.0},
        "precision": "float32",
        "networks": networks,
        "variants": {name: "a" if row.compression == "none" else "b" for name, row in rows},
    }
    paths.latency().write_text(json.dumps(latency), encoding="utf-8")


def draw() -> None:
    """The figures that take little time, and what lists them."""
    found = evidence.load()
    manifest: dict[str, object] = {}
    for drawn in (*weights.figures(found), *architecture.figures(found)):
        files = written.files(drawn, plot_figures.STAGE)
        manifest[drawn.name] = plot_figures.described(drawn, files)
        for name, content in files.items():
            write_atomically(paths.figure(name), content)
    write_atomically(paths.manifest(), json.dumps(manifest).encode())


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Fabricated results at the smoke scale, two rows with hostile names, the quick figures, and the page of them."""
    folder = tmp_path_factory.mktemp("report")
    content = params.sections(YAML(typ="safe").load(SMOKE))
    content["teachers"] = {name: row for name, row in content["teachers"].items() if row["family"] == "stargan"}
    content["variants"] = {n: row for n, row in content["variants"].items() if row["teacher"] in content["teachers"]}
    for name, thesis in HOSTILE.items():
        content["variants"][name]["thesis"] = thesis
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        with paths.PARAMS.open("w", encoding="utf-8") as file:
            YAML().dump(content, file)
        settings = fabricate()
        lay_latency(settings)
        draw()
        stated.lay(
            stated.line(FIRST, "holds", "set1-w4b3-fr5out set1-w4b3-none", "set1", headline=True),
            stated.line(SCRIPT, "does not hold", "set1-w4b3-d-fr5out", "set1", headline=True),
            stated.line("Joint: nobody knows.", "cannot tell", "joint-teacher", "joint"),
        )
        write_tables.main()
        yield folder


@pytest.fixture
def text(place: Path) -> str:
    return (place / paths.page()).read_text(encoding="utf-8")


@pytest.fixture
def settings(place: Path) -> Params:
    return params.read(place / paths.PARAMS)


class Parts(HTMLParser):
    """The tags of a page with their attributes, and what its scripts and styles hold."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.held: list[tuple[str, str, str]] = []
        self.inside = ("", "")
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.inside = (tag, dict(attrs).get("id") or "")

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - the parser's contract
        self.inside = ("", "")

    def handle_data(self, data: str) -> None:
        if self.inside[0] in ("script", "style"):
            self.held.append((*self.inside, data))

    def content(self, tag: str, name: str = "") -> str:
        return next(data for each, known, data in self.held if (each, known) == (tag, name))

    def island(self, name: str) -> dict[str, Any]:
        text = self.content("script", name)
        return dict(json.loads(text if name == "pictures" else gzip.decompress(base64.b64decode(text))))


# --- the file


def test_every_row_is_in_the_table_and_in_the_data(text: str, settings: Params) -> None:
    parts = Parts(text)
    data = parts.island("data")
    assert list(data["details"]) == list(settings.variants)
    assert [row["name"] for row in data["rows"] if row["name"]] == list(settings.variants)
    assert [int(a["data-row"] or -1) for tag, a in parts.tags if "data-row" in a] == list(range(len(data["rows"])))
    for name, row in settings.variants.items():
        assert f"<code>{name}</code>" in text
        assert data["details"][name]["seeds"] == row.seeds
        for metric in data["details"][name]["metrics"]:
            assert len(metric["values"]) == len(row.seeds)


def test_the_page_loads_nothing_and_says_so(text: str) -> None:
    parts = Parts(text)
    for tag, attributes in parts.tags:
        for name in ("src", "href", "action", "data", "poster", "srcset"):
            assert re.match(r"#|data:,$", attributes.get(name) or "#"), f"{tag} {name}={attributes.get(name)}"
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
    own = [data for tag, name, data in parts.held if not name]
    assert len(own) == 2
    for data in own:
        assert not re.search(r"url\((?!\"\$)|@import|https?://(?!www\.w3\.org/2000/svg)", data)
    policy = next(a["content"] or "" for _, a in parts.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    for data in own:
        assert base64.b64encode(hashlib.sha256(data.encode()).digest()).decode() in policy


def test_names_cannot_break_out_of_the_page(text: str) -> None:
    parts = Parts(text)
    assert [tag for tag, _ in parts.tags].count("script") == 3
    assert not [a for tag, a in parts.tags if tag == "img" and "data-picture" not in a]
    labels = {row["name"]: row["label"] for row in parts.island("data")["rows"]}
    assert {name: labels[name] for name in HOSTILE} == HOSTILE
    for name in ("data", "pictures"):
        assert "<" not in parts.content("script", name)
        assert "\u2028" not in parts.content("script", name)


@pytest.mark.usefixtures("place")
def test_the_same_inputs_give_the_same_bytes(text: str) -> None:
    write_tables.main()
    assert paths.page().read_text(encoding="utf-8") == text


def test_a_row_can_be_pasted_into_params(text: str, settings: Params) -> None:
    details = Parts(text).island("data")["details"]
    content = settings.model_dump()
    for name, row in settings.variants.items():
        line = details[name]["yaml"]
        pasted = YAML(typ="safe").load(f"variants:\n{line}")
        whole = {**content, "variants": {**content["variants"], **pasted["variants"]}}
        assert Params.model_validate(whole).variants[name] == row


def test_every_taught_row_has_its_diagram_and_no_figure_is_there_twice(text: str, settings: Params) -> None:
    parts = Parts(text)
    details, shown = parts.island("data")["details"], parts.island("pictures")
    for name, row in settings.variants.items():
        taught = row.distill.generator != "none" or row.distill.discriminator != "none"
        assert (details[name]["diagram"] in shown) == taught
    figures = {name: each["content"] for name, each in shown.items() if not name.startswith("sheet ")}
    listed = json.loads(paths.manifest().read_text(encoding="utf-8"))
    assert set(figures) == {name for name in listed if not name.startswith(pictures.ARRANGED)}
    assert len(set(figures.values())) == len(figures)


def test_figures_lose_nothing_and_tiles_what_nobody_sees(text: str) -> None:
    parts = Parts(text)
    details, shown = parts.island("data")["details"], parts.island("pictures")
    packed, outlines = [name for name, each in shown.items() if each["packed"]], parts.island("data")["outlines"]
    assert packed
    for name in packed:
        drawing = gzip.decompress(base64.b64decode(shown[name]["content"])).decode()
        assert "<path id=" not in drawing
        again = re.sub("\x01([0-9]+);", lambda found: outlines[int(found[1])], drawing)
        assert again.encode() == paths.figure(f"{name}.svg").read_bytes()
    for name in ("set1-w4b3-fr5out", "joint-teacher"):
        sheet = Image.open(io.BytesIO(base64.b64decode(shown[f"sheet {name}"]["content"]))).convert("RGB")
        whole = np.asarray(Image.open(paths.samples(name)).convert("RGB"))
        above = 0
        for part in details[name]["parts"]:
            height = part["people"] * part["side"]
            mine = np.asarray(sheet)[part["top"] : part["top"] + height]
            np.testing.assert_array_equal(mine, pictures.shades()[whole[above : above + height]])
            above += strips.IMAGES * part["side"]


def test_a_picture_of_another_layout_is_shown_whole(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quality = json.loads((place / paths.quality("set1-w4b3-none")).read_text(encoding="utf-8"))
    monkeypatch.chdir(tmp_path)
    assert pictures.sheet("set1-w4b3-none", {**quality, "pictured": False}, teacher=False) is None
    paths.samples("set1-w4b3-none").parent.mkdir(parents=True)
    Image.new("RGB", (10, 7)).save(paths.samples("set1-w4b3-none"))
    parts, picture = pictures.sheet("set1-w4b3-none", quality, teacher=False) or (None, {})
    assert parts == []
    assert (picture["width"], picture["height"]) == (10, 7)


def test_origins_are_of_the_stages_before_the_page(place: Path, text: str, tmp_path: Path) -> None:
    data = Parts(text).island("data")
    known = {item.partition("@")[0] for each in data["details"].values() for item in each["origins"]}
    absent = {"build_wide_students", "choose_students", "export_networks", "export_readers"}
    assert known | absent == {sweeps.file(stage) for stage in before_the_page()} - {"accept_rows"}
    assert "count_costs" in data["records"]
    assert {item.partition("@")[0] for item in data["records"]} <= known
    copy = tmp_path / "copy"
    shutil.copytree(place, copy)
    with contextlib.chdir(copy):
        shutil.rmtree(paths.provenances())
        built = summary.tables_of(gathered.load(params.read()))
        page = report.page(built, claimed.opening(built))
        assert Parts(page).island("data")["records"] == {}
        provenance.record("distill_students", "set1-w4b3-none", 61.0, {"precision": "float32"})
        page = report.page(built, claimed.opening(built))
    records = Parts(page).island("data")["records"]
    assert records["distill_students@set1-w4b3-none"]["seconds"] == 61.0


def test_a_curve_may_lack_a_number_at_some_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    paths.RESULTS.mkdir()
    lines = ["kind,name,seed,step,loss,evidence/cosine", "variant,a,0,1,0.5,", "variant,a,0,2,0.4,-0.3"]
    paths.training_curves().write_text("\n".join(lines) + "\n", encoding="utf-8")
    (training,) = details.curves().values()
    assert training == {"steps": [1, 2], "losses": {"loss": [0.5, 0.4], "evidence/cosine": [None, -0.3]}}


def before_the_page() -> list[str]:
    """The stages whose results the page shows, in the order of dvc.yaml."""
    stages = list(YAML(typ="safe").load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"])
    return stages[: stages.index("plot_figures")]


def test_a_lost_figure_is_named(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(place / paths.FIGURES, tmp_path / paths.FIGURES)
    monkeypatch.chdir(tmp_path)
    paths.figure("weights.svg").unlink()
    with pytest.raises(TableError, match=r"weights\.svg does not exist"):
        pictures.drawings(["weights"])
    paths.figure("weights.png").unlink()
    with pytest.raises(TableError, match=r"weights\.png does not exist"):
        pictures.figure("weights", "<svg/>")


def test_the_published_page_is_small_and_has_every_published_row() -> None:
    page = ROOT / paths.page()
    if not page.exists():
        pytest.skip(f"{paths.page()} is not there yet")
    assert page.stat().st_size < LARGEST
    data = Parts(page.read_text(encoding="utf-8")).island("data")
    with (ROOT / paths.results()).open(encoding="utf-8", newline="") as results:
        published = dict.fromkeys(line["variant"] for line in csv.DictReader(results))
    # The page goes by problem, the table by params.
    assert sorted(data["details"]) == sorted(published)


# --- the command


def test_without_a_page_the_command_says_what_makes_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(typer.Exit) as left:
        command.report()
    assert left.value.exit_code == 1
    assert "`retort repro` makes it" in capsys.readouterr().err


def test_the_address_is_printed(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command.report(opened=False)
    assert capsys.readouterr().out.strip() == (place / paths.page()).as_uri()
    with pytest.raises(typer.Exit) as left:
        command.report(port=8000, opened=False)
    assert left.value.exit_code == 2


@pytest.mark.usefixtures("place")
def test_the_server_gives_this_machine_the_page_and_nothing_else(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with ThreadingHTTPServer((command.HERE, 0), command.OnePage) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://{command.HERE}:{server.server_port}"
        assert server.server_address[0] == "127.0.0.1"
        for path in ("/", "/index.html", "/?again"):
            with urllib.request.urlopen(f"{address}{path}", timeout=60) as answer:
                assert answer.read().decode() == text
        kept = paths.exported_networks("small") / "generator.onnx"
        write_atomically(kept, b"a network")
        with urllib.request.urlopen(f"{address}/{kept.as_posix()}", timeout=60) as answer:
            assert answer.read() == b"a network"
        hidden = ("/results/networks/../costs.json", "/results/costs.json")
        for path in ("/params.yaml", "/../params.yaml", "/figures/", "//etc/passwd", *hidden):
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(f"{address}{path}", timeout=60)
            assert refused.value.code == 404
            refused.value.close()
        with pytest.raises(typer.Exit) as left:
            command.serve_page(server.server_port, opened=False)
        assert left.value.exit_code == 2
        assert "cannot be used" in capsys.readouterr().err
        server.shutdown()


# --- in a browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if chromium.found() is None:
        pytest.skip(chromium.MISSING)
    with chromium.browser() as one:
        yield one


def opened(browser: Browser, file: Path, width: int = 1280, dark: bool = False) -> Page:
    """The page of a folder, drawn."""
    page = Page(browser, width, 800, dark)
    page.visit((file / paths.page()).as_uri())
    page.until("document.querySelector('#chart').children.length")
    return page


@pytest.fixture
def page(browser: Browser, place: Path) -> Iterator[Page]:
    one = opened(browser, place)
    yield one
    assert one.complaints() == []
    assert one.run("window.ran") is None
    assert {each.partition(":")[0] for each in one.requests()} <= {"file", "blob", "data"}
    assert [each for each in one.requests() if each.startswith("file:")] == [(place / paths.page()).as_uri()]
    one.close()


SHOWN = "[...document.querySelectorAll('#table tbody tr:not([hidden])')]"
NAMES = f"{SHOWN}.map(line => line.querySelector('code').textContent)"


def numbers(page: Page, key: str) -> list[float | None]:
    """The numbers of a column from above to below, as they are read."""
    place = page.run(f"[...document.querySelectorAll('#table th[data-key]')].findIndex(h => h.dataset.key === '{key}')")
    cells = page.run(f"{SHOWN}.map(line => line.children[{place}].textContent)")
    return [float(cell.split("±")[0].replace("−", "-")) if cell.strip() else None for cell in cells]


def head(key: str) -> str:
    return f"#table th[data-key={key}] button"


def choose(page: Page, form: str, name: str, value: str) -> None:
    """Choose an entry of a list, as a reader does."""
    page.run(
        f"(() => {{ const list = document.querySelector('{form} [name={name}]'); list.value = {json.dumps(value)};"
        "for (const kind of ['input', 'change']) list.dispatchEvent(new Event(kind, {bubbles: true})); })()"
    )


@pytest.mark.parametrize(("key", "first"), [("l1", "ascending"), ("accuracy_target", "descending")])
def test_a_column_sorts_by_its_numbers(page: Page, key: str, first: str) -> None:
    before = page.run(NAMES)
    page.click(head(key))
    assert page.run(f"document.querySelector('#table th[data-key={key}]').getAttribute('aria-sort')") == first
    once = numbers(page, key)
    known = [each for each in once if each is not None]
    assert len(set(known)) > 3
    assert known == sorted(known, reverse=first == "descending")
    assert page.run(NAMES) != before
    page.click(head(key))
    twice = [each for each in numbers(page, key) if each is not None]
    assert twice == known[::-1]
    page.click(head(key))
    assert page.run(NAMES) == before
    assert page.run("document.querySelectorAll('[aria-sort]').length") == 0


def test_what_has_no_number_comes_last_in_both_orders(page: Page) -> None:
    for _ in range(2):
        page.click(head("parameters"))
        found = numbers(page, "parameters")
        missing = found.count(None)
        assert 0 < missing < len(found)
        assert found[-missing:] == [None] * missing


def test_sorting_needs_no_mouse(page: Page) -> None:
    page.focus(head("macs"))
    page.press("Enter")
    known = [each for each in numbers(page, "macs") if each is not None]
    assert known == sorted(known)


def test_filters_leave_the_rows_that_fit_and_say_how_many(page: Page, settings: Params) -> None:
    everything = page.run(NAMES)
    choose(page, "#filters", "compression", "prune")
    expected = [name for name, row in settings.variants.items() if row.compression == "prune"]
    assert page.run(NAMES) == expected
    assert (
        page.run("document.querySelector('#count').textContent") == f"{len(expected)} of {len(settings.variants)} rows"
    )
    assert page.run("document.querySelectorAll('.point[data-name]').length") == len(expected)
    choose(page, "#filters", "compression", "")
    choose(page, "#filters", "lessons", "discriminator: euclidean")
    assert page.run(NAMES) == [n for n, row in settings.variants.items() if row.distill.discriminator == "euclidean"]
    page.click("#filters [type=reset]")
    page.until(f"{SHOWN}.length === {len(everything)}")
    problem = page.run("document.querySelector('#filters [name=problem]').options[2].value")
    choose(page, "#filters", "problem", problem)
    assert [name for name in page.run(NAMES) if name] == ["joint-teacher"]


def test_search_finds_words_in_any_order(page: Page) -> None:
    page.click("#filters [name=text]")
    page.type("FR5OUT set1")
    assert page.run(NAMES) == ["set1-w4b3-fr5out", "set1-w4b3-d-fr5out"]
    page.type(" nowhere")
    assert page.run(NAMES) == []
    assert "No row fits" in page.run("document.querySelector('#count').textContent")


def line_of(page: Page, name: str) -> str:
    """Where a row is in the table."""
    codes = "[...document.querySelectorAll('#table code')]"
    index = page.run(f"{codes}.find(code => code.textContent === '{name}').closest('tr').dataset.row")
    return f'#table tr[data-row="{index}"]'


def test_a_click_opens_a_row_with_all_that_is_known_of_it(page: Page) -> None:
    page.click(f"{line_of(page, 'set1-w4b3-fr5out')} td:nth-child(3)")
    assert page.run("document.querySelector('#panel').open")
    shown = page.run("document.querySelector('#panel').innerText")
    for heading in (
        "Pictures",
        "Architecture",
        "Training",
        "Costs",
        "Metrics",
        "Where it comes from",
        "Row of params.yaml",
    ):
        assert heading in shown
    for words in ("MACs, input rule", "MACs, output rule", "seed 2", "l1_inside", "count_costs", "its control"):
        assert words in shown
    row = page.run("document.querySelector('#panel pre').textContent")
    assert row.startswith("  set1-w4b3-fr5out: {teacher: set1, ")
    assert "match: {res5: res2, image: image}" in row
    page.until("[...document.querySelectorAll('#panel img')].every(i => i.complete && i.naturalWidth)")
    page.until("[...document.querySelectorAll('#panel .tile')].every(t => t.style.backgroundImage.startsWith('url'))")
    assert page.run("document.querySelectorAll('#panel .tile').length") > 20
    assert page.run("document.querySelectorAll('#panel .curve path.line').length") > 6
    assert page.run("location.hash") == "#row=set1-w4b3-fr5out"


def test_a_row_opens_and_closes_by_keys_and_the_focus_comes_back(page: Page) -> None:
    line = line_of(page, "set1-w4b3-none")
    page.focus(f"{line} .open")
    page.press("Enter")
    assert page.run("document.activeElement.id") == "panel-title"
    assert page.run("document.activeElement.textContent") == SCRIPT
    for _ in range(4):
        page.press("Tab")
    page.press("Escape")
    # The browser tells the page of the closing in a task of its own.
    page.until("!document.querySelector('#panel').open && location.hash === ''")
    assert page.run("document.activeElement.textContent").endswith(SCRIPT)
    page.press("ArrowDown", 40)
    assert page.run("document.activeElement.textContent") == BROKEN


def test_tab_leaves_the_open_row(page: Page) -> None:
    page.click(f"{line_of(page, 'set1-prune-none')} .open")
    seen = []
    for _ in range(60):
        page.press("Tab")
        seen.append(page.run("document.querySelector('#panel').contains(document.activeElement)"))
    assert True in seen
    assert False in seen, "the keyboard is caught in the panel"


def test_arrows_of_the_panel_go_through_the_rows_shown(page: Page) -> None:
    page.click(head("l1"))
    names = [name for name in page.run(NAMES) if name]
    page.click(f"{line_of(page, names[0])} .open")
    for name in names[1:]:
        page.click("#after")
        assert page.run("location.hash") == f"#row={name}"
    assert page.run("document.querySelector('#after').disabled")
    page.click("#before")
    assert page.run("location.hash") == f"#row={names[-2]}"


def test_an_address_opens_its_row(browser: Browser, place: Path) -> None:
    one = Page(browser, 1280, 800, dark=False)
    one.visit((place / paths.page()).as_uri() + "#row=joint-teacher")
    one.until("document.querySelector('#panel').open")
    assert "joint-teacher" in one.run("document.querySelector('#panel').innerText")
    one.close()


def test_a_point_says_its_name_to_the_mouse_and_to_the_keyboard(page: Page) -> None:
    assert page.run("document.querySelectorAll('.point[data-name]').length") == 7
    page.hover(".point[data-name=set1-w4b3-fr5out] .mark")
    page.until("!document.querySelector('#tip').hidden")
    told = page.run("document.querySelector('#tip').textContent")
    assert "set1-w4b3-fr5out" in told
    assert re.search(r"Exact error L1 [\d.]+", told)
    assert re.search(r"MACs [\d.]+ M", told)
    page.focus('.point[tabindex="0"]')
    first = page.run("document.activeElement.dataset.name")
    page.press("ArrowRight", 39)
    second = page.run("document.activeElement.dataset.name")
    assert first != second
    assert second in page.run("document.querySelector('#tip').textContent")
    assert second in page.run("document.activeElement.getAttribute('aria-label')")
    page.press("Enter")
    assert page.run("location.hash") == f"#row={second}"


def test_the_chart_follows_its_axes(page: Page) -> None:
    place = "document.querySelector('.point[data-name=joint-teacher] .mark').getAttribute('transform')"
    before = page.run(place)
    choose(page, "#axes", "vertical", "accuracy_target")
    choose(page, "#axes", "horizontal", "latency_ms")
    assert page.run(place) != before
    assert "higher is better" in page.run("document.querySelector('#front-hint').textContent")
    assert "Latency, ms" in page.run("document.querySelector('#chart svg').textContent")


def test_every_figure_can_be_drawn(page: Page) -> None:
    page.place("#figures")
    page.until("[...document.querySelectorAll('img[data-picture]')].every(i => i.complete && i.naturalWidth > 0)")
    assert page.run("document.querySelectorAll('#figures img').length") == 2


def brightness(page: Page) -> float:
    """Of the page's background, from 0 to 255."""
    colour = page.run("getComputedStyle(document.body).backgroundColor")
    return float(np.mean([float(part) for part in re.findall(r"[\d.]+", colour)[:3]]))


def test_colours_follow_the_system_and_the_button(page: Page) -> None:
    assert brightness(page) > 200
    page.prefer("dark")
    assert brightness(page) < 60
    page.until("document.querySelector('#theme').getAttribute('aria-pressed') === 'true'")
    page.click("#theme")
    assert brightness(page) > 200
    page.click("#theme")
    assert brightness(page) < 60


@pytest.mark.parametrize("width", [360, 390, 1280])
def test_the_page_is_as_wide_as_its_window(browser: Browser, place: Path, width: int) -> None:
    one = opened(browser, place, width)
    widths = "[document.documentElement.scrollWidth, document.body.scrollWidth]"
    assert max(one.run(widths)) <= width
    assert one.run("document.querySelector('.wide-box').scrollWidth") > one.run(
        "document.querySelector('.wide-box').clientWidth"
    )
    one.click(f"{line_of(one, 'set1-w4b3-fr5out')} .open")
    assert max(one.run(widths)) <= width
    panel = one.run("document.querySelector('#panel').getBoundingClientRect().width")
    assert panel == width if width < 500 else panel < width
    assert one.run("document.querySelector('#panel').scrollWidth - document.querySelector('#panel').clientWidth") <= 0
    assert one.complaints() == []
    one.close()


def test_print_leaves_out_what_only_a_screen_can_use(page: Page) -> None:
    page.prefer("dark", media="print")
    assert page.run("getComputedStyle(document.querySelector('#filters')).display") == "none"
    assert brightness(page) > 200


def test_a_load_from_elsewhere_is_refused_and_noticed(browser: Browser, place: Path) -> None:
    one = opened(browser, place)
    one.run("new Promise(done => { const i = new Image(); i.onerror = done; i.src = 'http://127.0.0.1:9/x.png' })")
    assert any("Content Security Policy" in each for each in one.complaints())
    one.close()


def test_a_finding_leads_to_its_row_and_the_focus_comes_back(page: Page) -> None:
    assert page.run("document.querySelector('main section').id") == "found"
    assert page.run("document.querySelector('.finding .claim').textContent") == FIRST
    assert page.run("document.querySelectorAll('.first .finding').length") == 2
    link = ".first .finding a[href='#row=set1-w4b3-fr5out']"
    page.focus(link)
    page.press("Enter")
    page.until("document.querySelector('#panel').open")
    assert "set1-w4b3-fr5out" in page.run("document.querySelector('#panel').innerText")
    line, head = (f"document.querySelector('#table {each}').getBoundingClientRect()" for each in ("tr.chosen", "thead"))
    page.until(f"{line}.bottom < innerHeight && {line}.top > {head}.bottom")
    page.press("Escape")
    page.until("!document.querySelector('#panel').open && location.hash === ''")
    assert page.run(f'document.activeElement === document.querySelector("{link}")')


def test_claims_of_a_system_unfold_by_keys(page: Page) -> None:
    claim = "document.querySelector('.system .claim')"
    assert page.run(f"{claim}.checkVisibility()") is False
    page.focus(".system summary")
    page.press("Enter")
    assert page.run(f"{claim}.checkVisibility()") is True
    assert page.run(f"{claim}.textContent") == "Joint: nobody knows."


TILES = "[...document.querySelectorAll('.gallery .tile')]"


def test_galleries_show_the_models_of_a_problem_side_by_side(page: Page) -> None:
    page.place("#galleries")
    heads = page.run("[...document.querySelectorAll('.gallery thead th')].map(head => head.textContent)")
    assert heads[:4] == ["", "input", "exact", "teacher"]
    assert f"○ {SCRIPT}" in heads
    page.until(f"{TILES}.length && {TILES}.every(tile => tile.style.backgroundImage.startsWith('url'))")
    people = f"{TILES}.map(tile => tile.style.backgroundPosition)"
    first, names = page.run(people), page.run("[...document.querySelectorAll('.gallery a')].map(a => a.hash)")
    page.click(".gallery button")
    assert page.run(people) != first
    page.click(".gallery button")
    assert page.run(people) == first
    page.run("(() => { const list = document.querySelector('.gallery select'); list.value = '1';"
             "list.dispatchEvent(new Event('change')); })()")  # fmt: skip
    assert page.run("[...document.querySelectorAll('.gallery a')].map(a => a.hash)") == ["#row=joint-teacher"]
    assert "#row=set1-w4b3-fr5out" in names


def test_a_tile_of_a_gallery_is_the_picture_s(page: Page, settings: Params) -> None:
    """The pixels that are seen in the second column of models, against the file of the row."""
    page.place("#galleries")
    page.until(f"{TILES}.length && {TILES}.every(tile => tile.style.backgroundImage.startsWith('url'))")
    name = page.run("[...document.querySelectorAll('.gallery thead a')][1].hash").removeprefix("#row=")
    row = settings.variants[name]
    place = page.run("document.querySelectorAll('.gallery tbody tr:first-child td')[3].querySelector('.tile')"
                     ".getBoundingClientRect().toJSON()")  # fmt: skip
    shown = np.asarray(Image.open(io.BytesIO(page.picture())).convert("RGB"))
    side = settings.datasets[row.dataset].resolution
    left, top, wide = (round(place[key]) for key in ("x", "y", "width"))
    scale = wide // side
    seen = shown[top : top + wide, left : left + wide][scale // 2 :: scale, scale // 2 :: scale]
    whole = np.asarray(Image.open(paths.samples(name)).convert("RGB"))
    np.testing.assert_array_equal(seen, pictures.shades()[whole[:side, :side]])


def lay_classifiers() -> Params:
    """Beside what is laid for the tables, a sweep of classifiers: numbers of their own, no picture, no curve."""
    laid.lay(laid.settings())
    content = digits.added(laid.settings().model_dump())
    with paths.PARAMS.open("w", encoding="utf-8") as file:
        YAML().dump(content, file)
    settings = params.read()
    swept = {name: row for name, row in sweeps.rows(settings).items() if row.problem == "halves"}
    lines: list[dict[str, Any]] = [dict(line) for line in gathered.table(paths.results())]
    costs, latency, known = (
        json.loads(path.read_text(encoding="utf-8")) for path in (paths.costs(), paths.latency(), paths.dictionary())
    )
    counted = {"parameters": 900, "macs": 800, "macs_output_rule": 800, "bytes": 3600, "activations": 9}
    published = {"resolution": 28, "networks": {"classifier": counted}}
    roles = {"generator": ["classifier"]}
    entry = {"networks": {"classifier": counted}, "kept": counted, "roles": roles, "published": published}
    costs["teachers"]["big"] = entry
    for place, (name, row) in enumerate(swept.items()):
        measured = {"error": 0.05 + place / 100, "f1": 0.9 - place / 100}
        lines += [{"variant": name, "seed": seed, "problem": row.problem, **measured} for seed in row.seeds]
        costs["variants"][name] = {"teacher": "big", **entry, "training": laid.training(8_000_000)}
        latency["variants"][name] = "plain"
        seeds = {str(seed): {"overall": measured, "intervals": {"error": [0.0, 0.2]}} for seed in row.seeds}
        paths.quality(name).parent.mkdir(parents=True, exist_ok=True)
        paths.quality(name).write_text(
            json.dumps({"pictured": False, "protocol": {"datasets": {}}, "seeds": seeds}), encoding="utf-8"
        )
    known["problems"]["halves"] = {"examination": "classification", "headline": "error"}
    columns = list(dict.fromkeys(column for line in lines for column in line))
    with paths.results().open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(lines)
    for path, made in ((paths.costs(), costs), (paths.latency(), latency), (paths.dictionary(), known)):
        path.write_text(json.dumps(made), encoding="utf-8")
    provenance.record("distill_students_sweeps", "halves", 70.0, {"precision": "float32"})
    return settings


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A page of rows that translate and rows that classify: its folder and its text."""
    folder = tmp_path_factory.mktemp("swept")
    with contextlib.chdir(folder):
        built = summary.tables_of(gathered.load(lay_classifiers()))
        text = report.page(built, claimed.opening(built))
        paths.page().write_text(text, encoding="utf-8")
    return folder, text


def test_rows_that_classify_stand_beside_those_that_translate(swept: tuple[Path, str]) -> None:
    data = Parts(swept[1]).island("data")
    rows = {row["name"]: row for row in data["rows"] if row["name"]}
    assert [name for name in rows if "/" in name] == digits.ROWS
    one = rows[digits.ROWS[2]]
    assert one["cells"]["error"] == pytest.approx(0.07)
    assert "l1" not in one["cells"]
    assert one["lessons"] == ["classifier: soft_labels"]
    assert "0.0008" in swept[1], "800 multiplications are not none"
    details = data["details"][digits.ROWS[2]]
    assert "distill_students_sweeps@halves" in details["origins"]
    assert [cost["network"] for cost in details["costs"]] == ["classifier", "classifier at 28 px"]
    assert details["training"]["macs"] == 8_000_000
    assert (details["training"]["seconds"], details["training"]["trainings"]) == (7.0, 10)
    assert details["about"]["examination"] == "classification"
    assert details["yaml"].startswith("  halves-kd-alpha0-5-temperature1: {teacher: big")


def test_columns_that_no_row_shown_has_are_left_out(browser: Browser, swept: tuple[Path, str]) -> None:
    one = opened(browser, swept[0])
    heads = "[...document.querySelectorAll('#table thead th:not([hidden])')].map(head => head.dataset.key)"
    assert {"l1", "error"} <= set(one.run(heads))
    choose(one, "#filters", "family", "classifier")
    assert one.run(NAMES) == digits.ROWS
    assert "error" in one.run(heads)
    assert "l1" not in one.run(heads)
    one.click(head("error"))
    assert numbers(one, "error") == sorted(each for each in numbers(one, "error") if each is not None)
    assert one.run("document.querySelectorAll('.point[data-name]').length") == len(digits.ROWS)
    one.click(f"{line_of(one, digits.ROWS[-1])} .open")
    shown = one.run("document.querySelector('#panel').innerText")
    assert "This row has no pictures." in shown
    assert "0 to 0.2" in shown
    assert "7.0 s" in shown
    assert "the mean of the 10 trainings" in shown
    choose(one, "#filters", "family", "")
    choose(one, "#filters", "examination", "classification")
    assert one.run(NAMES) == digits.ROWS
    choose(one, "#filters", "examination", "")
    choose(one, "#filters", "family", "stargan")
    assert "l1" in one.run(heads)
    assert one.complaints() == []
    one.close()


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of rows with empty cells and without figures, pictures, curves, records, and one without times."""
    folder = tmp_path_factory.mktemp("bare")
    with contextlib.chdir(folder):
        laid.lay(laid.settings())
        write_tables.main()
    return folder


def test_rows_of_which_little_is_known_open_too(browser: Browser, bare: Path) -> None:
    one = opened(browser, bare)
    names = one.run("[...document.querySelectorAll('#table tr:has(.open) code')].map(c => c.textContent)")
    assert "real-taught" in names
    for name in names:
        one.run(f"location.hash = '#row={name}'")
        one.until(f"document.querySelector('#panel .facts code')?.textContent === '{name}'")
        assert "This row has no pictures." in one.run("document.querySelector('#panel').innerText")
    choose(one, "#axes", "horizontal", "latency_ms")
    assert "2 of the rows shown have no such numbers" in one.run("document.querySelector('#front-hint').textContent")
    assert one.complaints() == []
    one.close()
