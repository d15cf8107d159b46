"""Train the classifier that rules over one data set. In: data/<dataset>; out: results/judges/<dataset>.safetensors."""

from __future__ import annotations

import math
import sys

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from stages.learning import devices, progress
from stages.measuring import judges
from stages.measuring.decisions import decisions
from stages.measuring.judge import Judge, disturbed
from stages.settings import params, paths, provenance
from stages.settings.atomic import write_atomically
from stages.settings.rows import JudgeRow
from stages.storage import prepared

TEST_BATCH = 256


def loss(logits: Tensor, labels: Tensor, kind: str) -> Tensor:
    """Binary cross-entropy over attributes, softmax cross-entropy over labels of which each image has one."""
    if kind == "attributes":
        return F.binary_cross_entropy_with_logits(logits, labels)
    return F.cross_entropy(logits, labels.argmax(dim=1))


def train(data: prepared.Prepared, row: JudgeRow, device: torch.device, title: str) -> Judge:
    """A judge after its whole schedule, the rate falling to zero along half a cosine; (seed, step) draw each batch."""
    torch.manual_seed(row.seed)
    judge = Judge(len(data.header.labels), row.width, data.header.resolution)
    judge.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload] # half as long on a CPU
    optimiser = torch.optim.Adam(judge.parameters(), row.learning_rate, fused=True)
    split = data.split("train")
    with progress.shown(title, row.steps, 0) as report:
        for step in range(row.steps):
            for group in optimiser.param_groups:
                group["lr"] = row.learning_rate * (1 + math.cos(math.pi * step / row.steps)) / 2
            images, labels = prepared.batch(split, row.batch, row.seed, step, flip=True)
            images = disturbed(images, torch.Generator().manual_seed((row.seed << 32) + step))
            images = images.to(device, memory_format=torch.channels_last)
            value = loss(judge(images), labels.to(device), data.header.kind)
            optimiser.zero_grad(set_to_none=True)
            value.backward()
            optimiser.step()
            report(step + 1, {"loss": float(value.detach())})
    return judge.eval()


def ceiling(judge: Judge, data: prepared.Prepared, device: torch.device) -> dict[str, float]:
    """Its accuracy on real test images, by label and on average: no translator can be asked for more."""
    header, split = data.header, data.split("test")
    with torch.inference_mode():
        parts = (split.images[start : start + TEST_BATCH] for start in range(0, len(split), TEST_BATCH))
        logits = torch.cat([judge(prepared.to_tensor(part).to(device)).float().cpu() for part in parts])
    labels = torch.tensor(np.array(split.labels), dtype=torch.bool)
    if header.kind != "attributes":
        right = (logits.argmax(dim=1) == labels.int().argmax(dim=1)).double()
        each = [float(right[column].mean()) for column in labels.T]
        mean = float(right.mean())
    else:
        each = (decisions(logits, header.labels, header.exclusive) == labels).double().mean(dim=0).tolist()
        mean = sum(each) / len(each)
    accuracy = {
        label: round(share, 6) for label, share in zip(header.labels, each, strict=True) if not math.isnan(share)
    }
    return {**accuracy, "mean": round(mean, 6)}


def main(name: str) -> None:
    """Train the judge called `name`."""
    settings = params.read()
    row = settings.judges[name]
    # Always float32: the ruler does not depend on what the networks were trained with.
    place = devices.choose(settings.run.device, "float32")
    data = prepared.read(paths.dataset(row.dataset))
    header = data.header
    with provenance.timed("build_judges", name, precision=place.precision, device=place.device.type):
        judge = train(data, row, place.device, name)
        reached = ceiling(judge, data, place.device)
        about = {"row": row.model_dump(), "data": header.sha256, "kind": header.kind, "ceiling": reached}
        content = judges.serialise(judge, header.labels, row.width, header.resolution, about)
        write_atomically(paths.judge(name), content)
    print(f"{name}: accuracy on real test images {reached['mean']:.4f} on average, lowest {min(reached.values()):.4f}")


if __name__ == "__main__":
    main(sys.argv[1])
