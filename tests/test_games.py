"""The loop with toy games: who moves when, at which rate, on what, and what is averaged, saved and published."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import pytest
import torch
from safetensors.torch import load
from torch import Tensor, nn

from stages.learning import checkpoints, training
from stages.learning.contracts import Game, Moment, Networks, Parts, Player
from stages.learning.devices import Place
from stages.learning.finite import NotFiniteError
from stages.settings.rows import Schedule

CPU = Place(torch.device("cpu"), "float32")
COUNT, FEATURES = 4, 3
RATE, CRITIC_RATE = 1e-3, 5e-3


def schedule(steps: int = 4, average: float = 0.0) -> Schedule:
    """Rates that stay as they are; the critics' is five times the others'."""
    return Schedule(
        steps=steps,
        batch=COUNT,
        learning_rate=RATE,
        critic_learning_rate=CRITIC_RATE,
        betas=[0.5, 0.99],
        decay_from=1.0,
        decay="linear",
        average=average,
        flip=False,
    )


def draw(step: int, turn: int) -> Moment:
    """Noise from (step, turn) alone."""
    seed = 100 * step + turn
    noise = torch.Generator().manual_seed(seed)
    return Moment({"x": torch.randn(COUNT, FEATURES, generator=noise)}, seed, step, steps=4)


def linear(seed: int = 0) -> nn.Linear:
    """A small network, the same for the same seed."""
    torch.manual_seed(seed)
    return nn.Linear(FEATURES, FEATURES)


def square(network: nn.Module) -> Callable[[Moment], Parts]:
    """A loss that every weight of a network feels."""
    return lambda moment: {"square": (network(moment["x"]) - 1).square().mean()}


def play(run: training.Run, plan: Schedule, feed: Callable[[int, int], Moment] = draw) -> list[dict[str, float]]:
    """The losses of every step that is left."""
    return [losses for _, losses in training.steps(run, feed, plan, CPU)]


def weights(network: nn.Module) -> Tensor:
    """All parameters in one vector, as they are now."""
    return torch.cat([parameter.detach().flatten() for parameter in network.parameters()])


def test_players_move_in_turn_as_often_as_they_say_and_lazy_ones_now_and_then() -> None:
    networks: Networks = {name: linear() for name in ("a", "b", "c")}
    moved: list[tuple[str, int]] = []
    drawn: list[tuple[int, int]] = []

    def player(name: str, **often: int) -> Player:
        def losses(moment: Moment) -> Parts:
            moved.append((name, moment.step))
            return square(networks[name])(moment)

        return Player(name, (name,), losses, "generator", **often)

    def feed(step: int, turn: int) -> Moment:
        drawn.append((step, turn))
        return draw(step, turn)

    players = (player("b", moves=2), player("c", every=3), player("a"))
    run = training.prepare(Game(networks, players, keeps=()), schedule())
    curve = play(run, schedule(), feed)
    often = [("b", "b", "c", "a"), ("b", "b", "a"), ("b", "b", "a"), ("b", "b", "c", "a")]
    assert moved == [(name, step) for step, names in enumerate(often) for name in names]
    assert drawn == [(step, turn) for step, names in enumerate(often) for turn in range(len(names))]
    assert [list(losses) for losses in curve] == [[f"{name}/square" for name in dict.fromkeys(each)] for each in often]


def test_players_of_the_same_networks_share_an_optimiser() -> None:
    networks: Networks = {"a": linear(0), "b": linear(1), "other": linear(2)}
    both = ("a", "b")

    def pull(moment: Moment) -> Parts:
        return {"pull": sum((networks[name](moment["x"]).square().mean() for name in both), torch.zeros(()))}

    def push(moment: Moment) -> Parts:
        return {"push": 4 * (networks["a"](moment["x"]) - networks["b"](moment["x"]) - 1).square().mean()}

    players = (
        Player("pull", both, pull, "generator"),
        Player("push", both, push, "generator", every=2),
        Player("other", ("other",), square(networks["other"]), "generator"),
    )
    by_hand = {name: linear(seed) for seed, name in enumerate(both)}
    run = training.prepare(Game(networks, players, keeps=()), schedule())
    assert list(run.optimisers) == [frozenset(both), frozenset({"other"})]
    play(run, schedule())

    # The same with one Adam written out; two of three updates are the lazy correction's share.
    parameters = [parameter for network in by_hand.values() for parameter in network.parameters()]
    share = 2 / 3
    adam = torch.optim.Adam(parameters, lr=RATE * share, betas=(0.5**share, 0.99**share))
    for step in range(4):
        for turn in range(1 if step % 2 else 2):
            x = draw(step, turn)["x"]
            pulled = by_hand["a"](x).square().mean() + by_hand["b"](x).square().mean()
            loss = 4 * (by_hand["a"](x) - by_hand["b"](x) - 1).square().mean() if turn else pulled
            adam.zero_grad()
            loss.backward()
            adam.step()
    for name, network in by_hand.items():
        torch.testing.assert_close(weights(networks[name]), weights(network), rtol=1e-5, atol=1e-7)
    counts = {float(state["step"]) for state in run.optimisers[frozenset(both)].state.values()}
    assert counts == {4 + 2}


def test_rates_follow_the_role() -> None:
    networks: Networks = {"kept": linear(0), "critic": linear(1)}
    before = {name: weights(network) for name, network in networks.items()}
    players = (
        Player("critic", ("critic",), square(networks["critic"]), "discriminator"),
        Player("kept", ("kept",), square(networks["kept"]), "generator"),
    )
    play(training.prepare(Game(networks, players, keeps=()), schedule()), schedule(steps=1))
    # Adam's first step has the length of the rate, whatever the gradient.
    for name, rate in (("kept", RATE), ("critic", CRITIC_RATE)):
        moved = (weights(networks[name]) - before[name]).abs()
        torch.testing.assert_close(moved, torch.full_like(moved, rate), rtol=1e-3, atol=0)


def test_a_lazy_term_slows_its_networks_optimiser_down_and_no_other() -> None:
    networks: Networks = {"critic": linear(0), "kept": linear(1)}
    players = (
        Player("critic", ("critic",), square(networks["critic"]), "discriminator"),
        Player("lazy", ("critic",), square(networks["critic"]), "discriminator", every=16),
        Player("kept", ("kept",), square(networks["kept"]), "generator"),
    )
    run = training.prepare(Game(networks, players, keeps=()), schedule())
    play(run, schedule())
    (critic,), (kept,) = (run.optimisers[frozenset(names)].param_groups for names in (("critic",), ("kept",)))
    assert critic["lr"] == pytest.approx(CRITIC_RATE * 16 / 17)
    assert critic["betas"] == pytest.approx((0.5 ** (16 / 17), 0.99 ** (16 / 17)))
    assert (kept["lr"], kept["betas"]) == (RATE, (0.5, 0.99))


def test_all_others_stand_still_while_a_player_moves() -> None:
    networks: Networks = {"critic": linear(0), "kept": linear(1), "lesson": linear(2)}
    still: list[set[str]] = []

    def losses(moment: Moment) -> Parts:
        still.append({name for name, each in networks.items() if not any(p.requires_grad for p in each.parameters())})
        return {"all": networks["critic"](networks["kept"](moment["x"])).square().mean()}

    mover = Player("kept", ("kept", "lesson"), losses, "generator")
    run = training.prepare(Game(networks, (mover,), keeps=()), schedule())
    before = weights(networks["critic"])
    training.move(run.game, mover, run.optimisers[frozenset(mover.networks)], draw(0, 0), CPU)
    assert still == [{"critic"}]
    assert all(parameter.grad is None for parameter in networks["critic"].parameters())
    assert all(parameter.grad is not None for parameter in networks["kept"].parameters())
    assert torch.equal(weights(networks["critic"]), before)
    assert all(parameter.requires_grad for network in networks.values() for parameter in network.parameters())


def test_what_was_frozen_before_stays_so() -> None:
    networks: Networks = {"critic": linear(0), "kept": linear(1)}
    cast(nn.Linear, networks["kept"]).bias.requires_grad_(False)
    before = cast(nn.Linear, networks["kept"]).bias.clone()
    players = tuple(Player(name, (name,), square(network), "generator") for name, network in networks.items())
    play(training.prepare(Game(networks, players, keeps=("kept",)), schedule()), schedule())
    bias = cast(nn.Linear, networks["kept"]).bias
    assert not bias.requires_grad
    assert torch.equal(bias, before)


class Remembering(nn.Module):
    """A sum of all that it was shown."""

    seen: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("seen", torch.zeros(FEATURES))


def remembering() -> training.Run:
    """A game whose loss depends on what its memory holds."""
    network, memory = linear(), Remembering()

    def losses(moment: Moment) -> Parts:
        memory.seen += moment["x"].mean(dim=0)
        return {"far": (network(moment["x"]) - memory.seen).square().mean()}

    game = Game({"kept": network}, (Player("kept", ("kept",), losses, "generator"),), ("kept",), memory)
    return training.prepare(game, schedule(average=0.5))


def saved(run: training.Run) -> dict[str, Any]:
    """A snapshot as the next process reads it."""
    file = io.BytesIO()
    torch.save(run.state(), file)
    file.seek(0)
    return cast(dict[str, Any], torch.load(file, weights_only=True))


def stop(run: training.Run, plan: Schedule, after: int) -> list[dict[str, float]]:
    """The losses of the first steps."""
    curve = []
    for step, losses in training.steps(run, draw, plan, CPU):
        curve.append(losses)
        if step == after:
            break
    return curve


def test_memory_is_saved_for_resuming_and_never_published() -> None:
    plan = schedule(average=0.5)
    whole, stopped, resumed = remembering(), remembering(), remembering()
    complete = play(whole, plan)
    started = stop(stopped, plan, 2)
    resumed.restore(saved(stopped))
    assert torch.equal(cast(Tensor, resumed.game.memory.seen), cast(Tensor, stopped.game.memory.seen))
    assert started + play(resumed, plan) == complete
    assert torch.equal(weights(resumed.averages["kept"]), weights(whole.averages["kept"]))

    @dataclass(frozen=True)
    class Spec:
        features: int
        resolution: int = 1

    content = checkpoints.serialise("toy", Spec(FEATURES), whole.result(), {})
    assert set(load(content)) == {"kept.weight", "kept.bias"}


def test_a_memory_that_is_left_out_changes_what_follows() -> None:
    plan = schedule()
    stopped, forgetful = remembering(), remembering()
    complete = play(remembering(), plan)
    started = stop(stopped, plan, 2)
    state = saved(stopped)
    forgetful.restore({**state, "memory": {"seen": torch.zeros(FEATURES)}})
    assert started + play(forgetful, plan) != complete


class Normed(nn.Module):
    """A network whose normalisation keeps running statistics."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.linear, self.norm = linear(seed), nn.BatchNorm1d(FEATURES)

    def forward(self, x: Tensor) -> Tensor:
        return cast(Tensor, self.norm(self.linear(x)))


