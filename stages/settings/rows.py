"""The sections of `params.yaml` as frozen models, closed to unknown keys, every value ranged."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]
Label = Annotated[str, Field(min_length=1, max_length=64)]
Resolution = Annotated[int, Field(ge=8, le=512, multiple_of=4)]
Share = Annotated[float, Field(ge=0, le=1)]
Settings = dict[str, Any]
Seeds = Annotated[list[Annotated[int, Field(ge=0, lt=2**31)]], Field(min_length=1)]
CHOSEN, PICK = "chosen", "pick"
"""What a student says instead of its widths: the search that chose them, and which of its picks they are."""


class Row(BaseModel):
    """Frozen, closed, and strict: a text is no number and 1 is no truth value."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Machine(Row):
    """How this machine computes; `auto` takes what is there."""

    device: Literal["auto", "cpu", "cuda"]
    precision: Literal["auto", "float32", "bfloat16"]
    save_every: Annotated[int, Field(ge=1)]


class DataRow(Row):
    """A data set: which reader, at which resolution, with the reader's own settings."""

    dataset: str
    resolution: Resolution
    settings: Settings


class JudgeRow(Row):
    """The classifier that rules over one data set, trained on its train split."""

    dataset: str
    width: Annotated[int, Field(ge=4, le=256)]
    steps: Annotated[int, Field(ge=1, le=1_000_000)]
    batch: Annotated[int, Field(ge=2, le=4096)]
    learning_rate: Annotated[float, Field(gt=0, le=1)]
    seed: Annotated[int, Field(ge=0, lt=2**31)]


class Schedule(Row):
    """How long and how fast something is trained; shared by rows, never tuned per row."""

    steps: Annotated[int, Field(ge=0, le=10_000_000)]
    batch: Annotated[int, Field(ge=1, le=4096)]
    learning_rate: Annotated[float, Field(gt=0, le=1)]
    critic_learning_rate: Annotated[float, Field(gt=0, le=1)]
    betas: Annotated[list[Annotated[float, Field(ge=0, lt=1)]], Field(min_length=2, max_length=2)]
    decay_from: Share
    decay: Literal["linear", "as_released", "tenth"]
    average: Annotated[float, Field(ge=0, lt=1)]
    flip: bool


class TeacherRow(Row):
    """A large network: family, data, labels, architecture and schedule."""

    family: str
    dataset: str
    partner: str
    labels: Annotated[list[Label], Field(min_length=1)]
    partner_labels: list[Label]
    spec: Settings
    losses: Settings
    play: Settings
    schedule: str
    seed: Annotated[int, Field(ge=0, lt=2**31)]


class Roles(Row):
    """A member's name for each role: what teaches it (`stages/distillations`), or at which pace (`stages/paces`)."""

    generator: str
    discriminator: str


class TaughtRow(Row):
    """A network that is trained beside a teacher, and what it is taught at which pace.

    `generator` stands for the networks that are kept, whatever their family calls them, `discriminator` for their
    critics. `play` is what only the family understands.
    """

    teacher: str
    family: str
    dataset: str
    partner: str
    distill: Roles
    generator_lesson: Settings = Field(default_factory=dict)
    discriminator_lesson: Settings = Field(default_factory=dict)
    pace: Roles
    generator_pace: Settings = Field(default_factory=dict)
    discriminator_pace: Settings = Field(default_factory=dict)
    play: Settings
    schedule: str


class StudentRow(TaughtRow):
    """A compressed network: how it is made from its teacher.

    `evidence` asks for the gradients of lesson and game every so many steps (0: never).
    """

    compression: str
    student: Settings
    compression_settings: Settings = Field(default_factory=dict)
    evidence: Annotated[int, Field(ge=0, le=1_000_000)] = 0


class VariantRow(StudentRow):
    """A compressed network, and how it is examined.

    `headline` marks the rows that the text and the claims speak of. Of `chosen` rows the student names a search and
    what it picked: `{chosen: faces-quarter, pick: best}`.
    """

    examination: str
    seeds: Seeds
    problem: str
    thesis: str = ""
    headline: bool = False


