"""Train the classifier that rules over one data set, and a reader of the classes or factors that its images show.

Classes are read where photographs have layouts, factors where fresh draws of a program are there to learn from.

In: data/<dataset>; out: results/judges/<dataset>.safetensors.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from stages.learning import devices, progress
from stages.measuring import judges, palette, reader, readings
from stages.measuring.decisions import decisions
from stages.measuring.judge import Judge, answers, asked, disturbed
from stages.measuring.palette import Palette
from stages.measuring.reader import Reader
from stages.measuring.readings import Mistakes
from stages.measuring.segmenter import Segmenter, lesson, share_read
from stages.settings import params, paths, provenance
from stages.settings.atomic import write_atomically
from stages.settings.rows import JudgeRow
from stages.storage import factors, prepared
from stages.storage.factors import Factors
from stages.storage.prepared import Header

TEST_BATCH, TEST_PIXELS = 256, 1 << 21
"""Images that are looked at together, as long as they have no more pixels than these: 256 images of 256 px, where each
is looked at in four positions, would take 37 GB."""
FEWER = 4
"""How many times fewer images a batch of the reader of classes holds, since each pixel has a class."""


def loss(logits: Tensor, labels: Tensor, kind: str) -> Tensor:
    """Binary cross-entropy over attributes, softmax cross-entropy over labels of which each image has one."""
    if kind == "attributes":
        return F.binary_cross_entropy_with_logits(logits, labels)
    return F.cross_entropy(logits, labels.argmax(dim=1))


def train(data: prepared.Prepared, row: JudgeRow, device: torch.device, title: str) -> Judge:
    """A judge after its whole schedule; (seed, step) draw each batch."""
    torch.manual_seed(row.seed)
    judge = Judge(len(answers(data.header)), row.width, data.header.resolution)
    split = data.split("train")
    # What is known to the left or right of an image may be among its labels.
    sided = factors.of(data.header) is not None

    def value(step: int) -> Tensor:
        images, labels = asked(data.header, *prepared.batch(split, row.batch, row.seed, step, flip=not sided))
        images = disturbed(images, torch.Generator().manual_seed((row.seed << 32) + step))
        images = images.to(device, memory_format=torch.channels_last)
        return loss(judge(images), labels.to(device), data.header.kind)

    descend(judge, value, row, device, title)
    return judge.eval()


def train_segmenter(
    data: prepared.Prepared, classes: Palette, row: JudgeRow, device: torch.device, title: str
) -> Segmenter:
    """A reader of classes after the whole schedule of its judge."""
    torch.manual_seed(row.seed)
    segmenter = Segmenter(len(classes), row.width)
    split, count = data.split("train"), max(1, row.batch // FEWER)

    def value(step: int) -> Tensor:
        images, layout = lesson(split, classes, count, row.seed, step)
        images = images.to(device, memory_format=torch.channels_last)
        return F.cross_entropy(segmenter(images), layout.to(device), ignore_index=palette.VOID)

    descend(segmenter, value, row, device, f"{title}, classes")
    return segmenter.eval()


def train_reader(data: prepared.Prepared, law: Factors, row: JudgeRow, device: torch.device, title: str) -> Reader:
    """A reader of factors after the whole schedule of its judge."""
    torch.manual_seed(row.seed)
    network, split = reader.of_law(law, row.width, data.header.resolution), data.split(prepared.FRESH)

    def value(step: int) -> Tensor:
        images, truth = reader.lesson(split, law, row.batch, row.seed, step)
        return reader.loss(network, images.to(device, memory_format=torch.channels_last), truth)

    descend(network, value, row, device, f"{title}, factors")
    return network.eval()


def descend(
    network: nn.Module, value: Callable[[int], Tensor], row: JudgeRow, device: torch.device, title: str
) -> None:
    """Follow the gradient of a loss for the steps of a row, the rate falling to zero along half a cosine."""
    network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload] # half as long on a CPU
    optimiser = torch.optim.Adam(network.parameters(), row.learning_rate, fused=True)
    with progress.shown(title, row.steps, 0) as report:
        for step in range(row.steps):
            for group in optimiser.param_groups:
                group["lr"] = row.learning_rate * (1 + math.cos(math.pi * step / row.steps)) / 2
            now = value(step)
            optimiser.zero_grad(set_to_none=True)
            now.backward()
            optimiser.step()
            report(step + 1, {"loss": float(now.detach())})


def together(header: Header) -> int:
    """How many test images are looked at together."""
    return max(1, min(TEST_BATCH, TEST_PIXELS // header.resolution**2))


def ceiling(judge: Judge, data: prepared.Prepared, device: torch.device) -> dict[str, float]:
    """Its accuracy on real test images, by answer and on average: no translator can be asked for more."""
    header, split = data.header, data.split("test")
    seen: list[Tensor] = []
    truths: list[Tensor] = []
    with torch.inference_mode():
        for start in range(0, len(split), together(header)):
            part = slice(start, start + together(header))
            images, truth = prepared.to_tensor(split.images[part]), torch.tensor(np.array(split.labels[part]))
            images, truth = asked(header, images, truth)
            seen.append(judge(images.to(device)).float().cpu())
            truths.append(truth.bool())
    logits, labels = torch.cat(seen), torch.cat(truths)
    if header.kind != "attributes":
        right = (logits.argmax(dim=1) == labels.int().argmax(dim=1)).double()
        each = [float(right[column].mean()) for column in labels.T]
        mean = float(right.mean())
    else:
        each = (decisions(logits, header.labels, header.exclusive) == labels).double().mean(dim=0).tolist()
        mean = sum(each) / len(each)
    accuracy = {
        label: round(share, 6) for label, share in zip(answers(header), each, strict=True) if not math.isnan(share)
    }
    return {**accuracy, "mean": round(mean, 6)}


def noted(mistakes: Mistakes) -> dict[str, Any]:
    """How a reader of factors errs, as a judge's file says it."""
    return {
        "confusions": {name: counts.tolist() for name, counts in mistakes.confusions.items()},
        "correlations": {name: round(each, 6) for name, each in mistakes.correlations.items()},
    }


