"""Which work an operator means."""

import pytest

from db.catalogue import Work
from tasks.errors import UnknownWork
from tasks.lookup import Lookup


def work(id_, title, external_id, *, title_en=None, authors=("A",)):
    facts = {"genres": (), "keywords": (), "weekdays": (), "finished": True, "adult": False}
    return Work(
        id=id_,
        source="naver",
        external_id=external_id,
        title=title,
        title_en=title_en,
        authors=authors,
        url="",
        **facts,
    )


TOWER = work(1, "신의 탑", "183559", title_en="Tower of God")
GANG = work(2, "키드갱", "443422")
GANG_AGAIN = work(3, "키드갱", "816820", authors=("B", "C"))
NUMBER = work(4, "1984", "7")


@pytest.fixture
def lookup():
    return Lookup([TOWER, GANG, GANG_AGAIN, NUMBER])


@pytest.mark.parametrize("words", ["naver:183559", "183559", "신의 탑", "신의탑", "tower OF god"])
def test_a_work_goes_by_key_external_id_and_titles(lookup, words):
    assert lookup.find(words) == TOWER


def test_a_title_that_is_a_number_is_a_title(lookup):
    assert lookup.find("1984") == NUMBER


def test_an_unknown_title_brings_the_nearest(lookup):
    with pytest.raises(UnknownWork) as raised:
        lookup.find("신의 턉")

    assert str(raised.value) == (
        'No work is called "신의 턉"; the nearest: 신의 탑 (naver:183559).'
    )


def test_a_title_like_no_other_brings_none(lookup):
    with pytest.raises(UnknownWork) as raised:
        lookup.find("zzzzzzzz")

    assert str(raised.value) == 'No work is called "zzzzzzzz".'


def test_a_title_of_two_works_brings_their_keys(lookup):
    with pytest.raises(UnknownWork) as raised:
        lookup.find("키드갱")

    assert str(raised.value) == '"키드갱" is ambiguous: naver:443422 by A, naver:816820 by B/C'


def test_a_very_long_title_is_just_unknown(lookup):
    with pytest.raises(UnknownWork):
        lookup.find("가" * 4_000)
