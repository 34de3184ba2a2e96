"""Single pages of the replica of Watcha Pedia in a real browser: what each brings, whatever its
markup and whatever goes wrong. No database: what is made of it is another file's.
"""

import unicodedata
from collections import Counter

import pytest

from crawler.errors import Drift, LoginRequired
from tests.plugins.crawls import Visits, paths, stars
from tests.replica import Replica
from tests.tasks.watcha import LISTS, busiest, listed


@pytest.fixture
def site():
    """Everybody special is there, and three ordinary people."""
    with Replica(seed=1, users=10, titles=26) as replica:
        yield replica


def beside_comments(site, work):
    """The truth of the stars beside the comments on one work."""
    world = site.world
    told = [comment for comment in world.comments if comment.work == work]
    return {(said.user, work, world.stars(said)) for said in told if world.stars(said)}


def ordinary(site):
    """The codes of people with nothing special about their lists but repeats and wishes."""
    return [code for code in site.world.users if code not in site.world.special.values()]


@pytest.mark.parametrize("generation", range(1, 6))
def test_lists_and_comments_are_exact_in_every_generation_of_markup(site, visits, generation):
    site.generation = generation
    work = busiest(site)
    # Longer than the 18 rows that a virtualised list keeps in the document.
    reads_all = site.world.add_user({code: n % 10 + 1 for n, code in enumerate(site.world.watcha)})
    people = [ordinary(site)[0], reads_all]

    lists = [visits.user(code) for code in people]
    comments = visits.comments(work)

    assert [found.outcome for found in lists] == ["ok", "ok"]
    assert [stars(found) for found in lists] == [listed(site, code) for code in people]
    assert [found.all_of for found in lists] == people
    assert stars(comments) == beside_comments(site, work)
    assert {spot.address for spot in comments.spots} == {
        said.user for said in site.world.comments if said.work == work
    }


@pytest.mark.parametrize("generation", [1, 3])
def test_each_of_the_ten_values_is_told_exactly(site, visits, generation):
    works = list(site.world.watcha)[:10]
    code = site.world.add_user({work: place + 1 for place, work in enumerate(works)})
    site.generation = generation  # the third writes "★ 4" for whole stars

    found = visits.user(code)

    assert stars(found) == {(code, work, place + 1) for place, work in enumerate(works)}


def test_what_is_in_a_list_and_no_rating_makes_no_row(site, visits):
    code = ordinary(site)[0]
    marks = Counter(row.mark for row in site.world.users[code].rows)

    found = visits.user(code)

    assert {"wish", "zero", "null", "rated"} <= set(marks)
    assert len(found.stars) == marks["rated"]
    assert {work.code for work in found.foreign} == {star.work for star in found.stars}
    assert found.outcome == "ok"


def test_a_comment_that_speaks_of_stars_gives_none(site, visits):
    work = busiest(site)
    silent = {c.user for c in site.world.comments if c.work == work and not site.world.stars(c)}

    found = visits.comments(work)

    assert any("★" in comment.text for comment in site.world.comments if comment.work == work)
    assert silent
    assert not silent & {star.user for star in found.stars}


@pytest.mark.parametrize(
    ("name", "number"), [("zero", 0), ("nine", 9), ("ten", 10), ("eighteen", 18)]
)
def test_lists_that_just_fill_a_page_or_just_do_not_are_exact(site, visits, name, number):
    code = site.world.special[name]

    found = visits.user(code)

    assert stars(found) == listed(site, code)
    assert (len(found.stars), found.outcome, found.all_of) == (number, "ok", code)


def test_fifteen_hundred_ratings_are_exact(chromium, plain, passing):
    with Replica(seed=1, users=1, titles=12, many=1500) as site:
        site.generation = 4  # of which only the rows in sight are in the document
        code = site.world.special["many"]
        visits = Visits(site, chromium.fetcher, plain, passing)
        chromium.visitor = visits.visitor

        found = visits.user(code)

        assert len(found.stars) == 1500
        assert stars(found) == listed(site, code)
        assert found.outcome == "ok"
        assert visits.visitor.tally.pages == 1 + 1 + 166  # robots.txt, the page, its scrolls


def test_rows_that_a_page_repeats_count_once(site, visits):
    code = next(code for code in ordinary(site) if site.world.users[code].repeats)
    assert len(site.world.users[code].rows) > 9

    found = visits.user(code)

    assert len(found.stars) == len(stars(found)) == len(listed(site, code))


