"""Images made of latents alone, by every seed of a row: as sets in features, and by factors where these are known.

The latents are the same for the teacher and all its students. `stages/measuring/realities.py` says what the images are
held against. In reports `known` are sets of images with one fault each, and what the rulers say of them; `floors` what
chance alone leaves of a distance to the law; `marginals` of each category the known chances beside the shares read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field
from torch import Tensor

from stages.learning import checkpoints, roles
from stages.learning.contracts import Networks
from stages.learning.devices import Place
from stages.measuring import assessing, chosen, kept, looking, programs, realities, rulers, sittings, strips, walks
from stages.measuring import synthesised as making
from stages.measuring.columns import DRAWS, named
from stages.measuring.contracts import Report, Synthesises
from stages.measuring.judging import Bench
from stages.measuring.looking import Seen
from stages.measuring.protocols import DIGITS
from stages.measuring.realities import Purpose, Reality
from stages.settings import members, paths
from stages.settings.rows import Name, Params, VariantRow
from stages.storage import hashing, prepared
from stages.storage.prepared import Bytes, Prepared

OFFERS = assessing.OFFERS
KINDS = ("attributes", "expressions", "classes", "images")
ASKS, WATCHES = ("latents", "sample"), ()
HEADLINE = ("fid", "fid_judge")
# To be raised when a change elsewhere than in the metrics moves numbers.
VERSION = 1
WALK = 2**21
"""Added to the seed of the latents where those of the picture's walk are drawn."""


class Settings(sittings.Settings):
    """What every examination of images is told; `images` are made of as many latents.

    `truncation` below 1 pulls latents towards their mean; `programs` names the data sets that draw given factors.
    """

    truncation: Annotated[float, Field(gt=0, le=1)] = 1.0
    programs: list[Name] = Field(default_factory=list)


@dataclass(frozen=True)
class Sitting:
    """A data set ready to judge what networks make: its settings, data, rulers and real side."""

    settings: Settings
    data: Prepared
    bench: Bench
    reality: Reality
    place: Place

    def once(self, make: Callable[[], kept.Arrays], **determinants: Any) -> kept.Arrays:  # noqa: ANN401 - as in `kept.once`
        """Arrays that depend on the data and the protocol, from scratch if they are there."""
        data, settings = self.data.header.sha256, self.settings.model_dump()
        return kept.once(
            self.place, make, data=data, settings=settings, rulers=self.bench.rulers.sha256, **determinants
        )

    def look(self, family: Synthesises, networks: Networks, latents: Tensor) -> Seen:
        """What networks make of latents."""
        sample = making.sampler(family, networks, self.settings.truncation, self.place.device)
        parts = making.parts(sample, latents, self.settings.batch)
        return looking.look(parts, self.bench.rulers, self.place.device)

    def measured(self, seen: Seen, teacher: Seen | None = None) -> assessing.Columns:
        """The columns of a set of images."""
        return assessing.measured(seen, self.reality, self.bench, teacher)

    def scores(self, parts: Iterator[Bytes]) -> tuple[dict[str, float], Seen]:
        """The columns' numbers of images that no network made."""
        seen = looking.look(parts, self.bench.rulers, self.place.device)
        return assessing.means(self.measured(seen)), seen


def examine(name: str, row: VariantRow, settings: Params, place: Place) -> tuple[Report, bytes | None]:
    """What is measured of every seed of a row, and a picture of what its first seed makes."""
    sitting, family = sit(row.dataset, row.examination, settings, place), members.load("families", row.family)
    file = paths.teacher(row.teacher)
    networks = roles.kept(family, checkpoints.read(file).networks)
    latents = family.latents(networks, sitting.settings.images, sitting.settings.seed)
    digest, taken = hashing.file_hash(file), lambda: sitting.look(family, networks, latents).arrays()
    teacher = looking.of_arrays(sitting.once(taken, what="teacher", file=digest))
    students = {seed: checkpoints.read(paths.student(name, seed)) for seed in row.seeds}
    seen = {seed: sitting.look(family, each.networks, latents) for seed, each in students.items()}
    seeds: dict[str, Any] = {}
    for seed, each in seen.items():
        judged = assessing.judgement(sitting.measured(each, teacher), sitting.bench)
        datasets = {sitting.data.header.name: {"overall": judged["overall"], "labels": {}}}
        precision = students[seed].about["precision"]
        seeds[str(seed)] = {"training_precision": precision, **judged, "datasets": datasets}
    first = row.seeds[0]
    picture = pictured(sitting, family, students[first].networks, seen[first].images)
    known = faulty(sitting) if row.compression == "none" else {}
    return {**surroundings(sitting, teacher, list(seen.values()), known), "seeds": seeds}, picture


