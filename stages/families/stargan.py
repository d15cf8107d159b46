"""StarGAN: one generator for many image-to-image domains (Choi et al., CVPR 2018, arXiv 1711.09020).

Differences from the paper, each a choice in the row and off at paper scale: `output: gated | residual` (Pumarola et
al., GANimation, ECCV 2018) with a weight on the mask, `condition: difference` (the change of the labels instead of the
target labels; Liu et al., STGAN, CVPR 2019), an identity term (Zhu et al., CycleGAN, ICCV 2017), depthwise-separable
residual blocks, and what the schedule says about critic steps, rates, averaging, targets and augmentation.
Instance statistics are used always: the released code keeps running ones but never evaluates with them.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal, NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from stages.harness.learning.game import Batch, Player, Seen

NETWORKS = ("generator", "discriminator")
"""What `build` makes, first the network that is kept."""
EXAMINATION = "translation"
GATE_BIAS = -1.0
PAINTED = {"plain": 3, "residual": 3, "gated": 4}
"""Output channels: the colours, and the mask m of m·tanh(o) + (1 − m)·x (GANimation, Pumarola et al., ECCV 2018)."""
DEEPEST_TRUNK, LEAK = 6, 0.01


@dataclass(frozen=True, config=ConfigDict(extra="forbid", strict=True))
class Spec:
    """The architecture as data; `labels` and `resolution` come from the row's labels and data."""

    labels: Annotated[int, Field(ge=1, le=512)]
    classes: Annotated[int, Field(ge=1, le=512)]
    resolution: Annotated[int, Field(ge=16, le=512, multiple_of=4)]
    width: Annotated[int, Field(ge=1, le=512)]
    blocks: Annotated[int, Field(ge=1, le=32)]
    critic_width: Annotated[int, Field(ge=1, le=512)]
    output: Literal["plain", "residual", "gated"] = "plain"
    convolutions: Literal["standard", "separable"] = "standard"
    condition: Literal["target", "difference"] = "target"


@dataclass(frozen=True, config=ConfigDict(extra="forbid", strict=True))
class Losses:
    """Weights of the terms of the adversarial game."""

    cycle: Annotated[float, Field(ge=0)] = 10.0
    classification: Annotated[float, Field(ge=0)] = 1.0
    gradient_penalty: Annotated[float, Field(ge=0)] = 10.0
    mask: Annotated[float, Field(ge=0)] = 0.0
    """Mean of a gated output's mask, as GANimation asks for; 0 in the paper, which has no mask."""
    identity: Annotated[float, Field(ge=0)] = 0.0
    """L1 to the input where the target labels are its own, as CycleGAN asks for; 0 in the paper."""


def norm(channels: int) -> nn.Module:
    """Instance normalisation with affine parameters and instance statistics only."""
    return nn.InstanceNorm2d(channels, affine=True, track_running_stats=False)


def convolution(channels: int, kind: str) -> nn.Module:
    """The 3x3 convolution of a residual block."""
    if kind == "standard":
        return nn.Conv2d(channels, channels, 3, padding=1, bias=False)
    depthwise = nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False)
    return nn.Sequential(depthwise, nn.Conv2d(channels, channels, 1, bias=False))


