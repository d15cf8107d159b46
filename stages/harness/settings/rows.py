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
    critic_steps: Annotated[int, Field(ge=1, le=20)]
    learning_rate: Annotated[float, Field(gt=0, le=1)]
    critic_learning_rate: Annotated[float, Field(gt=0, le=1)]
    betas: Annotated[list[Annotated[float, Field(ge=0, lt=1)]], Field(min_length=2, max_length=2)]
    decay_from: Share
    decay: Literal["linear", "as_released", "tenth"]
    average: Annotated[float, Field(ge=0, lt=1)]
    flip: bool
    targets: Literal["permuted", "mixed"]
    augment: Literal["none", "window"]


class TeacherRow(Row):
    """A large network: family, data, labels, architecture and schedule."""

    family: str
    dataset: str
    partner: str
    labels: Annotated[list[Label], Field(min_length=1)]
    partner_labels: list[Label]
    spec: Settings
    losses: Settings
    schedule: str
    seed: Annotated[int, Field(ge=0, lt=2**31)]


class Taught(Row):
    """What teaches each network of the student: a file name in `stages/distillations`."""

    generator: str
    discriminator: str


class VariantRow(Row):
    """A compressed network: how it is made from its teacher, what it is taught, and with which seeds.

    `generator` stands for the network that is kept, whatever its family calls it, `discriminator` for its critic.
    """

    teacher: str
    family: str
    dataset: str
    partner: str
    compression: str
    student: Settings
    compression_settings: Settings = Field(default_factory=dict)
    distill: Taught
    generator_lesson: Settings = Field(default_factory=dict)
    discriminator_lesson: Settings = Field(default_factory=dict)
    schedule: str
    seeds: Seeds
    problem: str
    thesis: str = ""


class Point(Row):
    """What a point changes of its sweep; `grid` lists values of settings of its lesson, each combination a point."""

    compression: str | None = None
    student: Settings | None = None
    distill: Taught | None = None
    generator_lesson: Settings | None = None
    schedule: str | None = None
    seeds: Seeds | None = None
    thesis: str | None = None
    grid: dict[str, Annotated[list[int | float], Field(min_length=1)]] = Field(default_factory=dict)


class SweepRow(VariantRow):
    """Many small trainings in one item: a variant, and under each point's name what that point changes of it."""

    points: Annotated[dict[Name, Point], Field(min_length=1)]


class Evaluation(Row):
    """How every row is judged, on the test split."""

    extractor: Literal["judge", "inception"]
    extractor_weights: str = ""
    lpips: Literal["judge", "alex", "vgg"]
    lpips_weights: str = ""
    batch: Annotated[int, Field(ge=1, le=4096)]
    images: Annotated[int, Field(ge=16, le=1_000_000)]
    subsets: Annotated[int, Field(ge=2, le=1000)]
    subset_images: Annotated[int, Field(ge=8, le=100_000)]
    neighbours: Annotated[int, Field(ge=1, le=50)]
    resamples: Annotated[int, Field(ge=100, le=100_000)]
    allow_small_samples: bool
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
    variants: dict[Name, VariantRow]
    sweeps: dict[Name, SweepRow] = Field(default_factory=dict)
    evaluation: Evaluation
    latency: Latency
