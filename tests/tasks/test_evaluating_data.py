"""Ratings to evaluate by, from files as they come: MovieLens, plain tables, our own exports."""

import numpy as np
import pytest

from crawler.errors import UnreadableFile
from tasks.errors import NothingToDo
from tasks.evaluating_data import from_files
from tests.tasks.conftest import sqlite_only
from tests.tasks.rating_files import QUICK, rated, write


@pytest.mark.parametrize(
    ("row", "scale", "sentence"),
    [
        ("1,2,5.5,0", 5, "found the rating '5.5', expected 0.5 to 5 in halves (--scale 5)"),
        ("1,2,0,0", 5, "found the rating '0', expected 0.5 to 5"),
        ("1,2,nan,0", 5, "found the rating 'nan', expected"),
        ("1,2,inf,0", 5, "found the rating 'inf', expected"),
        ("1,2,4.25,0", 5, "found the rating '4.25', expected"),
        ("1,2,,0", 5, "found the rating '', expected"),
        ("1,2,3.5,0", 10, "found the rating '3.5', expected 1 to 10 (--scale 10)"),
        ("1,2,11,0", 10, "found the rating '11', expected 1 to 10"),
        (",2,4,0", 5, "a user and an item are expected"),
        ("1,2,4,0,5,6", 5, "6 fields, expected 4 as in the header"),
    ],
)
def test_a_row_that_is_no_rating_is_named_with_its_line(tmp_path, row, scale, sentence):
    path = tmp_path / "ratings.csv"
    path.write_text(f"user,item,rating,timestamp\n1,1,4,0\n1,3,4,0\n{row}\n")

    with pytest.raises(UnreadableFile) as wrong:
        from_files(path, None, scale)

    start = f"The file {path} cannot be evaluated on: in line 4, {sentence}"
    assert str(wrong.value).startswith(start)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"user,item\n1,2\n", "has no column rating or stars or score; found user, item."),
        (b"\x00\x01\x02", "is binary"),
        (b"user,item,rating\n", "holds no rating."),
        (b"user,item,rating\n1,1,5\n", "Of 1 ratings of "),
    ],
)
def test_a_file_that_is_no_table_of_ratings_says_so(tmp_path, content, sentence):
    path = tmp_path / "ratings.csv"
    path.write_bytes(content)

    with pytest.raises((UnreadableFile, NothingToDo), match=sentence):
        from_files(path, None, 5)


def test_fields_parted_by_colons_are_counted(tmp_path):
    path = tmp_path / "ratings.dat"
    path.write_text("1::2::4::0\n1::2\n")

    with pytest.raises(UnreadableFile, match="in line 2, found 2 fields parted by ::"):
        from_files(path, None, 5)


@sqlite_only
def test_a_file_that_cannot_be_read_is_one_sentence_and_1(operator, tmp_path):
    path = tmp_path / "none.csv"

    done = operator("evaluate", "--data", path)

    assert (done.code, done.out) == (1, "")
    assert done.err == f"The file {path} cannot be read: no such file or directory.\n"


def same(one, other):
    return (one.ratings != other.ratings).nnz == 0


def test_movielens_is_read_as_it_comes(tmp_path):
    header = ("userId", "movieId", "rating", "timestamp")
    path = write(tmp_path / "ratings.csv", rated(), header=header)
    titles = [
        f"{n},Film {n} ({1989 + n % 2}),{'Drama|War' if n % 2 else '(no genres listed)'}"
        for n in range(1, 35)
    ]
    (tmp_path / "movies.csv").write_text("movieId,title,genres\n" + "\n".join(titles))

    told = from_files(path, None, 5).told

    assert told.ratings.shape == (60, 30)
    assert told.ratings.data.min() == 6
    assert told.genres.shape == (30, 2)
    assert np.diff(told.genres.indptr).tolist().count(2) == 15
    # Drama, War and the two decades; 1989 and 1990.
    assert told.features.shape == (30, 4)


@sqlite_only
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("movies.csv", b"title,seen on\nAlien,Sunday\n"),
        ("movies.csv", b"movieId,title,genres,mine\n1,Film 1,Drama,yes\n"),
        ("movies.csv", b"\x00\x01\x02"),
        ("movies.csv", b""),
        ("movies.dat", b"what I saw: Alien\n"),
    ],
)
def test_a_file_that_merely_has_the_name_of_movielens_is_ignored_and_told_of(
    operator, tmp_path, fits_here, name, content
):
    path = tmp_path / "ratings.csv"
    write(path, rated())
    if name == "movies.dat":
        path = path.with_suffix(".dat")
        path.write_text("".join(f"{u}::{i}::{h / 2:g}::{t}\n" for u, i, h, t in rated()))
    (tmp_path / name).write_bytes(content)

    done = operator("evaluate", "--data", path, *QUICK)

    assert done.code == 0
    ignored = f"{tmp_path / name} is ignored: it is not of MovieLens (movieId, title, genres).\n"
    assert done.err == ignored


