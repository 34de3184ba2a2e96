"""Files of ratings of two circles of readers."""

import csv

import numpy as np

QUICK = ("--models", "popularity,ease")


def rated(readers=60, items=30, seed=0):
    """(reader, item, half-stars, moment) of two circles of readers."""
    generator = np.random.default_rng(seed)
    circle = np.arange(readers)[:, None] % 2 == np.arange(items) % 2
    given = generator.random((readers, items)) < np.where(circle, 0.95, 0.35)
    moments = generator.permutation(given.size).reshape(given.shape)
    return [
        (row + 1, item + 1, int(generator.integers(6, 11)), 1_000_000_000 + int(moments[row, item]))
        for row, item in zip(*np.nonzero(given), strict=True)
    ]


def write(path, rows, header=("user", "item", "rating", "timestamp"), scale=0.5):
    """A CSV file; ratings are half-stars times `scale`."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        for user, item, halves, moment in rows:
            writer.writerow([user, item, f"{halves * scale:g}", moment][: len(header)])
    return path
