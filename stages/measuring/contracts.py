"""What examinations and metrics agree on, argument by argument.

An examination says how a kind of row is judged, a metric what is measured: each is a file of its axis. Params name the
metrics of an examination; it loads them, and hands each what its `NEEDS` says. Images are uint8, NHWC.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from torch import Tensor

from stages.learning.contracts import Networks
from stages.learning.devices import Place
from stages.measuring.columns import Column
from stages.measuring.judge import Judge
from stages.measuring.readings import Mistakes, Readings
from stages.settings.rows import Params, VariantRow
from stages.storage.factors import Factors
from stages.storage.prepared import Bytes


@dataclass(frozen=True)
class Pairs:
    """NEEDS "pairs": images beside the exact ones, one label at a time.

    `produced`, `exact` and `original` are equally many images. Where `unchanged` is true, images were asked for the
    labels that they have, and the exact ones are the originals; there is such a set for all data. `bayes` is the least
    mean absolute error that any answer can have, levels from 0 to 1, where the exact image is drawn at random and the
    data say it.
    """

    produced: Bytes
    exact: Bytes
    original: Bytes
    unchanged: bool
    bayes: float | None = None


@dataclass(frozen=True)
class Answers:
    """NEEDS "answers": what the judge says of images, one label at a time.

    `logits` [images, labels] are the judge's, `wanted` [images, labels] what the translator was asked for, `column` the
    label that was to change. `labels`, `kind` and `exclusive` are those of the data set.
    """

    logits: Tensor
    wanted: Tensor
    column: int
    labels: Sequence[str]
    kind: str
    exclusive: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Likeness:
    """NEEDS "perceptual": images beside others that they should look like, the exact ones or the teacher's.

    `judge` is the network of the data set, `batch` how many images it sees at once.
    """

    produced: Bytes
    other: Bytes
    judge: Judge
    batch: int


@dataclass(frozen=True)
class Sets:
    """NEEDS "sets": features of real and of produced images, [images, features] each; `seed` is for what is drawn."""

    real: Tensor
    fake: Tensor
    seed: int


@dataclass(frozen=True)
class Cycles:
    """NEEDS "cycles": all images of a direction, translated to the other label and back.

    `original` and `returned` are equally many images, `exact` the exact translations half-way, where there are any.
    """

    original: Bytes
    returned: Bytes
    exact: Bytes | None


@dataclass(frozen=True)
class Layouts:
    """NEEDS "layouts": of all images of a direction the class of each pixel, [images, height, width] both.

    `wanted` holds what was asked for, `found` what a reader of classes sees in the translations: 0 to `classes` - 1.
    Pixels whose wanted class is `void` belong to none.
    """

    wanted: Bytes
    found: Bytes
    classes: int
    void: int


@dataclass(frozen=True)
class Logits:
    """NEEDS "logits": a classifier's answers.

    `classes` [images, classes] are the logits of the classes, `subclasses` [images, subclasses] those below them,
    `labels` [images] the labels of the data, of which `merge` neighbours are one class. `votes` [images, labels] holds
    the annotators' votes, where there are some.
    """

    classes: Tensor
    subclasses: Tensor
    labels: Tensor
    merge: int
    votes: Tensor | None

    @property
    def truth(self) -> Tensor:
        """The class of each image."""
        return self.labels // self.merge


@dataclass(frozen=True)
class Read:
    """NEEDS "factors": what a reader sees in produced images of a drawn data set, and the law that images should have.

    `real` is what it sees in real images that it did not learn from, `mistakes` how it errs on them.
    """

    found: Readings
    real: Readings
    law: Factors
    mistakes: Mistakes


@dataclass(frozen=True)
class Redrawn:
    """NEEDS "renderings": how far images are from what a program draws of the factors that a reader sees in them.

    Of each image, produced or real, the mean absolute difference, levels from 0 to 1.
    """

    produced: Tensor
    real: Tensor


@dataclass(frozen=True)
class Nearest:
    """NEEDS "neighbours": factors of produced images, of train images, and of as many draws that nobody trained on.

    All as a reader sees them; `followed` are the places of the traits that it follows.
    """

    produced: Readings
    train: Readings
    fresh: Readings
    followed: Sequence[int]


@dataclass(frozen=True)
class Twins:
    """NEEDS "twins": what a network and its teacher make of the same latents.

    Some images of both, and what a reader sees in all of them, where there is one.
    """

    images: Bytes
    teacher_images: Bytes
    found: Readings | None
    teacher: Readings | None


Given = Pairs | Answers | Likeness | Sets | Cycles | Layouts | Logits | Read | Redrawn | Nearest | Twins
Measured = Mapping[str, Tensor | float]


class Metric(Protocol):
    """A file of `stages/metrics` that examinations load: what is measured, and what its columns mean.

    It may offer more, with the arguments of `measure`: `by_class` for one number per class of some columns, `drawing`
    for what a figure draws, and, with the settings alone, `weights` for the published weights that it reads, by their
    names in `stages/storage/weights.py`, each with the path that params give or an empty text.
    """

    __name__: str
    NEEDS: str
    """What it is given: one of the words above, or another that an examination offers."""
    COLUMNS: Mapping[str, Column]
    """Every column that `measure` may return."""

    def measure(self, given: Any, /, **settings: Any) -> Measured:  # noqa: ANN401 - of the kind that NEEDS names
        """The columns of what is given: a tensor of one number per image, or a float where only the whole has one.

        Of numbers per image the mean is published, with an interval and a standard error; NaN is an image that has
        none. A column that cannot be measured is left out. The settings are keywords, those of params.
        """
        ...


Report = dict[str, Any]
"""What a quality file holds, and `retort verify` reads again."""


class Examination(Protocol):
    """A file of `stages/examinations`: how rows of one kind are judged."""

    __name__: str
    Settings: type
    """The pydantic model of `evaluation.<examination>`, with `metrics` among its fields."""
    OFFERS: tuple[str, ...]
    """The NEEDS of the metrics that it can serve."""
    KINDS: tuple[str, ...]
    """The kinds of data that it can judge (`stages/storage/prepared.py`)."""
    ASKS: tuple[str, ...]
    """What a family must offer, by name."""
    WATCHES: tuple[str, ...]
    """The taps that each kept network must have."""
    HEADLINE: tuple[str, ...]
    """The columns that decide between rows: the first that a row has does."""

    def examine(self, name: str, row: VariantRow, settings: Params, place: Place) -> tuple[Report, bytes | None]:
        """What is measured of every seed of a row, and a PNG picture of what it makes, if it makes any.

        `name` says where the row's networks are. The report holds `columns` (what they mean), `protocol` (`shared` by
        all rows of this examination, `datasets` by those of each data set), `references`, and `seeds`: of each
        `overall`, `intervals` and `standard_errors` by column.
        """
        ...


class Translates(Protocol):
    """What a family offers whose rows are examined by translating images."""

    def translate(self, networks: Networks, image: Tensor, source: Tensor, target: Tensor) -> Tensor:
        """The images of the target labels, in [-1, 1].

        `networks` are those that are kept, by name; `image` is float, [-1, 1], NCHW; `source` holds the label vectors
        that the images have, `target` those that are asked for.
        """
        ...


class Directed(Translates, Protocol):
    """What a family offers whose rows are examined direction by direction: it may have a network for each."""

    DIRECTIONS: tuple[tuple[int, int], ...]
    """What it translates: the places of source and target among the labels of the teacher's row.

    `translate` is asked for one of these at a time: all images of a batch have the same label vectors. How far a
    network changes images that are of its target label already is asked with the label vectors of its direction.
    """


class Synthesises(Protocol):
    """What a family offers whose rows are examined by what they make of latents alone."""

    def latents(self, networks: Networks, count: int, seed: int) -> Tensor:
        """Latents [count, z] that networks are fed with, on the CPU; they depend on `count`, `seed` and z alone."""
        ...

    def sample(self, networks: Networks, latent: Tensor, truncation: float) -> Tensor:
        """The images of latents, in [-1, 1], NCHW, an image's the same in every batch.

        `truncation` from 0 to 1 pulls what latents are mapped to towards its mean; 1 leaves it alone.
        """
        ...


class Classifies(Protocol):
    """What the one kept network of a family offers whose rows are examined by classifying images."""

    def watch(self, image: Tensor) -> Mapping[str, Tensor]:
        """`classes`, the logits of the classes, and `logits`, those of their subclasses, of images in [-1, 1]."""
        ...