class Point(Row):
    """What a point changes of its sweep; `grid` lists values of settings of its lesson, each combination a point."""

    compression: str | None = None
    student: Settings | None = None
    compression_settings: Settings | None = None
    distill: Roles | None = None
    generator_lesson: Settings | None = None
    discriminator_lesson: Settings | None = None
    pace: Roles | None = None
    generator_pace: Settings | None = None
    discriminator_pace: Settings | None = None
    evidence: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    play: Settings | None = None
    schedule: str | None = None
    seeds: Seeds | None = None
    thesis: str | None = None
    headline: bool | None = None
    grid: dict[str, Annotated[list[int | float], Field(min_length=1)]] = Field(default_factory=dict)


class SweepRow(VariantRow):
    """Many small trainings in one item: a variant, and under each point's name what that point changes of it."""

    points: Annotated[dict[Name, Point], Field(min_length=1)]


class Space(Row):
    """What a weight-shared network can become: at each side one of these shares of the teacher's widths."""

    widths: Annotated[list[Annotated[float, Field(gt=0, le=1)]], Field(min_length=2)]


class WideRow(TaughtRow):
    """A weight-shared training: a network of the teacher's widths that narrower ones are leading slices of."""

    space: Space
    seed: Annotated[int, Field(ge=0, lt=2**31)]


class Evolution(Row):
    """How a space too large to enumerate is searched: shares of the population, and a side's chance to change."""

    population: Annotated[int, Field(ge=4, le=10_000)]
    generations: Annotated[int, Field(ge=1, le=10_000)]
    parents: Annotated[float, Field(gt=0, lt=1)]
    mutated: Annotated[float, Field(gt=0, lt=1)]
    chance: Annotated[float, Field(gt=0, le=1)]


class SearchRow(StudentRow):
    """The choice of a student's widths under a budget, a share of the teacher's multiply-accumulates.

    Each configuration's fitness is measured on so many `images`, with the weights it shares; where there is an
    `evolution` only those that it comes across. As many `random` controls are drawn whose cost differs from that of the
    best by a share `near` at most. They, the best, the uniform one and `alone` further configurations are trained
    alone, as this row says.
    """

    wide: str
    budget: Annotated[float, Field(gt=0, le=1)]
    near: Annotated[float, Field(gt=0, le=1)]
    images: Annotated[int, Field(ge=2, le=1_000_000)]
    evolution: Evolution | None = None
    random: Annotated[int, Field(ge=0, le=16)]
    alone: Annotated[int, Field(ge=0, le=1000)]
    seed: Annotated[int, Field(ge=0, lt=2**31)]


class ExportRow(Row):
    """A trained row whose networks leave the benchmark as files of their own.

    `source` is the item that trained it, and its name too; of a sweep, `point` is one of its points. The problem's
    fields are those of the row.
    """

    teacher: str
    family: str
    dataset: str
    partner: str
    examination: str
    problem: str
    source: str
    point: str = ""
    seed: Annotated[int, Field(ge=0, lt=2**31)]


class Latency(Row):
    """How times are taken."""

    batches: Annotated[list[Annotated[int, Field(ge=1, le=1024)]], Field(min_length=1)]
    repeats: Annotated[int, Field(ge=3, le=10_000)]
    warmup: Annotated[int, Field(ge=0, le=1000)]


class Params(Row):
    """All of `params.yaml`."""

    run: Machine
    datasets: dict[Name, DataRow]
    judges: dict[Name, JudgeRow]
    schedules: dict[Name, Schedule]
    teachers: dict[Name, TeacherRow]
    wides: dict[Name, WideRow] = Field(default_factory=dict)
    searches: dict[Name, SearchRow] = Field(default_factory=dict)
    variants: dict[Name, VariantRow]
    chosen: dict[Name, VariantRow] = Field(default_factory=dict)
    sweeps: dict[Name, SweepRow] = Field(default_factory=dict)
    evaluation: dict[Name, Settings]
    """Of each kind of examination its own settings, `metrics` among them: a metric's name -> its settings."""
    exports: dict[Name, ExportRow] = Field(default_factory=dict)
    latency: Latency
