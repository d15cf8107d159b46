"""Every path of the repository, relative to its root, named once; `dvc.yaml` is held equal to it by a test."""

from __future__ import annotations

from pathlib import Path

PARAMS = Path("params.yaml")
GRAPH = Path("dvc.yaml")
LOCK = Path("dvc.lock")
SCALES = Path("scales")
CLAIMS = Path("claims.yaml")
README = Path("README.md")
RESULTS = Path("results")
FIGURES = Path("paper_figures")
DATA = Path("data")
RAW, WEIGHTS = DATA / "raw", DATA / "weights"
"""Folders of data/ that hold what was not made here."""
STATE = Path(".retort")


def dataset(name: str) -> Path:
    """The prepared data set."""
    return DATA / name


def judge(dataset_name: str) -> Path:
    """The classifier that rules over one data set."""
    return RESULTS / "judges" / f"{dataset_name}.safetensors"


def teacher(name: str) -> Path:
    """The large network."""
    return RESULTS / "teachers" / f"{name}.safetensors"


def wide(name: str) -> Path:
    """The network whose slices are the students of a search."""
    return RESULTS / "wides" / f"{name}.safetensors"


def choices() -> Path:
    """The folder of what all searches chose."""
    return RESULTS / "choices"


def choice(search: str) -> Path:
    """What one search measured and chose."""
    return choices() / f"{search}.json"


def students(variant: str) -> Path:
    """The folder of one row's small networks."""
    return RESULTS / "students" / variant


def student(variant: str, seed: int) -> Path:
    """The small network of one row and seed."""
    return students(variant) / f"seed{seed}.safetensors"


def costs() -> Path:
    """Parameters and operations of every row."""
    return RESULTS / "costs.json"


def quality(variant: str) -> Path:
    """Every measured figure of one row, per seed."""
    return RESULTS / "quality" / f"{variant}.json"


def samples(variant: str) -> Path:
    """A few translated test images of one row, for the figures."""
    return RESULTS / "samples" / f"{variant}.png"


def exported(name: str) -> Path:
    """How an exported row compares with the one it came from."""
    return RESULTS / "exports" / f"{name}.json"


def exported_networks(name: str) -> Path:
    """The folder of an exported row's networks, which stay in git."""
    return RESULTS / "networks" / name


def readers() -> Path:
    """The folder of exported readers, which stay in git."""
    return RESULTS / "readers"


def reader(dataset_name: str) -> Path:
    """The exported network that tells what a picture shows, and how unlike a data set it is."""
    return readers() / f"{dataset_name}.onnx"


def protocol(examination: str) -> Path:
    """What the numbers of one kind of examination depend on: its settings, and the code of its metrics."""
    return RESULTS / "protocols" / f"{examination}.json"


def results() -> Path:
    """One tidy line per row and seed."""
    return RESULTS / "results.csv"


def comparisons() -> Path:
    """Each taught row against its untaught control."""
    return RESULTS / "comparisons.csv"


def additions() -> Path:
    """Rows against those whose lesson they extend."""
    return RESULTS / "additions.csv"


def paces() -> Path:
    """Rows whose lesson's weight moves against those of another pace."""
    return RESULTS / "paces.csv"


def picks() -> Path:
    """What searches found best against their controls."""
    return RESULTS / "picks.csv"


def factorial() -> Path:
    """Main effects of what is taught, and of where it is matched."""
    return RESULTS / "factorial.csv"


def lengths() -> Path:
    """Students that were trained for more and fewer steps."""
    return RESULTS / "lengths.csv"


def claims() -> Path:
    """What became of every claim."""
    return RESULTS / "claims.csv"


def judging() -> Path:
    """Rows that judges of several seeds examined."""
    return RESULTS / "judging.csv"


def evidence() -> Path:
    """Whether lesson and game pull against each other, and whether that grows during training."""
    return RESULTS / "evidence.csv"


def variance() -> Path:
    """Spread over training seeds beside the spread of the evaluation sample."""
    return RESULTS / "variance.csv"


def columns() -> Path:
    """What the columns of the tables mean."""
    return RESULTS / "README.md"


def dictionary() -> Path:
    """The columns of the tables and the headline of each problem, for programs."""
    return RESULTS / "columns.json"


def latency() -> Path:
    """Measured times; never byte-stable."""
    return RESULTS / "latency.json"


def training_curves() -> Path:
    """The losses of every training, thinned, in one table."""
    return RESULTS / "curves.csv"


def moments() -> Path:
    """What trainings recorded of lesson and game, in one table."""
    return RESULTS / "moments.csv"


def teacher_curve(name: str) -> Path:
    """The losses of one teacher's training."""
    return RESULTS / "curves" / "teachers" / f"{name}.tsv"


def wide_curve(name: str) -> Path:
    """The losses of one weight-shared training."""
    return RESULTS / "curves" / "wides" / f"{name}.tsv"


def student_curves(variant: str) -> Path:
    """The folder of the losses of one row's trainings."""
    return RESULTS / "curves" / "students" / variant


def student_curve(variant: str, seed: int) -> Path:
    """The losses of the training of one row and seed."""
    return student_curves(variant) / f"seed{seed}.tsv"


def figures() -> Path:
    """Every figure of the paper, in every format."""
    return FIGURES / "figures"


def figure(file: str) -> Path:
    """One figure in one format."""
    return figures() / file


def manifest() -> Path:
    """Of each figure the stage that drew it, what it was drawn from, and the hashes of both."""
    return FIGURES / "MANIFEST.json"


def tables() -> Path:
    """The summary of all rows, in every format."""
    return FIGURES / "tables"


def table(file: str) -> Path:
    """One file of the summary."""
    return tables() / file


def cards() -> Path:
    """What each problem's networks are for, were made from, and reach."""
    return FIGURES / "cards"


def page() -> Path:
    """Every row and figure in one file to open in a browser."""
    return FIGURES / "index.html"


def provenances() -> Path:
    """The records of all items."""
    return RESULTS / "provenance"


def provenance(stage: str, name: str) -> Path:
    """Who made an item, when, how long it took; nothing depends on it."""
    return provenances() / (f"{stage}@{name}.json" if name else f"{stage}.json")


def scratch(key: str) -> Path:
    """Resumable state of a training, undeclared to DVC, keyed by all that determines the run."""
    return STATE / "scratch" / key


def speed() -> Path:
    """How fast this machine is."""
    return STATE / "speed.json"


def logs() -> Path:
    """What the items print."""
    return STATE / "logs"