def test_two_people_with_one_nickname_are_two(site, visits):
    first, second = (
        site.world.add_user({work: 3 + place}, "졸린 고래")
        for place, work in enumerate(list(site.world.watcha)[:2])
    )

    found = [visits.user(code) for code in (first, second)]

    assert [stars(page) for page in found] == [listed(site, first), listed(site, second)]
    assert stars(found[0]) != stars(found[1])


def test_a_work_is_told_by_its_code_and_what_its_page_says(site, visits):
    world = site.world
    wanted = ["outlink", "author", "both", "other"]
    chosen = [next(w for w in world.watcha.values() if w.kind == kind) for kind in wanted]
    hard = [w for w in world.watcha.values() if set(w.title) & set("\"'&<☀")]
    decomposed = [w for w in world.watcha.values() if not unicodedata.is_normalized("NFC", w.title)]
    assert hard
    assert decomposed

    for work in [*chosen, *hard, *decomposed]:
        (found,) = visits.work(work.code).foreign

        assert (found.code, found.year, found.read) == (work.code, work.year, True)
        assert found.title == unicodedata.normalize("NFC", work.title)
        assert found.authors == tuple(unicodedata.normalize("NFC", n) for n, _ in work.authors)
        assert found.outlinks == (
            (f"naver:{work.title_id}",) if work.kind in {"outlink", "both"} else ()
        )
        platforms = {"outlink": ("naver",), "both": ("naver", "kakao"), "other": ("kakao",)}
        assert found.platforms == platforms.get(work.kind, found.platforms)


def test_a_search_leads_to_all_works_of_that_title_and_to_no_other(site, visits):
    twins = {w.code for w in site.world.watcha.values() if w.title == "두 개의 나침반"}

    found = visits.search("두 개의 나침반")
    nothing = visits.search("아무도 쓰지 않은 제목")

    assert len(twins) == 2
    assert {spot.key for spot in found.spots if spot.kind == "work"} == twins
    assert {spot.key for spot in found.spots if spot.kind == "comments"} == twins
    assert {work.code for work in found.foreign} == twins
    assert nothing.spots == ()


def test_markup_that_changes_in_the_middle_of_a_crawl_changes_nothing(site, visits):
    people = ordinary(site)
    site.rotate_after(2, to=2)

    found = [visits.user(code) for code in people]

    assert site.generation == 2
    assert [stars(page) for page in found] == [listed(site, code) for code in people]


def test_stars_that_only_eyes_can_read_are_drift_and_no_ratings(site, visits):
    site.icons = True

    with pytest.raises(Drift, match="9 of 9 rows have no stars that can be read"):
        visits.user(site.world.special["ten"])


def test_a_list_that_stalls_is_incomplete(site, visits):
    code = site.world.special["stalled"]

    found = visits.user(code)

    assert stars(found) == listed(site, code)
    assert (found.outcome, found.note) == ("incomplete", "15 of 25 rows came")
    assert found.all_of is None


@pytest.mark.parametrize("who", ["walled", "eighteen"])
def test_a_wall_ends_a_list_and_nobody_tries_to_log_in(site, visits, who):
    code = site.world.special[who]
    if who == "eighteen":
        site.fault("watcha", LISTS, "wall")

    found = visits.user(code)

    assert len(found.stars) == 9
    assert stars(found) <= listed(site, code)
    assert (found.outcome, found.all_of) == ("login_required", None)
    assert paths(site, "sign_in") == []


@pytest.mark.parametrize("generation", [1, 5])
def test_a_private_list_is_left_alone(site, visits, generation):
    site.generation = generation

    with pytest.raises(LoginRequired):
        visits.user(site.world.special["private"])

    assert [path for path in paths(site) if path != "/robots.txt"] == [
        f"/ko-KR/users/{site.world.special['private']}/contents/webtoons/ratings"
    ]


def test_under_strict_robots_a_list_ends_after_its_first_rows(site, visits):
    site.robots("watcha", "recorded")
    code = site.world.special["eighteen"]

    found = visits.user(code)

    assert len(found.stars) == 9
    assert stars(found) <= listed(site, code)
    assert (found.outcome, found.all_of) == ("incomplete", None)
    assert paths(site, "/api") == []
    assert visits.visitor.tally.disallowed > 0
    assert visits.user(site.world.special["nine"]).outcome == "ok"


def test_with_permission_for_navigation_alone_a_list_is_whole(site, chromium, plain, passing):
    site.robots("watcha", "recorded")
    relaxed = Visits(site, chromium.fetcher, plain, passing, strict=False)
    chromium.visitor = relaxed.visitor
    code = site.world.special["eighteen"]

    found = relaxed.user(code)

    assert stars(found) == listed(site, code)
    assert relaxed.visitor.tally.disallowed == 0
