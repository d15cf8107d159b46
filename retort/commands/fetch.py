"""`retort fetch`: what is not in the repository, downloaded where it is public, explained where it is behind a form."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from retort.exchange import folders, origins


class Wanted(StrEnum):
    """What can be asked for."""

    CELEBA = "celeba"
    RAFD = "rafd"
    MNIST = "mnist"
    MHIST = "mhist"
    HORSE2ZEBRA = "horse2zebra"
    APPLE2ORANGE = "apple2orange"
    SUMMER2WINTER = "summer2winter"
    TIGER2LEOPARD = "tiger2leopard"
    FACADES = "facades"
    CITYSCAPES = "cityscapes"
    FFHQ = "ffhq"
    LSUN_CHURCH = "lsun-church"
    INCEPTION = "inception"
    ALEX = "alex"
    VGG = "vgg"
    RESNET50 = "resnet50"
    MOBILENET_V2 = "mobilenet_v2"


# The address that other frameworks use, of the same bytes as the authors' page, which does not always answer.
MNIST_ADDRESS = "https://ossci-datasets.s3.amazonaws.com/mnist"
MNIST_LIMIT = 20_000_000


def fetch(
    name: Annotated[
        Wanted,
        typer.Argument(
            metavar="NAME",
            help="celeba, rafd, mnist, mhist, horse2zebra, apple2orange, summer2winter, tiger2leopard, facades, "
            "cityscapes, ffhq or lsun-church: a data set; inception, alex, vgg, resnet50 or mobilenet_v2: weights.",
        ),
    ],
    into: Annotated[
        Path | None, typer.Option(help="Where to put it; else a folder of data/raw for data, data/weights for weights.")
    ] = None,
) -> None:
    """Download and verify what is public; say where the other data sets come from, unpack and check them."""
    from retort.exchange.downloads import DownloadError
    from stages.storage.prepared import DataError
    from stages.storage.weights import WeightsError

    try:
        if name in GETTERS:
            complete = GETTERS[name](into or folders.RAW / name.value)
        elif name.value in origins.ARCHIVES:
            complete = fetch_archive(name.value, into)
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
        typer.echo(origins.CELEBA.format(directory=directory))
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
        typer.echo(origins.RAFD.format(directory=directory))
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
        typer.echo(origins.MHIST.format(directory=directory))
        return False
    rows = annotated.check(directory)
    counts = Counter((row.part, annotated.CLASSES[row.label]) for row in rows)
    told = ", ".join(f"{count} {label} to {part}" for (part, label), count in sorted(counts.items()))
    typer.echo(f"{directory}: complete, {len(rows)} images: {told}")
    return True


def fetch_archive(name: str, into: Path | None) -> bool:
    """Download the archive and unpack it if its folder is not there; count what the folder holds."""
    from retort.exchange import downloads

    published = origins.ARCHIVES[name]
    directory = into or folders.RAW / published.kept
    root = directory / published.folder
    if not root.exists():
        archive = had(published, directory / published.file)
        typer.echo(f"{downloads.unpack(archive, directory, 2_000_000_000, 20_000)} files unpacked to {root}")
    count_images(root, published.reader)
    typer.echo(f"A row for params.yaml:\n  {published.row(name, root)}")
    return True


def had(published: origins.Archive, archive: Path) -> Path:
    """The archive, downloaded if it is not there, and held against its SHA-256 where one is known."""
    from retort.exchange import downloads
    from stages.storage import hashing

    if archive.exists():
        digest = hashing.file_hash(archive)
    else:
        typer.echo(f"{published.url}, about {published.megabytes} MB, to {archive}")
        with shown(archive.name) as report:
            limit = 2_000_000 * published.megabytes
            digest = downloads.download(published.url, archive, published.sha256, limit, report)
    if not digest.startswith(published.sha256):
        told = f"has SHA-256 {digest[:16]}…, the published file {published.sha256[:16]}…"
        raise downloads.DownloadError(f"{archive} {told}: delete it and fetch it again")
    known = "verified by its SHA-256" if published.sha256 else f"not verified, as nobody states its SHA-256: {digest}"
    typer.echo(f"{archive}: in place, {known}")
    return archive


def count_images(root: Path, reader: str) -> None:
    """Say how many files each split has, as the reader finds them."""
    from stages.settings import members

    found = members.load("datasets", reader)
    for split in ("train", "test"):
        first, second = found.files(root, split)
        told = f"{len(first)} pairs" if first == second else f"{len(first)} and {len(second)} images"
        typer.echo(f"{root}: {told} in {split}")


def fetch_tiger2leopard(directory: Path) -> bool:
    """Count the images of both domains, which somebody has to bring."""
    if not directory.is_dir():
        typer.echo(f"missing: {directory}")
        typer.echo(origins.TIGER2LEOPARD.format(directory=directory))
        return False
    count_images(directory, "unpaired")
    return True


def fetch_cityscapes(directory: Path) -> bool:
    """Unpack the archives if they are there, and look for the partner of each file."""
    from retort.exchange.downloads import unpack
    from stages.datasets import cityscapes

    for folder in cityscapes.FOLDERS.values():
        archive = directory / f"{folder}_trainvaltest.zip"
        if archive.is_file() and not (directory / folder).exists():
            typer.echo(f"unpacking {archive}")
            typer.echo(f"{unpack(archive, directory, 30_000_000_000, 50_000, only=folder)} files unpacked")
    if not arrived([directory / folder for folder in cityscapes.FOLDERS.values()]):
        typer.echo(origins.CITYSCAPES.format(directory=directory))
        return False
    for part in ("train", "val"):
        maps, _ = cityscapes.pairs(directory, part)
        typer.echo(f"{directory}: {len(maps)} pairs in {part}")
    return True


def fetch_ffhq(directory: Path) -> bool:
    """Count the images of the sizes that are there."""
    folders = [directory / name for name in ("images1024x1024", "thumbnails128x128")]
    return counted([place for folder in folders for place in (folder, folder.with_suffix(".zip"))], origins.FFHQ)


def fetch_lsun_church(directory: Path) -> bool:
    """Count the images that were exported."""
    return counted([directory / "train_images"], origins.LSUN_CHURCH)


def counted(places: list[Path], explanation: str) -> bool:
    """Say how many images there are in those places that exist; explain where they come from if none does."""
    from stages.datasets import images

    found = [place for place in places if place.exists()]
    for place in found:
        typer.echo(f"{place}: {len(images.listing(place)[0])} images; they are read later")
    if not found:
        typer.echo(f"missing: {' or '.join(map(str, places))}")
        typer.echo(explanation.format(directory=places[0].parent))
    return bool(found)


def arrived(places: list[Path]) -> bool:
    """Whether all of it is there; says which parts are and are not."""
    for place in places:
        typer.echo(f"{'found' if place.exists() else 'missing'}: {place}")
    return all(place.exists() for place in places)


GETTERS: dict[Wanted, Callable[[Path], bool]] = {
    Wanted.CELEBA: fetch_celeba,
    Wanted.RAFD: fetch_rafd,
    Wanted.MNIST: fetch_mnist,
    Wanted.MHIST: fetch_mhist,
    Wanted.TIGER2LEOPARD: fetch_tiger2leopard,
    Wanted.CITYSCAPES: fetch_cityscapes,
    Wanted.FFHQ: fetch_ffhq,
    Wanted.LSUN_CHURCH: fetch_lsun_church,
}
"""Data sets with files or checks of their own; the others are one archive each, or weights."""