def test_every_kept_network_is_averaged_with_its_buffers() -> None:
    networks: Networks = {"forth": Normed(0), "back": Normed(1), "critic": Normed(2)}
    start = {name: weights(network) for name, network in networks.items()}
    players = tuple(Player(name, (name,), square(network), "generator") for name, network in networks.items())
    plan = schedule(average=0.5)
    run = training.prepare(Game(networks, players, keeps=("forth", "back")), plan)
    expected = {name: start[name].clone() for name in ("forth", "back")}
    for step, _ in training.steps(run, draw, plan, CPU):
        keep = min(0.5, step / (9 + step))
        for name, mean in expected.items():
            mean.mul_(keep).add_((1 - keep) * weights(networks[name]))
    assert set(run.averages) == {"forth", "back"}
    for name, average in run.averages.items():
        torch.testing.assert_close(weights(average), expected[name])
        assert (weights(average) - weights(networks[name])).abs().max() > 1e-5
        buffers = dict(average.named_buffers())
        assert set(buffers) == {"norm.running_mean", "norm.running_var", "norm.num_batches_tracked"}
        for buffer, value in networks[name].named_buffers():
            assert torch.equal(buffers[buffer], value)
        assert float(buffers["norm.num_batches_tracked"]) == 4
    assert run.result() == {**networks, **run.averages}


