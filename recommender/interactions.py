"""Who rated what: a sparse matrix with its reader and item ids, checked and cleaned."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, Self, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommender.errors import BadInteractions, UnknownItem

Matrix: TypeAlias = sparse.csr_array[np.float32, tuple[int, int]]
AnyMatrix: TypeAlias = sparse.sparray[Any, Any] | sparse.spmatrix[Any] | NDArray[Any]

LIKE = 6  # half-stars: three stars and more count as a like


def checked(matrix: AnyMatrix, items: int | None = None) -> Matrix:
    """`matrix` as a CSR float32 array (readers, items) without stored zeros; the input stays as is.

    Raises BadInteractions for NaN, infinite or negative values, for an entry stored twice, and
    where the number of columns is not `items`.
    """
    if sparse.issparse(matrix) and cast(Any, matrix).format == "coo":
        _refuse_twice(cast(Any, matrix))
    with np.errstate(over="ignore"):  # an overflow becomes inf, which is refused below
        found: Matrix = sparse.csr_array(cast(Any, matrix), dtype=cast(Any, np.float32))
    if len(found.shape) != 2:
        raise BadInteractions(f"found the shape {found.shape}, expected (readers, items)")
    if items is not None and found.shape[1] != items:
        raise BadInteractions(f"found {found.shape[1]} item columns, expected {items}")
    if not np.isfinite(found.data).all():
        raise BadInteractions("found NaN or infinity among the values, expected finite numbers")
    if found.nnz and found.data.min() < 0:
        raise BadInteractions(f"found the value {found.data.min():g}, expected none below 0")
    if not found.has_canonical_format or (found.nnz and not found.data.all()):
        found = found.copy()
        stored = found.nnz
        found.sum_duplicates()
        if found.nnz != stored:
            raise BadInteractions(f"found {stored - found.nnz} entries stored twice, expected none")
        found.eliminate_zeros()
    return found


@dataclass(frozen=True, slots=True)
class Step:
    """What is left after one step of cleaning: ratings, and readers and items that have any.

    `mean` and `sd` (of the population) are of the ratings in stars, half of a half-star each; None
    where there are none.
    """

    name: str
    rows: int
    readers: int
    items: int
    mean: float | None
    sd: float | None

    @classmethod
    def of(cls, name: str, readers: int, items: int, half_stars: NDArray[Any]) -> Self:
        """A step that left these half-stars, one for each rating."""
        stars = half_stars.astype(np.float64) / 2
        if not len(stars):
            return cls(name, 0, readers, items, None, None)
        return cls(name, len(stars), readers, items, float(stars.mean()), float(stars.std()))


@dataclass(frozen=True, slots=True, eq=False)
class Interactions:
    """A matrix (readers, items) float32 whose rows and columns have ids; ids are opaque strings."""

    readers: tuple[str, ...]
    items: tuple[str, ...]
    matrix: Matrix
    reader_rows: Mapping[str, int] = field(init=False, repr=False)
    item_rows: Mapping[str, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        for name, ids in (("reader_rows", self.readers), ("item_rows", self.items)):
            object.__setattr__(self, name, MappingProxyType({id_: n for n, id_ in enumerate(ids)}))
        if (len(self.reader_rows), len(self.item_rows)) != self.matrix.shape:
            raise BadInteractions(
                f"found {len(self.reader_rows)} different reader ids and {len(self.item_rows)} "
                f"item ids, expected {self.matrix.shape[0]} and {self.matrix.shape[1]}"
            )

    @classmethod
    def from_triples(
        cls,
        readers: Sequence[str],
        items: Sequence[str],
        values: Sequence[float] | NDArray[Any],
        *,
        duplicates: Literal["refuse", "last"] = "refuse",
        item_ids: Sequence[str] | None = None,
    ) -> Self:
        """One entry per position of the three sequences of equal length; values above 0.

        Rows and columns are in the order of their sorted ids, so the order of the triples does
        not matter; with `item_ids` (the catalogue) the columns are these, also those nobody rated.
        Of two values for one (reader, item), `duplicates="last"` keeps the later.
        Raises BadInteractions for NaN, values of 0 and below, unequal lengths and, unless "last",
        duplicates; UnknownItem for an item that is not among `item_ids`.
        """
        numbers = np.asarray(values, dtype=np.float32)
        if not len(readers) == len(items) == len(numbers):
            raise BadInteractions(
                f"found {len(readers)} readers, {len(items)} items and {len(numbers)} values, "
                "expected as many of each"
            )
        wrong = ~(np.isfinite(numbers) & (numbers > 0))
        if wrong.any():
            at = int(wrong.argmax())
            raise BadInteractions(
                f"found {numbers[at]:g} from {readers[at]!r} for {items[at]!r}, "
                "expected a number above 0"
            )
        reader_ids = tuple(sorted(set(readers)))
        columns = tuple(sorted(set(items))) if item_ids is None else tuple(item_ids)
        rows = _rows(reader_ids, readers)
        cols = _rows(columns, items)
        keys = rows * len(columns) + cols
        # Of equal keys, np.unique names the first; read backwards, that is the last one given.
        _, first = np.unique(keys[::-1], return_index=True)
        if len(first) != len(keys) and duplicates != "last":
            raise BadInteractions(
                f"found {len(keys) - len(first)} values for a reader and item that already have "
                'one, expected none (duplicates="last" keeps the last)'
            )
        kept = len(keys) - 1 - first
        shape = (len(reader_ids), len(columns))
        matrix = sparse.csr_array((numbers[kept], (rows[kept], cols[kept])), shape=shape)
        return cls(reader_ids, columns, checked(matrix))

    def item_row(self, item: str) -> int:
        """The column of `item`; raises UnknownItem."""
        try:
            return self.item_rows[item]
        except KeyError:
            raise UnknownItem(f"found {item!r}, expected one of {len(self.items)} items") from None

    def at_least(self, threshold: float) -> "Interactions":
        """The positives: 1.0 where the value is `threshold` or more, nothing elsewhere.

        Readers and items left with nothing stay.
        """
        kept = self.values_from(threshold)
        kept.matrix.data[:] = 1.0
        return kept

    def values_from(self, threshold: float) -> "Interactions":
        """The values of `threshold` or more, as they are; readers and items stay."""
        kept = self.matrix.copy()
        kept.data = np.where(kept.data >= threshold, kept.data, np.float32(0))
        kept.eliminate_zeros()
        return Interactions(self.readers, self.items, kept)

    def core(self, minimum: int = 10, passes: int | None = None) -> "Interactions":
        """Only items and readers with at least `minimum` entries, repeated until nothing changes.

        One pass drops items, then readers of what is left. `passes=1` stops there, which keeps
        items that fell below the minimum when their readers went.
        """
        return _core(self, minimum, passes)[0]

    def take(self, readers: NDArray[np.bool_], items: NDArray[np.bool_]) -> "Interactions":
        """Only the rows and columns that the two masks mark."""
        return Interactions(
            tuple(self.readers[n] for n in np.flatnonzero(readers)),
            tuple(self.items[n] for n in np.flatnonzero(items)),
            self.matrix[np.flatnonzero(readers)][:, np.flatnonzero(items)],
        )

    def aligned(self, item_ids: Sequence[str]) -> "Interactions":
        """The same entries with `item_ids` as columns, in that order, also those nobody rated.

        Raises UnknownItem if an item of this matrix is not among them.
        """
        columns = tuple(item_ids)
        entries = self.matrix.tocoo()
        cols = _rows(columns, self.items)[entries.col]
        shape = (len(self.readers), len(columns))
        matrix = sparse.csr_array((entries.data, (entries.row, cols)), shape=shape)
        return Interactions(self.readers, columns, checked(matrix))


def clean(
    interactions: Interactions,
    threshold: float = LIKE,
    minimum: int = 10,
    passes: int | None = None,
) -> tuple[Interactions, tuple[Step, ...]]:
    """The likes (value >= `threshold`, as 1.0) of the `minimum`-core, and what each step left."""
    likes = interactions.values_from(threshold)
    core, steps = _core(likes, minimum, passes)
    first = (_step("as read", interactions), _step(f"likes: {threshold:g} and more", likes))
    return core.at_least(threshold), first + steps


def _core(
    interactions: Interactions, minimum: int, passes: int | None
) -> tuple[Interactions, tuple[Step, ...]]:
    steps: list[Step] = []
    done = 0
    while passes is None or done < passes:
        done += 1
        before = interactions.matrix.shape
        for axis, name in ((0, "items"), (1, "readers")):
            counts = np.asarray((interactions.matrix > 0).sum(axis=axis))
            keep = [np.ones(size, dtype=bool) for size in interactions.matrix.shape]
            keep[1 - axis] = counts >= minimum
            interactions = interactions.take(keep[0], keep[1])
            steps.append(_step(f"pass {done}: {name} with {minimum} or more", interactions))
        if interactions.matrix.shape == before:
            break
    return interactions, tuple(steps)


def _step(name: str, left: Interactions) -> Step:
    rows, columns = left.matrix.nonzero()
    return Step.of(name, len(np.unique(rows)), len(np.unique(columns)), left.matrix.data)


def _refuse_twice(matrix: "sparse.coo_array[Any, Any]") -> None:
    """What checked() sees in other formats; the conversion of this one would add up in silence."""
    cells = np.ravel_multi_index(matrix.coords, matrix.shape)
    twice = matrix.nnz - len(np.unique(cells))
    if twice:
        raise BadInteractions(f"found {twice} entries stored twice, expected none")


def _rows(ids: Sequence[str], wanted: Sequence[str]) -> NDArray[np.int64]:
    rows = {id_: row for row, id_ in enumerate(ids)}
    try:
        return np.fromiter(map(rows.__getitem__, wanted), dtype=np.int64, count=len(wanted))
    except KeyError as error:
        raise UnknownItem(f"found {error.args[0]!r}, expected one of {len(ids)} ids") from None