class Residual(nn.Module):
    """x + [conv, norm, ReLU, conv, norm]."""

    def __init__(self, channels: int, convolutions: str) -> None:
        super().__init__()
        self.main = nn.Sequential(
            convolution(channels, convolutions),
            norm(channels),
            nn.ReLU(inplace=True),
            convolution(channels, convolutions),
            norm(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.main(x)


class Generator(nn.Module):
    """Image and label planes in, image out."""

    def __init__(self, spec: Spec) -> None:
        super().__init__()
        self.spec = spec
        d = spec.width
        self.down = nn.Sequential(
            nn.Conv2d(3 + spec.labels, d, 7, padding=3, bias=False),
            norm(d),
            nn.ReLU(inplace=True),
            *(
                layer
                for c in (d, 2 * d)
                for layer in (nn.Conv2d(c, 2 * c, 4, 2, 1, bias=False), norm(2 * c), nn.ReLU(inplace=True))
            ),
        )
        self.residual = nn.ModuleList(Residual(4 * d, spec.convolutions) for _ in range(spec.blocks))
        self.up = nn.Sequential(
            *(
                layer
                for c in (4 * d, 2 * d)
                for layer in (nn.ConvTranspose2d(c, c // 2, 4, 2, 1, bias=False), norm(c // 2), nn.ReLU(inplace=True))
            )
        )
        self.paint = nn.Conv2d(d, PAINTED[spec.output], 7, padding=3, bias=False)
        if spec.output == "gated":
            nn.init.zeros_(self.paint.weight[3:])
            self.gate = nn.Parameter(torch.full((1,), GATE_BIAS))

    def watch(self, image: Float[Tensor, "n 3 h w"], label: Float[Tensor, "n c"]) -> Seen:
        """Every tap of one pass, each computed once."""
        planes = label[:, :, None, None].expand(-1, -1, *image.shape[2:])
        h = self.down(torch.cat([image, planes], dim=1))
        seen = {"down": h}
        for index, block in enumerate(self.residual):
            h = block(h)
            seen[f"res{index}"] = h
        h = self.up(h)
        layers = self.paint(h).float()
        painted = torch.tanh(layers[:, :3])
        if self.spec.output == "gated":
            seen["mask"] = gate = torch.sigmoid(layers[:, 3:] + self.gate)
            painted = gate * painted + (1 - gate) * image
        elif self.spec.output == "residual":
            painted = (image + 2 * painted).clamp(-1, 1)
        return {**seen, "image": painted}

    def forward(self, image: Float[Tensor, "n 3 h w"], label: Float[Tensor, "n c"]) -> Float[Tensor, "n 3 h w"]:
        return self.watch(image, label)["image"]


def trunk_widths(spec: Spec) -> list[int]:
    """Channels of the discriminator's trunk: doubled while the map can be halved, six times at most."""
    halvings = 0
    while (
        spec.resolution % 2 ** (halvings + 1) == 0 and spec.resolution // 2**halvings > 2 and halvings < DEEPEST_TRUNK
    ):
        halvings += 1
    return [spec.critic_width * 2**index for index in range(halvings)]


class Discriminator(nn.Module):
    """A trunk of strided convolutions with a patch score and a classifier of the whole remaining map."""

    def __init__(self, spec: Spec) -> None:
        super().__init__()
        widths = trunk_widths(spec)
        entries = zip([3, *widths], widths, strict=False)
        self.trunk = nn.ModuleList(nn.Sequential(nn.Conv2d(c, d, 4, 2, 1), nn.LeakyReLU(LEAK)) for c, d in entries)
        self.patch = nn.Conv2d(widths[-1], 1, 3, padding=1, bias=False)
        self.classify = nn.Conv2d(widths[-1], spec.classes, spec.resolution // 2 ** len(widths), bias=False)

    def watch(self, image: Float[Tensor, "n 3 h w"]) -> Seen:
        """Every tap of one pass, each computed once."""
        seen, h = {}, image
        for index, layer in enumerate(self.trunk):
            h = layer(h)
            seen[f"trunk{index}"] = h
        return {**seen, "trunk": h, "patch": self.patch(h).float(), "class": self.classify(h).float().flatten(1)}

    def slope(self, seen: Seen) -> Float[Tensor, "n 3 h w"]:
        """The derivative of the sum of all patch scores by the image, where `seen` was seen.

        The trunk is piecewise linear: between kinks its derivative is a product of its weights alone. Written as
        that product, it needs no second derivatives of autograd's, which cost several times as much.
        """
        h = F.conv_transpose2d(torch.ones_like(seen["patch"]), self.patch.weight, padding=1)
        for index in reversed(range(len(self.trunk))):
            h = torch.where(seen[f"trunk{index}"] > 0, h, LEAK * h)
            h = F.conv_transpose2d(h, self.trunk[index][0].weight, stride=2, padding=1)  # type: ignore[index]
        return h.float()

    def forward(self, image: Float[Tensor, "n 3 h w"]) -> tuple[Tensor, Tensor]:
        seen = self.watch(image)
        return seen["patch"], seen["class"]


def make_spec(row: dict[str, Any], labels: int, domains: int, resolution: int) -> Spec:
    """The spec of a row: with two data sets the label vector ends in a mask that says which one is meant."""
    mask = domains if domains > 1 else 0
    return Spec(labels=labels + mask, classes=labels, resolution=resolution, **row)


def shrink(spec: Spec, changes: dict[str, Any]) -> Spec:
    """The teacher's spec with the student's changes."""
    return Spec(**{**asdict(spec), **changes})


def build(spec: Spec) -> dict[str, nn.Module]:
    """Both networks with fresh weights."""
    return {"generator": Generator(spec), "discriminator": Discriminator(spec)}


def taps(spec: Spec, player: str) -> dict[str, int]:
    """Names and channels of what may be compared."""
    if player == "generator":
        return {"down": 4 * spec.width, **{f"res{i}": 4 * spec.width for i in range(spec.blocks)}, "image": 3}
    trunk = trunk_widths(spec)
    return {**{f"trunk{i}": c for i, c in enumerate(trunk)}, "trunk": trunk[-1]}


def asked(spec: Spec, source: Tensor, target: Tensor) -> Tensor:
    """What the generator is told: the target labels, or how they differ from the source's; the mask stays as it is."""
    if spec.condition == "target":
        return target
    return torch.cat([(target - source)[:, : spec.classes], target[:, spec.classes :]], dim=1)


def translate(generator: nn.Module, image: Tensor, source: Tensor, target: Tensor) -> Tensor:
    """The images of the target labels: what every metric sees."""
    return generator(image, asked(generator.spec, source, target))  # type: ignore[arg-type]


def classification(logits: Tensor, label: Tensor, batch: Batch) -> Tensor:
    """Binary cross-entropy summed over attributes, or softmax cross-entropy over expressions, of the known columns."""
    logits, label = logits[:, batch.known], label[:, batch.known]
    if batch.kind == "expressions":
        return F.cross_entropy(logits, label.argmax(dim=1))
    return F.binary_cross_entropy_with_logits(logits, label, reduction="sum") / len(label)


def extras(batch: Batch, forth: Seen, back: Seen, losses: Losses) -> dict[str, Tensor]:
    """The generator's terms that the paper does not have, where their weight asks for them."""
    parts = {}
    if losses.mask and "mask" in forth:
        parts["mask"] = losses.mask * (forth["mask"].mean() + back["mask"].mean())
    if losses.identity:
        parts["identity"] = losses.identity * unchanged(batch, forth["image"])
    return parts


def unchanged(batch: Batch, fake: Tensor) -> Tensor:
    """L1 between image and translation, where nothing was asked to change."""
    same = (batch.target == batch.label).all(dim=1)
    return ((batch.real - fake).abs().mean(dim=(1, 2, 3)) * same).mean()


def gradient_penalty(critic: Discriminator, real: Tensor, fake: Tensor, mix: Tensor) -> tuple[Tensor, Seen]:
    """E[(‖∇D(x̂)‖₂ − 1)²] on images that mix real and fake, and what the critic saw there."""
    seen = critic.watch(torch.lerp(fake, real, mix))
    return (critic.slope(seen).flatten(1).norm(dim=1) - 1).square().mean(), seen


def players(
    networks: dict[str, nn.Module],
    teacher: dict[str, nn.Module] | None,
    lessons: dict[str, Any],
    losses: Losses,
    critic_steps: int,
) -> list[Player]:
    """The discriminator and the generator, in the order in which they move."""
    generator: Any = networks["generator"]
    critic: Any = networks["discriminator"]

    def observe(player: str, *given: Tensor) -> Seen:
        if teacher is None or not lessons[player].watches_teacher:
            return {}
        with torch.no_grad():
            network: Any = teacher[player]
            return network.watch(*given)

    def criticise(batch: Batch) -> dict[str, Tensor]:
        with torch.no_grad():
            fake = batch.shown(generator(batch.real, asked(generator.spec, batch.label, batch.target)))
        real = batch.shown(batch.real)
        # Together, since inner layers are many weights and few pixels.
        both = critic.watch(torch.cat([real, fake]))
        seen = {tap: value[: len(real)] for tap, value in both.items()}
        penalty, mixed = gradient_penalty(critic, real, fake, batch.mix)
        lesson = lessons["discriminator"]((seen, mixed), observe("discriminator", real))
        return {
            "real": -seen["patch"].mean(),
            "fake": both["patch"][len(real) :].mean(),
            "gradient_penalty": losses.gradient_penalty * penalty,
            "classification": losses.classification * classification(seen["class"], batch.label, batch),
            **lesson,
        }

    def generate(batch: Batch) -> dict[str, Tensor]:
        there = asked(generator.spec, batch.label, batch.target)
        forth = generator.watch(batch.real, there)
        patch, logits = critic(batch.shown(forth["image"]))
        back = generator.watch(forth["image"], asked(generator.spec, batch.target, batch.label))
        lesson = lessons["generator"]((forth, back), observe("generator", batch.real, there))
        return {
            "adversarial": -patch.mean(),
            "classification": losses.classification * classification(logits, batch.target, batch),
            "cycle": losses.cycle * (batch.real - back["image"]).abs().mean(),
            **extras(batch, forth, back, losses),
            **lesson,
        }

    return [
        Player("discriminator", critic, lessons["discriminator"], criticise, critic_steps),
        Player("generator", generator, lessons["generator"], generate, 1),
    ]


PAPER = {"labels": 5, "resolution": 128, "width": 64, "blocks": 6, "critic_width": 64}
"""The published sizes, at which costs are compared with the literature."""


def example(settings: dict[str, Any]) -> tuple[dict[str, nn.Module], dict[str, tuple[Tensor, ...]]]:
    """The networks of a spec and inputs to count them with."""
    spec = Spec(**{"classes": settings["labels"], **settings})
    image, label = torch.zeros(1, 3, spec.resolution, spec.resolution), torch.zeros(1, spec.labels)
    return build(spec), {"generator": (image, label), "discriminator": (image,)}


class Coupled(NamedTuple):
    """Channels that stay or go together: (convolution, norm) pairs that write them, convolutions that read them."""

    writers: list[tuple[nn.Module, nn.Module]]
    readers: list[nn.Module]


def repeated_blocks(generator: Generator) -> nn.ModuleList:
    """The equal blocks, of which a smaller generator has fewer."""
    return generator.residual


def coupled_channels(generator: Generator) -> list[Coupled]:
    """Every group of channels between image and image; the residual stream is one, because its writers add up."""

    def pairs(layers: nn.Sequential) -> list[tuple[nn.Module, nn.Module]]:
        kept = [layer for layer in layers if not isinstance(layer, nn.ReLU)]
        return list(zip(kept[::2], kept[1::2], strict=True))

    entry, half, quarter = pairs(generator.down)
    double, leave = pairs(generator.up)
    inner = [pairs(block.main) for block in generator.residual]  # type: ignore[arg-type]
    return [
        Coupled([entry], [half[0]]),
        Coupled([half], [quarter[0]]),
        Coupled([quarter, *(second for _, second in inner)], [*(first[0] for first, _ in inner), double[0]]),
        *(Coupled([first], [second[0]]) for first, second in inner),
        Coupled([double], [leave[0]]),
        Coupled([leave], [generator.paint]),
    ]