def dropping() -> training.Run:
    """A network that learns through dropout."""
    network = nn.Sequential(linear(), nn.Dropout(0.5), linear(1))
    players = (Player("kept", ("kept",), square(network), "generator"),)
    return training.prepare(Game({"kept": network}, players, keeps=()), schedule())


def test_dropout_is_drawn_from_the_moments_seed_so_that_a_resumed_run_is_the_same() -> None:
    whole, stopped, resumed = dropping(), dropping(), dropping()
    torch.manual_seed(7)
    complete = play(whole, schedule())
    torch.manual_seed(8)
    started = stop(stopped, schedule(), 2)
    torch.manual_seed(9)
    resumed.restore(saved(stopped))
    assert started + play(resumed, schedule()) == complete
    assert torch.equal(weights(resumed.game.networks["kept"]), weights(whole.game.networks["kept"]))


def test_moves_of_other_seeds_drop_other_units() -> None:
    losses = []
    for seed in (0, 0, 1):
        run = dropping()
        (player,) = run.game.players
        moment = Moment(draw(0, 0).tensors, seed, step=0, steps=4)
        losses.append(
            float(training.move(run.game, player, run.optimisers[frozenset(("kept",))], moment, CPU)["kept/square"])
        )
    assert losses[0] == losses[1] != losses[2]


