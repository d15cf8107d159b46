"""`retort fetch`: what is not in the repository, downloaded where it is public, explained where it is behind a form."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from retort.exchange import folders


class Wanted(StrEnum):
    """What can be asked for."""

    CELEBA = "celeba"
    RAFD = "rafd"
    MNIST = "mnist"
    MHIST = "mhist"
    INCEPTION = "inception"
    ALEX = "alex"
    VGG = "vgg"
    RESNET50 = "resnet50"
    MOBILENET_V2 = "mobilenet_v2"


# The address that other frameworks use, of the same bytes as the authors' page, which does not always answer.
MNIST_ADDRESS = "https://ossci-datasets.s3.amazonaws.com/mnist"
MNIST_LIMIT = 20_000_000


CELEBA = """\
CelebA may be used for non-commercial research under its own terms, after a click on
https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html (Baidu and Google Drive).
Place below {directory}/ :
  img_align_celeba.zip      about 1.4 GB   folder Img, "Align&Cropped Images"; 202,599 JPEG of 178x218
                                           (or, unpacked, the folder img_align_celeba/)
  list_attr_celeba.txt      about 27 MB    folder Anno; 40 attributes
  list_eval_partition.txt   about 3 MB     folder Eval; needed for `split: official`
Then run this command again: it unpacks the archive and checks the lists against the images. A row for params.yaml,
with the very test images of StarGAN's released code:
  celeba:
    dataset: celeba
    resolution: 128
    settings: {{directory: {directory}, split: seeded, seed: 1234, test: 1999, validation: 2000}}
