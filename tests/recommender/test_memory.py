"""What a fit may take: the machine, a container, and what it really takes."""

import os
import tracemalloc

import numpy as np
import pytest
from scipy import sparse

from recommender import aversion, default_model, kernels, memory, recipe, training, unrated
from recommender.errors import CatalogueTooLarge

MACHINE = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
GROUPS_2 = "0::/house/bots\n"
GROUPS_1 = "5:cpu,cpuacct:/\n4:memory:/docker/abc\n0::/\n"


def made(root, files):
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, MACHINE),
        ({"proc/self/cgroup": GROUPS_2}, MACHINE),
        ({"proc/self/cgroup": GROUPS_2, "sys/fs/cgroup/house/bots/memory.max": "max\n"}, MACHINE),
        ({"proc/self/cgroup": GROUPS_2, "sys/fs/cgroup/house/bots/memory.max": "7000\n"}, 7000),
        ({"proc/self/cgroup": GROUPS_2, "sys/fs/cgroup/house/memory.max": "6000\n"}, 6000),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "5000\n"}, 5000),
        (
            {
                "proc/self/cgroup": GROUPS_1,
                "sys/fs/cgroup/memory/memory.limit_in_bytes": "4000\n",
                "sys/fs/cgroup/cpu/memory.limit_in_bytes": "1\n",
            },
            4000,
        ),
        (
            {
                "proc/self/cgroup": GROUPS_1,
                "sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes": f"{2**63 - 4096}\n",
            },
            MACHINE,
        ),
    ],
)
def test_a_container_may_have_less_than_the_machine(tmp_path, files, expected):
    assert memory.usable(made(tmp_path, files)) == expected


def test_a_fit_is_held_to_what_may_be_used(monkeypatch):
    monkeypatch.setattr(memory, "usable", lambda: memory.BESIDE_BYTES + 2 * 2 * 4 - 1)

    with pytest.raises(CatalogueTooLarge, match="found 2 items"):
        default_model.fit(sparse.csr_array([[8, 8], [8, 8]]), l2=1.0)


@pytest.mark.parametrize("names", [12, 4_000])
@pytest.mark.parametrize("cold", [0, 2, 50])
def test_training_holds_no_more_than_it_asked_for(monkeypatch, cold, names):
    items = 1_500
    generator = np.random.default_rng(0)
    ratings = 8.0 * (generator.random((300, items)) < 0.02)
    if cold:
        ratings[:, ::cold] = 0
    # Three of many names each, and one that all share, so that no two items are quite unlike.
    named = np.column_stack([generator.integers(1, names, (items, 3)), np.zeros(items, int)])
    features = sparse.csr_array(
        (np.ones(named.size), named.ravel(), np.arange(0, named.size + 1, 4)), (items, names)
    )
    features.sum_duplicates()
    asked = []
    # Compiling takes memory of its own, in whoever is the first to do it.
    monkeypatch.setattr(kernels, "scatter", lambda steps: None)
    for module in (aversion, recipe, unrated):
        monkeypatch.setattr(module, "BLOCK_ROWS", 16)
    monkeypatch.setattr(
        training, "refuse_too_much", lambda items, cells, size: asked.append(cells * size)
    )
    ratings = sparse.csr_array(ratings)

    tracemalloc.start()
    try:
        default_model.fit(ratings, features, l2=100.0)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert len(asked) == 1
    # Half of such a matrix is what blocks and readers take at this size.
    assert peak < asked[0] + items**2 * 4 / 2 + (4 << 20)


def test_what_was_freed_can_be_given_back_anywhere(monkeypatch):
    memory.give_back()
    monkeypatch.setattr(memory.ctypes, "CDLL", lambda name: object())  # a C library without it

    memory.give_back()