def test_a_moment_is_shared_evenly_by_all_processes() -> None:
    moment = Moment({"a": torch.arange(6), "b": torch.arange(12).reshape(6, 2)}, seed=5, step=3, steps=9)
    parts = [moment.shard(rank, 3) for rank in range(3)]
    for name, value in moment.tensors.items():
        assert all(len(part[name]) == 2 for part in parts)
        assert sorted(torch.cat([part[name] for part in parts]).tolist()) == value.tolist()
    assert [part.seed for part in parts] == [5, 6, 7], "each process drops units of its own"
    assert {(part.step, part.steps) for part in parts} == {(3, 9)}
    for part in parts:
        assert torch.equal(part["b"][:, 0], 2 * part["a"]), "rows stay together"
    assert moment.shard(0, 1) is moment


def test_a_batch_that_cannot_be_shared_evenly_is_refused() -> None:
    moment = Moment({"even": torch.zeros(4), "odd": torch.zeros(3)}, seed=0, step=0, steps=1)
    with pytest.raises(ValueError, match="a batch cannot be shared equally by 2 processes: odd of 3"):
        moment.shard(0, 2)


def test_a_loss_that_is_nan_stops_with_a_sentence() -> None:
    network = linear()

    def losses(moment: Moment) -> Parts:
        worth = torch.tensor(float("nan") if moment.step == 2 else 1.0)
        return {"sound": network(moment["x"]).mean(), "broken": network(moment["x"]).square().mean() * worth}

    run = training.prepare(
        Game({"kept": network}, (Player("kept", ("kept",), losses, "generator"),), keeps=()), schedule()
    )
    with pytest.raises(
        NotFiniteError,
        match=r"step 2: kept/broken is not finite; last finite values: kept/sound \S+, kept/broken \S+",
    ):
        play(run, schedule())


def test_a_step_in_which_nobody_moves_is_a_step() -> None:
    network = linear()
    lazy = Player("lazy", ("kept",), square(network), "generator", every=2)
    curve = play(training.prepare(Game({"kept": network}, (lazy,), keeps=("kept",)), schedule()), schedule())
    assert [set(losses) for losses in curve] == [{"lazy/square"}, set()] * 2
