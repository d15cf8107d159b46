"""Malformed inputs, drawn from a seed: which good file is damaged how, and which command is given it.

The folder is one in which everything has run. A case lays its damage where the good file was, or beside it, and names
the command that reads it. What is left afterwards is held against the good files by whoever feeds the cases.
"""

from __future__ import annotations

import io
import json
import random
import shutil
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from ruamel.yaml import YAML

from retort.benches.faults import headers, mutations, texts
from retort.benches.faults.mutations import InapplicableError, Mutation, Random
from retort.benches.faults.texts import Notation
from stages.settings import paths

OUT = Path("dist/faults")
"""Where commands write what they make of a case."""
GIVEN = Path(".retort/faults")
"""Where files lie that a person gives to a command."""


@dataclass(frozen=True)
class Case:
    """One malformed input: its kind, where it lies, what was done to which good file, and the command that reads it."""

    kind: str
    file: Path
    damage: str
    fatal: bool
    content: bytes
    good: bytes
    words: tuple[str, ...]


@dataclass(frozen=True)
class Kind:
    """What is damaged: its name, its share of all cases, and how one case of it is drawn."""

    name: str
    share: int
    draw: Callable[[Path, Random], Case]


def yaml_read(content: bytes) -> object:
    """A YAML text as a tree that shares nothing."""
    return json.loads(json.dumps(YAML(typ="safe").load(content.decode("utf-8"))))


def yaml_written(tree: object) -> bytes:
    """A tree as YAML."""
    stream = io.StringIO()
    YAML(typ="safe").dump(tree, stream)
    return stream.getvalue().encode()


YAML_TREES = Notation(yaml_read, yaml_written)
YAML_TEXT = (
    *mutations.TEXT,
    *texts.of_trees(YAML_TREES),
    Mutation("a line twice", texts.line_twice, fatal=False),
)


def chosen(folder: Path, draw: Random, *patterns: str) -> Path:
    """One of the files of some patterns, relative to the folder."""
    files = {file for pattern in patterns for file in folder.glob(pattern)}
    found = sorted(file for file in files if file.is_file() and file.stat().st_size > 1)
    if not found:
        raise FileNotFoundError(f"{folder} holds none of {', '.join(patterns)}")
    return draw.choice(found).relative_to(folder)


def damaged(
    kind: str,
    folder: Path,
    file: Path,
    ways: tuple[Mutation, ...],
    draw: Random,
    words: tuple[str, ...],
    at: Path | None = None,
    others: tuple[Path, ...] = (),
) -> Case:
    """A case of one file; `at` is where it lies if elsewhere, `others` are good files that may be in its place."""
    good = (folder / file).read_bytes()
    others = tuple(each for each in others if (folder / each).is_file())
    kinds = [*(way for way in ways for _ in range(way.share)), *([None, None] if others else [])]
    while True:
        way = draw.choice(kinds)
        if way is None:
            other = draw.choice(others)
            name, fatal, content = f"{other.name} in its place", False, (folder / other).read_bytes()
        else:
            try:
                name, fatal, content = way.name, way.fatal, way.change(good, draw)
            except InapplicableError:
                continue
        if content != good:
            return Case(kind, at or file, name, fatal, content, good, words)


def of_params(folder: Path, draw: Random) -> Case:
    """A params file, checked."""
    file = GIVEN / "params.yaml"
    others = (paths.CLAIMS, paths.GRAPH, Path("README.md"))
    return damaged("params", folder, paths.PARAMS, YAML_TEXT, draw, ("retort", "check", str(file)), file, others)


def of_claims(folder: Path, draw: Random) -> Case:
    """A file of claims, evaluated."""
    file = GIVEN / "claims.yaml"
    words = ("retort", "verify", "--claims", str(file))
    return damaged("claims", folder, paths.CLAIMS, YAML_TEXT, draw, words, file, (paths.PARAMS, Path("README.md")))


LAYOUTS = {"attributes": "celeba", "expressions": "rafd", "domains": "cyclegan", "pairs": "aligned"}


def of_data(folder: Path, draw: Random) -> Case:
    """A prepared data set, exported in another layout."""
    file = chosen(folder, draw, "data/*/header.json", "data/*/*/*.npy")
    name = file.parts[1]
    kind = json.loads((folder / paths.dataset(name) / "header.json").read_text(encoding="utf-8"))["kind"]
    ways = texts.JSON_TEXT if file.suffix == ".json" else headers.ARRAYS
    others = tuple(each.relative_to(folder) for each in sorted(folder.glob(f"data/*/{'/'.join(file.parts[2:])}")))
    words = ("retort", "data", "export", name, str(OUT / name), "--as", LAYOUTS.get(kind, "folder"))
    return damaged("data", folder, file, ways, draw, words, others=tuple(each for each in others if each != file))


def of_weights(folder: Path, draw: Random) -> Case:
    """A trained network, exported or tried."""
    file = chosen(folder, draw, "results/students/*/seed0.safetensors")
    row = file.parent.name
    others = tuple(
        each.relative_to(folder)
        for each in sorted(folder.glob("results/students/*/seed0.safetensors"))
        if each.parent.name != row
    )
    words = ("retort", "export", row, "--to", str(OUT))
    return damaged("weights", folder, file, headers.TENSORS, draw, words, others=others)