"""

RAFD = """\
RaFD (8,040 photographs of 681x1024; eight expressions) is given to researchers who ask for it:
https://rafd.socsci.ru.nl
Crop the faces to 256x256, as StarGAN's authors do, and place them below {directory}/ , a folder per expression:
  train/angry/*.png ... train/surprised/*.png    nine tenths
  test/angry/*.png  ... test/surprised/*.png     one tenth
or without train/ and test/, to have the split drawn with a seed. Then run this command again. A row for params.yaml:
  rafd:
    dataset: rafd
    resolution: 128
    settings: {{directory: {directory}, split: folders, seed: 0, validation: 400}}
"""

MHIST = """\
MHIST (3,152 images of 224x224 from colorectal polyps, with the votes of seven pathologists) is given to researchers who
ask for it: https://bmirds.github.io/MHIST
Place below {directory}/ :
  annotations.csv    image names, majority votes, numbers of votes, parts
  images/            3,152 PNG files (or images.zip, which this command unpacks)
Then run this command again: it holds the list against the images. A row for params.yaml:
  mhist: {{dataset: mhist, resolution: 224, settings: {{directory: {directory}, validation: 218, seed: 1234}}}}
"""


def fetch(
    name: Annotated[
        Wanted,
        typer.Argument(
            metavar="NAME",
            help="celeba, rafd, mnist or mhist: a data set; inception, alex, vgg, resnet50 or mobilenet_v2: weights.",
        ),
    ],
    into: Annotated[
        Path | None, typer.Option(help="Where to put it; else data/raw/NAME for data and data/weights for weights.")
    ] = None,
) -> None:
    """Download and verify weights and MNIST; say where CelebA, RaFD and MHIST come from, unpack and check them."""
    from retort.exchange.downloads import DownloadError
    from stages.storage.prepared import DataError
    from stages.storage.weights import WeightsError

    try:
        if name is Wanted.CELEBA:
            complete = fetch_celeba(into or folders.RAW / "celeba")
        elif name is Wanted.RAFD:
            complete = fetch_rafd(into or folders.RAW / "rafd")
        elif name is Wanted.MNIST:
            complete = fetch_mnist(into or folders.RAW / "mnist")
        elif name is Wanted.MHIST:
            complete = fetch_mhist(into or folders.RAW / "mhist")
        else:
            complete = fetch_weights(name.value, into)
    except (DownloadError, WeightsError, DataError) as error:
        typer.echo(f"retort fetch {name.value}: {error}", err=True)
        raise typer.Exit(1) from None
    if not complete:
        raise typer.Exit(1)


def fetch_weights(name: str, into: Path | None) -> bool:
    """Download published weights, or say that they are here."""
    from retort.exchange import downloads
    from stages.settings import paths
    from stages.storage import weights

    published = weights.PUBLISHED[name]
    target = (into or paths.WEIGHTS) / published.file
    promise = f"the first eight hex digits of its SHA-256 ({published.sha256_prefix}), all its publisher states"
    if target.exists():
        digest = weights.verify(target, published.sha256_prefix)
    else:
        typer.echo(f"{published.about}: {published.url}, about {published.megabytes} MB, to {target}")
        limit = 2_000_000 * published.megabytes
        with shown(published.file) as report:
            digest = downloads.download(published.url, target, published.sha256_prefix, limit, report)
    typer.echo(f"{target}: in place, verified by {promise}; in full: {digest}")
    return True


@contextmanager
def shown(file: str) -> Iterator[Callable[[int, int | None], None]]:
    """A bar of bytes, on standard error."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(file, total=None)
        yield lambda have, total: bar.update(task, completed=have, total=total)


def fetch_celeba(directory: Path) -> bool:
    """Unpack the archive if it is there and the images are not; hold the lists against the images."""
    from retort.exchange.downloads import unpack
    from stages.datasets import celeba

    archive = directory / f"{celeba.IMAGES}.zip"
    if archive.is_file() and not (directory / celeba.IMAGES).exists():
        typer.echo(f"unpacking {archive}")
        typer.echo(f"{unpack(archive, directory, 4_000_000_000, 250_000)} files unpacked")
    places = [directory / part for part in (celeba.IMAGES, celeba.ATTRIBUTES, celeba.PARTITION)]
    if not arrived(places):
        typer.echo(CELEBA.format(directory=directory))
        return False
    labels, rows = celeba.check(directory)
    celeba.official_split(directory / celeba.PARTITION, list(rows))
    typer.echo(f"{directory}: complete, {len(rows)} images with {len(labels)} attributes; the pictures are read later")
    return True


def fetch_rafd(directory: Path) -> bool:
    """Count the faces of each expression."""
    from stages.datasets import rafd

    folders = [directory / split for split in ("train", "test")]
    if not directory.is_dir() or not any(entry.is_dir() for entry in directory.iterdir()):
        typer.echo(f"missing: a folder per expression below {directory}")
        typer.echo(RAFD.format(directory=directory))
        return False
    for folder in folders if any(folder.is_dir() for folder in folders) else [directory]:
        faces = rafd.list_faces(folder)
        counts = Counter(face.parent.name for face in faces)
        typer.echo(f"{folder}: {len(faces)} images: " + ", ".join(f"{count} {name}" for name, count in counts.items()))
    return True


def fetch_mnist(directory: Path) -> bool:
    """Download the four files that are not there, and hold all of them against their hashes."""
    from retort.exchange import downloads
    from stages.datasets import mnist

    for file, (packed, _) in mnist.PUBLISHED.items():
        target = directory / f"{file}.gz"
        if not target.exists() and not (directory / file).exists():
            address = f"{MNIST_ADDRESS}/{target.name}"
            typer.echo(f"{address} to {target}")
            with shown(target.name) as report:
                downloads.download(address, target, packed, MNIST_LIMIT, report)
        path, content = mnist.opened(directory, file, published=True)
        typer.echo(f"{path}: in place, verified by its SHA-256; {len(content)} bytes unpacked")
    return True


def fetch_mhist(directory: Path) -> bool:
    """Unpack the images if their archive is there, and hold the list against them."""
    from retort.exchange.downloads import unpack
    from stages.preparing import annotated

    archive = directory / f"{annotated.IMAGES}.zip"
    if archive.is_file() and not (directory / annotated.IMAGES).exists():
        typer.echo(f"unpacking {archive}")
        typer.echo(f"{unpack(archive, directory, 1_000_000_000, 10_000)} files unpacked")
    if not arrived([directory / annotated.LIST, directory / annotated.IMAGES]):
        typer.echo(MHIST.format(directory=directory))
        return False
    rows = annotated.check(directory)
    counts = Counter((row.part, annotated.CLASSES[row.label]) for row in rows)
    told = ", ".join(f"{count} {label} to {part}" for (part, label), count in sorted(counts.items()))
    typer.echo(f"{directory}: complete, {len(rows)} images: {told}")
    return True


def arrived(places: list[Path]) -> bool:
    """Whether all of it is there; says which parts are and are not."""
    for place in places:
        typer.echo(f"{'found' if place.exists() else 'missing'}: {place}")
    return all(place.exists() for place in places)
