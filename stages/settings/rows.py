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


class VariantRow(Row):
    """A compressed network: how it is made from its teacher, what it is taught at which pace, and how it is examined.

    `generator` stands for the networks that are kept, whatever their family calls them, `discriminator` for their
    critics. `play` is what only the family understands; `evidence` asks for the gradients of lesson and game every so
    many steps (0: never); `headline` marks the rows that the text and the claims speak of.
    """

    teacher: str
    family: str
    dataset: str
    partner: str
    examination: str
    compression: str
    student: Settings
    compression_settings: Settings = Field(default_factory=dict)
    distill: Roles
    generator_lesson: Settings = Field(default_factory=dict)
    discriminator_lesson: Settings = Field(default_factory=dict)
    pace: Roles
    generator_pace: Settings = Field(default_factory=dict)
    discriminator_pace: Settings = Field(default_factory=dict)
    evidence: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    play: Settings
    schedule: str
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
    variants: dict[Name, VariantRow]
    sweeps: dict[Name, SweepRow] = Field(default_factory=dict)
    evaluation: dict[Name, Settings]
    """Of each kind of examination its own settings, `metrics` among them: a metric's name -> its settings."""
    latency: Latency