def test_a_damaged_file_of_movielens_is_an_error_and_not_ignored(tmp_path):
    path = write(tmp_path / "ratings.csv", rated())
    (tmp_path / "movies.csv").write_text("movieId,title,genres\n1,Film 1,Drama,one too many\n")

    with pytest.raises(UnreadableFile, match=r"movies\.csv cannot .* in line 2, 4 fields"):
        from_files(path, None, 5)


def test_a_file_of_features_that_is_named_is_read_whatever_lies_beside(tmp_path):
    path = write(tmp_path / "ratings.csv", rated())
    (tmp_path / "movies.csv").write_text("title,seen on\nAlien,Sunday\n")
    works = tmp_path / "works.csv"
    works.write_text("item,author\n" + "\n".join(f"{n},{n % 3}" for n in range(1, 31)))

    ground = from_files(path, works, 5)

    assert (ground.told.features.shape, ground.ignored) == ((30, 3), None)


def test_the_same_ratings_in_other_files_are_the_same(tmp_path):
    plain = from_files(write(tmp_path / "a.csv", rated()), None, 5).told
    of_ten = write(tmp_path / "b.csv", rated(), scale=1)
    tabs = tmp_path / "ml.inter"
    rows = [f"{user}\t{item}\t{half / 2:g}\t{at}" for user, item, half, at in rated()]
    header = "user_id:token\titem_id:token\trating:float\ttimestamp:float"
    tabs.write_text("\n".join([header, *rows]))
    colons = tmp_path / "ratings.dat"
    colons.write_text("".join(f"{'::'.join(row.split())}\n" for row in rows))
    upper = write(tmp_path / "c.csv", rated(), header=("USER_ID", "Item-Id", "Rating", "TimeStamp"))

    others = [
        from_files(of_ten, None, 10),
        *(from_files(p, None, 5) for p in (tabs, colons, upper)),
    ]

    for other in others:
        assert same(plain, other.told)
        assert (plain.times == other.told.times).all()


def test_works_of_movielens_older_files_are_read_in_their_encoding(tmp_path):
    path = tmp_path / "ratings.dat"
    path.write_text("".join(f"{u}::{i}::{h / 2:g}::{t}\n" for u, i, h, t in rated()))
    films = [f"{n}::Amélie {n} (2001)::Comedy|Romance" for n in range(1, 31)]
    (tmp_path / "movies.dat").write_text("\n".join(films), encoding="latin-1")

    told = from_files(path, None, 5).told

    assert told.genres.shape == (30, 2)
    assert told.features.shape == (30, 3)


def test_what_items_are_about_may_be_in_any_file(tmp_path):
    path = write(tmp_path / "ratings.csv", rated())
    about = tmp_path / "works.csv"
    rows = [f"{n},누구{n % 3},a|b|{n % 2}" for n in range(1, 31)]
    about.write_text("item,author,keywords\n" + "\n".join(rows), encoding="utf-8")

    told = from_files(path, about, 5).told

    assert told.features.shape == (30, 3 + 2 + 2)
    assert told.genres is None


def test_ratings_keep_their_moments_and_later_rows_count(tmp_path):
    rows = rated()
    again = [(user, item, 5, moment + 5_000) for user, item, _, moment in rows[:7]]

    told = from_files(write(tmp_path / "a.csv", [*rows, *again]), None, 5).told

    cells = told.ratings.tocoo()
    items = sorted(range(1, 31), key=str)
    users = sorted(range(1, 61), key=str)
    expected = {(user, item): (half, at) for user, item, half, at in [*rows, *again]}
    for row, col, value, moment in zip(cells.row, cells.col, cells.data, told.times, strict=True):
        assert expected[users[row], items[col]] == (value, moment)


@sqlite_only
def test_ratings_without_a_moment_come_first_and_are_told_of(operator, tmp_path, fits_here):
    rows = [(*row[:3], "long ago" if n == 5 else row[3]) for n, row in enumerate(rated())]
    path = write(tmp_path / "ratings.csv", rows)

    ground = from_files(path, None, 5)
    done = operator("evaluate", "--data", path, *QUICK)

    assert ground.untimed == 1
    assert ground.told.times.min() == sorted(ground.told.times)[1] - 1
    assert done.err == "1 rows have no time that can be understood: they come first.\n"


def test_low_ratings_of_those_who_remain_stay(tmp_path):
    rows = [(u, i, 2 if i == 3 and u % 3 else h, t) for u, i, h, t in rated()]
    rows += [(99, 1, 10, 5)]  # a reader with too few

    told = from_files(write(tmp_path / "a.csv", rows), None, 5).told

    assert told.ratings.shape[0] == 60
    assert 2 in told.ratings.data


@sqlite_only
def test_our_own_exports_are_read(tmp_path, crowd, operator):
    crowd(150, source="demo", simulated=True)
    path = tmp_path / "ours.csv"
    assert operator("export", "ratings", path).code == 0

    found = from_files(path, None, 5)

    assert found.simulated
    assert found.told.ratings.shape[1] <= 30
    assert found.told.ratings.shape[0] > 100
