"""What is counted while it is carried out: a backward pass beside its forward one, phases, and no silent zero."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from stages.learning.counting import Tally, of_pass

IMAGE = (2, 6, 8, 10)
LAYERS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "convolution": (lambda: nn.Conv2d(6, 4, 3, padding=1), IMAGE),
    "strided": (lambda: nn.Conv2d(6, 4, 4, 2, 1, bias=False), IMAGE),
    "depthwise": (lambda: nn.Conv2d(6, 6, 3, padding=1, groups=6), IMAGE),
    "transposed": (lambda: nn.ConvTranspose2d(6, 4, 4, 2, 1), IMAGE),
    "transposed, grouped": (lambda: nn.ConvTranspose2d(6, 4, 4, 2, 1, groups=2), IMAGE),
    "linear": (lambda: nn.Linear(6, 5), (2, 6)),
}
layers = pytest.mark.parametrize("kind", LAYERS)


def counted(layer: nn.Module, shape: tuple[int, ...], device: str = "cpu", image: bool = True) -> tuple[int, int]:
    """Multiply-accumulates of a forward and a backward pass, with or without a gradient of the image."""
    given = torch.zeros(shape, device=device, requires_grad=image)
    with Tally() as tally:
        with tally.during("forward"):
            total = layer.to(device)(given).sum()
        with tally.during("backward"):
            total.backward()
    return tally.of("forward")["macs"], tally.of("backward")["macs"]


@layers
def test_a_backward_pass_costs_one_forward_pass_for_each_gradient(kind: str) -> None:
    make, shape = LAYERS[kind]
    forward, backward = counted(make(), shape)
    assert forward > 0
    assert backward == 2 * forward
    assert counted(make(), shape, image=False) == (forward, forward)
    assert counted(make().requires_grad_(False), shape) == (forward, forward)


@layers
def test_nothing_needs_values(kind: str) -> None:
    make, shape = LAYERS[kind]
    assert counted(make(), shape, "meta") == counted(make(), shape)


@layers
def test_a_batch_costs_as_many_times_what_one_image_does(kind: str) -> None:
    make, shape = LAYERS[kind]
    one, two = (of_pass(make(), (torch.zeros(count, *shape[1:]),)) for count in (1, 2))
    assert {column: 2 * number for column, number in one.items()} == dict(two)


def test_the_slope_of_a_slope_is_counted_too() -> None:
    """Of y = conv(x), x given: dy/dx costs a forward pass, and its slope by the weights another."""
    layer = nn.Conv2d(6, 4, 3, padding=1, bias=False)
    image = torch.zeros(IMAGE, requires_grad=True)
    with Tally() as tally:
        with tally.during("forward"):
            answer = layer(image)
        with tally.during("slope"):
            (slope,) = torch.autograd.grad(answer.sum(), image, create_graph=True)
        with tally.during("slope of slope"):
            slope.square().sum().backward()
    forward = tally.of("forward")["macs"]
    assert tally.of("slope")["macs"] == forward
    assert tally.of("slope of slope")["macs"] >= forward


def test_phases_within_phases_are_counted_apart() -> None:
    layer, image = nn.Conv2d(1, 1, 1), torch.zeros(1, 1, 2, 2)
    with torch.no_grad(), Tally() as tally:
        layer(image)
        with tally.during("outer"):
            layer(image)
            with tally.during("inner"):
                layer(image), layer(image)
            layer(image)
    assert [tally.of(phase)["macs"] for phase in ("", "outer", "inner", "never")] == [4, 8, 8, 0]


@pytest.mark.parametrize(
    ("name", "carry_out"),
    [
        ("addbmm", lambda x: torch.addbmm(x[0] @ x[0].T, x, x.transpose(1, 2))),
        ("trilinear", lambda x: nn.Bilinear(7, 7, 2)(x, x)),
        ("cdist", lambda x: torch.cdist(x, x)),
        ("euclidean_dist", lambda x: torch.cdist(x.repeat(1, 10, 1), x.repeat(1, 10, 1))),
        ("rnn", lambda x: nn.LSTM(7, 5)(x)[0]),
    ],
)
def test_products_that_no_handle_understands_are_refused(name: str, carry_out: Callable[[Tensor], Tensor]) -> None:
    with pytest.raises(ValueError, match=rf"cannot count aten\.\w*{name}\w*: add a handle"), torch.no_grad(), Tally():
        carry_out(torch.zeros(2, 4, 7))


@pytest.mark.parametrize(
    ("carry_out", "macs"),
    [
        (lambda x: x[0] @ x[0].T, 4 * 7 * 4),
        (lambda x: x @ x.transpose(1, 2), 2 * 4 * 7 * 4),
        (lambda x: torch.einsum("bij,bkj->bik", x, x), 2 * 4 * 7 * 4),
        (lambda x: x[0] @ x[0, 0], 4 * 7),
        (lambda x: torch.dot(x[0, 0], x[0, 0]), 7),
        (lambda x: torch.baddbmm(torch.zeros(2, 4, 4), x, x.transpose(1, 2)), 2 * 4 * 7 * 4),
        (lambda x: torch.addmv(torch.zeros(4), x[0], x[0, 0]), 4 * 7),
    ],
)
def test_products_of_activations_count(carry_out: Callable[[Tensor], Tensor], macs: int) -> None:
    with torch.no_grad(), Tally() as tally:
        carry_out(torch.zeros(2, 4, 7))
    assert tally.of()["macs"] == macs
