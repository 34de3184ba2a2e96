"""The loop that trains every network: when it stops, what it keeps, how it goes on."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra torch")

from recommender import artifact  # noqa: E402 - after the look for torch
from recommender.contenders import Data  # noqa: E402
from recommender.errors import (  # noqa: E402
    ArtifactDamaged,
    ArtifactKind,
    ArtifactNotWritten,
    BadParameter,
)
from recommender.zoo.loop import Phase, train  # noqa: E402
from recommender.zoo.schedule import Schedule, fingerprint  # noqa: E402
from tests.recommender.clusters import in_clusters  # noqa: E402

SCHEDULE = Schedule(epochs=6, patience=6, batch=4, every=2)


class Line:
    """Learns y = 2x by two optimisers in turn, with noise; its readers are eleven points."""

    def __init__(self):
        self.network = torch.nn.Linear(1, 1)
        torch.nn.init.zeros_(self.network.weight)
        torch.nn.init.zeros_(self.network.bias)
        self.readers = 11
        self.seen = []
        self.prepared = 0
        self.phases = (
            Phase(self.loss, torch.optim.Adam([self.network.weight], lr=0.1), passes=2),
            Phase(self.loss, torch.optim.Adam([self.network.bias], lr=0.1), prepare=self.prepare),
        )

    def prepare(self):
        self.prepared += 1

    def loss(self, rows, step):
        self.seen.append((step, rows.tolist()))
        x = rows[:, None].float() / 10
        noise = torch.randn_like(x) / 10
        return ((self.network(x + noise) - 2 * x) ** 2).mean()

    def slope(self):
        return self.network.weight.item()


class Stopped(Exception):
    """The process was killed."""


def trained(qualities=None, *, schedule=SCHEDULE, seed=0, stop_after=None, about=None):
    """A learner and its history; quality is what is given, else how near the slope is to 2."""
    learner = Line()
    given = None if qualities is None else iter(qualities)
    epochs = 0

    def quality():
        nonlocal epochs
        epochs += 1
        if stop_after is not None and epochs > stop_after:
            raise Stopped
        return -abs(learner.slope() - 2) if given is None else next(given)

    history = train(
        learner, quality, schedule, seed=seed, progress=lambda share: None, about=about or {}
    )
    return learner, history


def test_it_stops_when_patience_is_used_up():
    _, history = trained([0.1, 0.5, 0.3, 0.5, 0.9], schedule=Schedule(epochs=9, patience=2))

    # 0.5 again is not better than 0.5.
    assert history.qualities == [0.1, 0.5, 0.3, 0.5]
    assert history.best_epoch == 1


def test_it_stops_when_the_epochs_are_used_up():
    _, history = trained([0.1, 0.2, 0.3], schedule=Schedule(epochs=3, patience=1))

    assert history.qualities == [0.1, 0.2, 0.3]


def test_the_weights_of_the_best_epoch_are_kept():
    best, _ = trained([0.1, 0.9], schedule=Schedule(epochs=2, patience=9))
    learner, _ = trained([0.1, 0.9, 0.2, 0.3], schedule=Schedule(epochs=4, patience=9))

    assert learner.slope() == best.slope()
    assert not learner.network.training


def test_every_epoch_goes_over_all_readers_in_every_pass_of_every_phase():
    learner, _ = trained(schedule=Schedule(epochs=2, patience=2, batch=4))

    # Eleven readers are three batches: 2 epochs x (2 + 1) passes.
    passes = [learner.seen[start : start + 3] for start in range(0, 18, 3)]
    assert len(learner.seen) == 18
    assert all(sorted(row for _, rows in one for row in rows) == list(range(11)) for one in passes)
    assert passes[0] != passes[1]
    # Steps are counted by phase.
    steps = [step for step, _ in learner.seen]
    assert steps == [0, 1, 2, 3, 4, 5, 0, 1, 2, 6, 7, 8, 9, 10, 11, 3, 4, 5]
    assert learner.prepared == 2


def test_progress_rises_to_one_however_early_it_stops():
    told = []
    qualities = iter([0.5, 0.4, 0.3])

    train(
        Line(),
        lambda: next(qualities),
        Schedule(epochs=10, patience=2),
        seed=0,
        progress=told.append,
    )

    assert told == [0.1, 0.2, 1.0]


def test_the_same_seed_gives_the_same_weights_and_another_gives_others():
    one, two, other = (trained(seed=seed)[0] for seed in (5, 5, 6))

    assert one.seen == two.seen
    assert one.slope() == two.slope()
    assert one.slope() != other.slope()


def test_torch_is_left_as_it_was():
    torch.manual_seed(1)
    expected = torch.rand(3)
    threads = torch.get_num_threads()
    learner, schedule = Line(), Schedule(epochs=2, threads=threads + 1)
    torch.manual_seed(1)

    train(learner, learner.slope, schedule, seed=0, progress=lambda share: None)

    assert torch.equal(torch.rand(3), expected)
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize("stop_after", [2, 3, 5])
def test_what_was_killed_goes_on_as_if_it_had_not_been(tmp_path, stop_after):
    whole, history = trained()
    kept = Schedule(epochs=6, patience=6, batch=4, every=2, folder=tmp_path / "fit")
    with pytest.raises(Stopped):
        trained(schedule=kept, stop_after=stop_after)

    resumed, resumed_history = trained(schedule=kept)

    # After an odd number of epochs, the last one is done again.
    done = 9 * (stop_after - stop_after % 2)
    assert resumed.seen == whole.seen[done:]
    assert resumed_history.qualities == history.qualities
    assert resumed.slope() == whole.slope()


def test_what_was_finished_is_read_back_and_not_done_again(tmp_path):
    kept = Schedule(epochs=5, patience=5, batch=4, every=100, folder=tmp_path / "fit")
    first, _ = trained(schedule=kept)

    again, _ = trained(schedule=kept)

    assert again.seen == []
    assert again.slope() == first.slope()


def test_a_checkpoint_of_another_fit_is_not_gone_on_from(tmp_path):
    kept = Schedule(epochs=2, batch=4, folder=tmp_path / "fit")
    trained(schedule=kept, about={"model": "line"})

    with pytest.raises(BadParameter, match=r"a checkpoint of .*line.*, expected .*curve"):
        trained(schedule=kept, about={"model": "curve"})
    with pytest.raises(BadParameter, match=r"'seed': 0.*expected.*'seed': 1"):
        trained(schedule=kept, about={"model": "line"}, seed=1)


def test_a_folder_with_something_else_is_left_alone(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    artifact.write(tmp_path / "model", {"weights": np.eye(2)}, {"kind": "ease"})

    with pytest.raises(ArtifactNotWritten, match="holds no checkpoint"):
        trained(schedule=Schedule(epochs=1, folder=tmp_path))
    with pytest.raises(ArtifactKind):
        trained(schedule=Schedule(epochs=1, folder=tmp_path / "model"))

    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_damaged_checkpoint_is_refused(tmp_path):
    kept = Schedule(epochs=2, batch=4, folder=tmp_path / "fit")
    trained(schedule=kept)
    weights = tmp_path / "fit" / "now_0.npy"
    content = weights.read_bytes()
    weights.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))

    with pytest.raises(ArtifactDamaged, match=r"now_0\.npy"):
        trained(schedule=kept)


def test_a_checkpoint_of_another_network_is_refused(tmp_path):
    kept = Schedule(epochs=2, batch=4, folder=tmp_path / "fit")
    trained(schedule=kept)
    wider = Line()
    wider.network = torch.nn.Linear(2, 1)

    with pytest.raises(ArtifactDamaged, match="no checkpoint of this network"):
        train(wider, lambda: 0.0, kept, seed=0, progress=lambda share: None)


def test_a_loss_that_is_no_number_ends_the_training():
    learner = Line()
    with torch.no_grad():
        learner.network.weight.fill_(float("inf"))

    with pytest.raises(BadParameter, match=r"found the loss (nan|inf) in epoch 0"):
        train(learner, lambda: 0.0, SCHEDULE, seed=0, progress=lambda share: None)


@pytest.mark.parametrize("name", ["epochs", "patience", "batch", "threads", "every"])
def test_a_schedule_without_end_or_beginning_is_refused(name):
    with pytest.raises(BadParameter, match=f"found {name} = 0, expected at least 1"):
        Schedule(**{name: 0})


def test_equal_data_has_one_fingerprint_and_an_order_changes_it():
    ratings = in_clusters(5)
    changed = ratings.copy()
    changed.data[0] = 11 - changed.data[0]

    found = fingerprint(Data(ratings))

    assert fingerprint(Data(ratings.copy())) == found
    assert found not in (fingerprint(Data(changed)), fingerprint(Data(ratings, order=ratings)))