def sentence(about: Mapping[str, Any]) -> str:
    """What is said of a reader of factors."""
    confusions = (np.array(counts) for counts in about["confusions"].values())
    right = [np.trace(counts) / counts.sum() for counts in confusions]
    followed = sum(each >= readings.FOLLOWED for each in about["correlations"].values())
    traits = f"{followed} of {len(about['correlations'])} traits followed"
    return f"categories of fresh draws read right in {np.mean(right):.4f}, lowest {min(right):.4f}; {traits}"


def main(name: str) -> None:
    """Train the judge called `name`."""
    settings = params.read()
    row = settings.judges[name]
    # Always float32: the ruler does not depend on what the networks were trained with.
    place = devices.choose(settings.run.device, "float32")
    data = prepared.read(paths.dataset(row.dataset))
    header, classes, law = data.header, palette.of(data.header), factors.of(data.header)
    with provenance.timed("build_judges", name, precision=place.precision, device=place.device.type):
        judge, segmenter, readers = train(data, row, place.device, name), None, None
        reached = ceiling(judge, data, place.device)
        about: dict[str, Any] = {
            "row": row.model_dump(),
            "data": header.sha256,
            "kind": header.kind,
            "ceiling": reached,
        }
        if classes is not None:
            segmenter = train_segmenter(data, classes, row, place.device, name)
            share = share_read(segmenter, classes, data.split("test"), together(header))
            about |= {"classes": classes.classes, "pixels": round(share, 6)}
        if law is not None:
            readers = train_reader(data, law, row, place.device, name)
            about |= noted(reader.examined(readers, data.split(prepared.FRESH), law, together(header)))
        content = judges.serialise(judge, header.labels, row.width, header.resolution, about, segmenter, readers)
        write_atomically(paths.judge(name), content)
    print(f"{name}: accuracy on real test images {reached['mean']:.4f} on average, lowest {min(reached.values()):.4f}")
    if classes is not None:
        print(f"{name}: classes of real test photographs read right in {about['pixels']:.4f} of the pixels")
    if law is not None:
        print(f"{name}: {sentence(about)}")


if __name__ == "__main__":
    main(sys.argv[1])
