"""Mult-VAE, RecVAE and BERT4Rec, small: what they learn and what they ask."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from recommender.choosing import quality_of
from recommender.contenders import Data, OfLikes, Ordered, likes_of
from recommender.errors import BadInteractions, BadParameter, TooFewInteractions
from recommender.evaluation import Fold, fold
from recommender.interactions import LIKE
from recommender.popularity import Popularity
from recommender.zoo.schedule import Schedule
from tests.recommender.clusters import ITEMS, in_clusters

torch = pytest.importorskip("torch", reason="needs the extra torch")

from recommender.zoo import bert4rec, multvae, recvae  # noqa: E402 - after the look for torch

SCHEDULE = Schedule(epochs=10, patience=10, batch=16)
EPOCHS = {"multvae": 10, "recvae": 6, "bert4rec": 25}
SMALL = {
    "multvae": (multvae, multvae.Shape(hidden=32, latent=8, learning_rate=1e-2)),
    "recvae": (recvae, recvae.Shape(hidden=16, latent=8, learning_rate=5e-3)),
    "bert4rec": (
        bert4rec,
        bert4rec.Shape(
            width=32, blocks=1, heads=4, length=12, dropout=0.0, masked=0.4, learning_rate=5e-3
        ),
    ),
}


def fitted(name, data, seed=0, *, progress=lambda share: None, schedule=SCHEDULE, **changes):
    module, shape = SMALL[name]
    return module.fit(data, seed, progress, shape=replace(shape, **changes), schedule=schedule)


@pytest.mark.parametrize("name", SMALL)
def test_a_network_beats_popularity(name):
    ratings, others = in_clusters(150), fold(in_clusters(60, seed=1), threshold=LIKE)
    told = []

    schedule = Schedule(epochs=EPOCHS[name], patience=25, batch=16)
    model = fitted(name, Data(ratings), progress=told.append, schedule=schedule)

    popular = OfLikes(Popularity.fit(likes_of(ratings)))
    assert quality_of(model, others) > 1.3 * quality_of(popular, others)
    assert told == sorted(told)
    assert told[-1] == 1.0


@pytest.mark.parametrize("name", SMALL)
def test_the_same_seed_gives_the_same_scores(name):
    ratings, others = in_clusters(40), in_clusters(5, seed=1)
    short = Schedule(epochs=3, batch=20)

    found = [fitted(name, Data(ratings), seed, schedule=short).scores(others) for seed in (1, 1, 2)]

    assert np.array_equal(found[0], found[1])
    assert not np.array_equal(found[0], found[2])


@pytest.mark.parametrize("name", SMALL)
def test_scores_are_numbers_alike_for_one_and_for_many_and_low_ratings_say_nothing(name):
    model = fitted(name, Data(in_clusters(40)), schedule=Schedule(epochs=2, batch=20))
    asked = np.zeros((3, ITEMS), dtype=np.float32)
    asked[0, [3, 5, 8]] = asked[1, [3, 5, 8]] = 9
    asked[1, 20] = LIKE - 1

    scores = model.scores(sparse.csr_array(asked))

    assert (scores.shape, scores.dtype) == ((3, ITEMS), np.float32)
    assert np.isfinite(scores).all()  # also those of the reader who likes nothing
    alone = model.scores(sparse.csr_array(asked[:1]))
    np.testing.assert_allclose(scores[:2], np.repeat(alone, 2, axis=0), atol=1e-5)
    assert np.array_equal(scores, model.scores(sparse.csr_array(asked)))


@pytest.mark.parametrize("name", SMALL)
def test_a_killed_fit_goes_on_to_the_same_scores(name, tmp_path):
    ratings, others = in_clusters(40), in_clusters(5, seed=1)
    schedule = Schedule(epochs=4, batch=20, every=1)
    whole = fitted(name, Data(ratings), schedule=schedule)
    kept = replace(schedule, folder=tmp_path / "fit")

    def killed(share):
        if share >= 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fitted(name, Data(ratings), schedule=kept, progress=killed)
    resumed = fitted(name, Data(ratings), schedule=kept)

    assert np.array_equal(resumed.scores(others), whole.scores(others))
    with pytest.raises(BadParameter, match="a checkpoint of"):
        fitted(name, Data(in_clusters(40, seed=2)), schedule=kept)


@pytest.mark.parametrize("name", SMALL)
def test_what_cannot_be_is_refused(name):
    model = fitted(name, Data(in_clusters(20)), schedule=Schedule(epochs=1))

    with pytest.raises(BadInteractions, match="found 39 item columns, expected 40"):
        model.scores(sparse.csr_array((1, ITEMS - 1)))
    with pytest.raises(TooFewInteractions):
        fitted(name, Data(sparse.csr_array((3, ITEMS))))
    with pytest.raises(BadInteractions):
        fitted(name, Data(in_clusters(20) * np.float32(0.5)))


def test_only_bert4rec_asks_for_the_order():
    models = {
        name: fitted(name, Data(in_clusters(20)), schedule=Schedule(epochs=1)) for name in SMALL
    }

    assert [name for name, one in models.items() if isinstance(one, Ordered)] == ["bert4rec"]


def serials(readers, seed=0):
    """Everyone reads six of 20 works around a circle, one after the other; then comes the next.

    Half-stars, their order, and which comes next; who knows no order sees six in a row and cannot
    tell what comes next from what came before.
    """
    generator = np.random.default_rng(seed)
    starts = generator.integers(20, size=readers)
    rows = np.arange(readers)[:, None]
    read = (starts[:, None] + np.arange(7)) % 20
    ratings, order, wanted = np.zeros((3, readers, 20), dtype=np.float32)
    ratings[rows, read[:, :6]] = 8
    order[rows, read[:, :6]] = np.arange(1, 7)
    wanted[np.arange(readers), read[:, 6]] = 8
    known = sparse.csr_array(ratings)
    return Data(known, order=sparse.csr_array(order)), Fold(
        known, sparse.csr_array(wanted), sparse.csr_array(order)
    )


def test_bert4rec_knows_what_comes_next_only_where_it_is_told_the_order():
    data, _ = serials(150)
    _, others = serials(40, seed=1)
    schedule = Schedule(epochs=EPOCHS["bert4rec"], patience=25, batch=16)

    ordered = fitted("bert4rec", data, schedule=schedule)
    shuffled = fitted("bert4rec", Data(data.ratings), schedule=schedule)

    # One work is wanted: at rank 1 that gains 1, at rank 2 0.63, at rank 3 0.5.
    assert quality_of(ordered, others) > 0.85
    assert quality_of(shuffled, Fold(others.known, others.wanted)) < 0.75


def test_bert4rec_hears_the_end_of_a_long_list():
    model = fitted("bert4rec", serials(40)[0], schedule=Schedule(epochs=1), length=4)
    ratings = np.zeros((2, 20), dtype=np.float32)
    ratings[:, :6] = 8
    ratings[1, 0] = 0
    order = np.where(ratings > 0, np.arange(1, 21, dtype=np.float32), 0)

    scores = model.scores_in_order(sparse.csr_array(ratings), sparse.csr_array(order))

    # Three words and the mask: the first of six is forgotten, and so is the first of five.
    np.testing.assert_allclose(scores[0], scores[1], atol=1e-6)


@pytest.mark.parametrize(
    "ordered",
    [[(0, 4), (1, 4)], [(0, 3), (0, 4)]],  # another item; the same items, but of one reader
)
def test_bert4rec_refuses_an_order_of_other_entries(ordered):
    model = fitted("bert4rec", Data(in_clusters(20)), schedule=Schedule(epochs=1))
    ratings, order = np.zeros((2, 2, ITEMS), dtype=np.float32)
    ratings[0, 3] = ratings[1, 4] = 8
    for entry in ordered:
        order[entry] = 1

    with pytest.raises(BadInteractions, match="an order of other entries"):
        model.scores_in_order(sparse.csr_array(ratings), sparse.csr_array(order))


def test_bert4rec_is_not_fitted_to_an_order_of_other_items():
    ratings = in_clusters(20)
    with pytest.raises(BadInteractions, match="an order of other entries"):
        fitted("bert4rec", Data(ratings, order=in_clusters(20, seed=1)))
    with pytest.raises(BadInteractions, match="an order of other entries"):
        fitted("bert4rec", Data(ratings, order=ratings[:10]))


def test_bert4rec_refuses_a_shape_that_cannot_be():
    with pytest.raises(BadParameter, match="found width = 15, expected a multiple of 2"):
        bert4rec.Shape(width=15)
    with pytest.raises(BadParameter, match="found masked = 1"):
        bert4rec.Shape(masked=1.0)


def test_the_prior_of_recvae_is_the_mixture_of_the_paper():
    network = recvae.RecVae(ITEMS, SMALL["recvae"][1]).eval()
    likes = torch.from_numpy((in_clusters(3).toarray() >= LIKE).astype(np.float32))
    z = torch.zeros(3, 8)
    mean, log_variance = (found.detach().double().numpy() for found in network.encoder(likes))

    found = network._log_prior(z, likes).detach().numpy()

    # At 0: N(0, 1) is 0.3989, N(0, e^10) 0.3989 / e^5; the third is the encoder's of before.
    before = np.exp(-(mean**2) / np.exp(log_variance) / 2 - log_variance / 2)
    expected = np.log(0.398942 * (0.15 + 0.75 * before + 0.1 / np.exp(5)))
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_the_loss_of_mult_vae_is_worked_out_by_hand():
    network = multvae.MultVae(ITEMS, multvae.Shape(hidden=4, latent=2)).eval()
    for weights in network.parameters():
        torch.nn.init.zeros_(weights)
    likes = torch.zeros(1, ITEMS)
    likes[0, :3] = 1

    # All items are alike, so three likes cost 3 · log 40; the posterior is the prior.
    assert network.loss(likes, beta=1.0).item() == pytest.approx(3 * np.log(ITEMS), rel=1e-5)
    torch.nn.init.ones_(network.encoder[2].bias)
    # Now mean and log variance are 1: KL = (e + 1 - 1 - 1) / 2 for each of two coordinates.
    expected = 3 * np.log(ITEMS) + 0.5 * (np.e - 1)
    assert network.loss(likes, beta=0.5).item() == pytest.approx(expected, rel=1e-5)