def of_networks(
    networks: Networks, family: str, dataset: str, settings: Params, place: Place, *, seed: int
) -> dict[str, float]:
    """The columns of networks that may still be chosen between: other latents and other real images than reported."""
    sitting = sit(dataset, "synthesis", settings, place, "choosing")
    member = members.load("families", family)
    latents = member.latents(networks, sitting.settings.images, seed)
    return assessing.means(sitting.measured(sitting.look(member, networks, latents)))


def sit(dataset: str, examination: str, settings: Params, place: Place, purpose: Purpose = "reporting") -> Sitting:
    """The rulers and the real side of a data set; what is missing is found before anything is computed."""
    mine = Settings.model_validate(settings.evaluation[examination])
    metrics = chosen.choose(mine.metrics, OFFERS, examination)
    data = prepared.read(paths.dataset(dataset))
    program = programs.of(settings.datasets[dataset], data.header, mine.programs)
    tools = rulers.read(data.header, mine.extractor, mine.extractor_weights, metrics, place.device)
    bench = Bench(metrics, tools, mine, place.device)
    arrays = kept.once(
        place,
        lambda: realities.looked(data, program, bench, purpose),
        what="reality",
        purpose=purpose,
        data=data.header.sha256,
        settings=mine.model_dump(),
        rulers=tools.sha256,
    )
    return Sitting(mine, data, bench, realities.of_arrays(arrays, program, tools.mistakes), place)


def pictured(sitting: Sitting, family: Any, networks: Networks, images: Bytes) -> bytes:  # noqa: ANN401 - a member
    """The first images and a walk through latents."""
    ends = walks.circle(family.latents(networks, 2, sitting.settings.seed + WALK))
    sample = making.sampler(family, networks, sitting.settings.truncation, sitting.place.device)
    return strips.png([walks.arranged(images, making.images(sample, ends, sitting.settings.batch))])


def real_draws(sitting: Sitting) -> dict[str, float]:
    """What as many real images score, and under names of two parts the floors of distances to the law."""

    def make() -> kept.Arrays:
        bench, reality = sitting.bench, sitting.reality
        columns, seen = sitting.scores(assessing.real_draws(sitting.data, reality, sitting.settings.images, bench))
        floors = {}
        if reality.drawn is not None and seen.found is not None:
            floors = assessing.floors(seen.found, reality.drawn, bench)
        return assessing.as_arrays({**columns, **{f"floor/{name}": value for name, value in floors.items()}})

    return assessing.as_numbers(sitting.once(make, what="real draws"))


def faulty(sitting: Sitting) -> dict[str, dict[str, float]]:
    """What rulers say of sets with a known fault."""

    def make() -> kept.Arrays:
        found: dict[str, float] = {}
        sets = assessing.known_sets(sitting.data, sitting.reality, sitting.settings.images, sitting.bench)
        for name, parts in sets:
            columns, _ = sitting.scores(parts)
            found |= {f"{name}/{column}": value for column, value in columns.items()}
        return assessing.as_arrays(found)

    known: dict[str, dict[str, float]] = {}
    for place, value in assessing.as_numbers(sitting.once(make, what="known sets")).items():
        name, column = place.split("/")
        known.setdefault(name, {})[column] = value
    return known


def marginals(sitting: Sitting, teacher: Seen, seen: Sequence[Seen]) -> dict[str, Any]:
    """The shares of every category's values, where factors are known."""
    rows = [each.found for each in seen if each.found is not None]
    if sitting.reality.drawn is None or teacher.found is None:
        return {}
    return {sitting.data.header.name: assessing.frequencies(sitting.reality.drawn, teacher.found, rows)}


def surroundings(sitting: Sitting, teacher: Seen, seen: list[Seen], known: dict[str, dict[str, float]]) -> Report:
    """What the numbers of every seed are to be read beside."""
    bench, header, settings = sitting.bench, sitting.data.header, sitting.settings
    draws = real_draws(sitting)
    own = {name: value for name, value in draws.items() if "/" not in name}
    shared = {"version": VERSION, "split": "latents", "precision": sitting.place.precision}
    of_data = {
        "data": header.sha256[:DIGITS],
        "resolution": header.resolution,
        "images": settings.images,
        "real_images": len(sitting.reality.features),
        **{name: digest[:DIGITS] for name, digest in bench.rulers.sha256.items()},
    }
    return {
        "columns": bench.columns(),
        "protocol": {
            "shared": {
                **shared,
                **settings.model_dump(include={"extractor", "resamples", "seed", "truncation"}),
            },
            "datasets": {header.name: of_data},
        },
        "ceiling": {header.name: bench.rulers.ceiling},
        "references": {named(column, DRAWS): value for column, value in own.items()},
        "floors": {name.removeprefix("floor/"): value for name, value in draws.items() if "/" in name},
        "known": {header.name: {"real draws": own, **known}} if known else {},
        "marginals": marginals(sitting, teacher, seen),
    }