def of_results(folder: Path, draw: Random) -> Case:
    """A file of results, verified."""
    file = chosen(
        folder,
        draw,
        "results/*.csv",
        "results/*.json",
        "results/quality/*.json",
        "results/choices/*.json",
        "results/exports/*.json",
        "results/protocols/*.json",
        "dvc.lock",
    )
    ways = {".csv": texts.TABLE, ".json": texts.JSON_TEXT, ".lock": YAML_TEXT}[file.suffix]
    others = tuple(Path("results") / name for name in ("results.csv", "costs.json", "rows.json"))
    words = ("retort", "verify")
    return damaged("results", folder, file, ways, draw, words, others=tuple(each for each in others if each != file))


MEASUREMENTS = "measurements"


def of_measurements(folder: Path, draw: Random) -> Case:
    """A measured row or the counts, gathered into tables."""
    file = chosen(folder, draw, "results/quality/*.json", "results/costs.json")
    others = tuple(each.relative_to(folder) for each in sorted(folder.glob("results/quality/*.json"))[:3])
    ways, words = texts.JSON_TEXT, ("stages.gather_results",)
    return damaged(MEASUREMENTS, folder, file, ways, draw, words, others=tuple(each for each in others if each != file))


def of_published(folder: Path, draw: Random) -> Case:
    """Results that somebody else published, as a table or an archive."""
    table = paths.results()
    if draw.random() < 0.5:
        file = GIVEN / "published.csv"
        return damaged(
            "published", folder, table, texts.TABLE, draw, ("retort", "verify", "--against", str(file)), file
        )
    file, archive = GIVEN / "published.zip", GIVEN / "good.zip"
    if not (folder / archive).exists():
        with zipfile.ZipFile(folder / archive, "w", zipfile.ZIP_DEFLATED) as packed:
            for each in (table, paths.costs(), paths.LOCK):
                packed.writestr(each.as_posix(), (folder / each).read_bytes())
    return damaged(
        "published", folder, archive, mutations.BYTES, draw, ("retort", "verify", "--against", str(file)), file
    )


def translator(folder: Path) -> str:
    """An exported row that takes pictures and labels."""
    rows = json.loads((folder / "results" / "rows.json").read_text(encoding="utf-8"))["exports"]
    return next(name for name, row in rows.items() if row["examination"] == "translation" and row["source"] == name)


def of_pictures(folder: Path, draw: Random) -> Case:
    """A picture of a person's, tried."""
    suffix = draw.choice(("png", "jpeg", "webp", "gif"))
    good = GIVEN / f"good.{suffix}"
    if not (folder / good).exists():
        with Image.open(next(folder.glob("results/samples/*.png"))) as image:
            image.convert("RGB").crop((0, 0, 96, 96)).save(folder / good)
    file = GIVEN / f"picture.{suffix}"
    words = ("retort", "try", translator(folder), str(file), "--out", str(OUT / "sheet.png"))
    ways = headers.PNG if suffix == "png" else headers.PICTURES
    others = (paths.PARAMS, paths.results(), Path("README.md"))
    return damaged("pictures", folder, good, ways, draw, words, file, others)


def of_networks(folder: Path, draw: Random) -> Case:
    """An exported network or reader, tried."""
    file = chosen(folder, draw, f"results/networks/{translator(folder)}/*.onnx", "results/readers/avatars.onnx")
    others = tuple(each.relative_to(folder) for each in sorted(folder.glob("results/networks/*/*.onnx")))
    words = ("retort", "try", translator(folder), str(picture(folder)), "--out", str(OUT / "sheet.png"))
    ways = mutations.BYTES
    return damaged("networks", folder, file, ways, draw, words, others=tuple(each for each in others if each != file))


def picture(folder: Path) -> Path:
    """A good picture of a person's."""
    file = GIVEN / "good.png"
    if not (folder / file).exists():
        with Image.open(next(folder.glob("results/samples/*.png"))) as image:
            image.convert("RGB").crop((0, 0, 96, 96)).save(folder / file)
    return file


KINDS = (
    Kind("params", 45, of_params),
    Kind("data", 25, of_data),
    Kind("weights", 25, of_weights),
    Kind("results", 25, of_results),
    Kind(MEASUREMENTS, 10, of_measurements),
    Kind("published", 10, of_published),
    Kind("claims", 15, of_claims),
    Kind("pictures", 20, of_pictures),
    Kind("networks", 10, of_networks),
)
"""Checkpoints are added by their own file, as they need a training that was stopped."""


def drawn(folder: Path, kinds: tuple[Kind, ...], count: int, seed: int) -> Iterator[Case]:
    """So many cases, of each kind its share."""
    (folder / GIVEN).mkdir(parents=True, exist_ok=True)
    draw, total = random.Random(seed), sum(kind.share for kind in kinds)
    wanted = [round(count * kind.share / total) for kind in kinds]
    wanted[0] += count - sum(wanted)
    for kind, number in zip(kinds, wanted, strict=True):
        for _ in range(number):
            yield kind.draw(folder, draw)
            shutil.rmtree(folder / OUT, ignore_errors=True)
