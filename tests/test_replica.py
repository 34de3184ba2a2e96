"""The replica of both sites keeps its word: what it shows is what its truth says."""

import urllib.request
from collections import Counter
from urllib.parse import quote

import pytest
from selectolax.lexbor import LexborHTMLParser

from tests.replica import Replica
from tests.replica.visiting import OPENER, found, get, ratings_address, setup_of, whole_list


@pytest.fixture
def site():
    with Replica(seed=1, users=30, titles=40) as replica:
        yield replica


# The world


@pytest.mark.parametrize("seed", range(1, 7))
def test_every_world_has_all_that_a_crawler_has_to_cope_with(seed):
    with Replica(seed, users=30, titles=40) as site:
        world, ratings = site.world, site.truth.ratings()
        users = list(world.users.values())
        rows = {name: len(world.users[code].rows) for name, code in world.special.items()}

        assert rows == {
            "zero": 0,
            "nine": 9,
            "ten": 10,
            "eighteen": 18,
            "private": 12,
            "walled": 20,
            "stalled": 25,
        }
        assert len(users) == 30
        assert {value for *_, value in ratings} == set(range(1, 11))
        assert 3.2 < sum(value for *_, value in ratings) / len(ratings) / 2 < 3.8
        assert max(Counter(user.nickname for user in users).values()) > 1
        assert any(user.repeats and len(user.rows) > 18 for user in users)
        assert {row.mark for user in users for row in user.rows} == {
            "rated",
            "wish",
            "zero",
            "null",
        }
        assert set(world.kinds.values()) == {
            "outlink",
            "platform",
            "author",
            "both",
            "review",
            "other",
        }
        assert {work.gate for work in world.naver.values()} == {None, "401", "403", "404", "login"}
        assert {user for user, *_ in ratings} <= site.truth.commenters()


def test_a_seed_makes_the_same_pages_again_and_another_seed_does_not():
    def pages(seed):
        with Replica(seed, users=12, titles=20) as site:
            codes = list(site.world.users)
            texts = [get(site.watcha_url + ratings_address(code))[1] for code in codes]
            return texts, site.truth.ratings()

    assert pages(5) == pages(5) != pages(6)


def test_small_worlds_can_be_made():
    with Replica(users=2, titles=3) as site:
        assert len(site.world.users) == 2
        assert len(site.truth.works()) == 3


def test_somebody_has_rated_more_than_anybody_else():
    with Replica(many=1500) as site:
        code = site.world.special["many"]
        entries, _ = whole_list(site, f"/api/users/{code}/contents/webtoons/ratings?order=recent")

        assert len({entry["content"]["code"] for entry in entries}) == 1500
        assert "평가한 웹툰 1,500" in get(site.watcha_url + ratings_address(code))[1]
        assert code in site.truth.commenters()


# Watcha Pedia


def test_who_searches_titles_and_follows_comments_and_lists_arrives_at_the_truth(site):
    titles = {work.title for work in site.truth.works().values()}
    works, users, ratings = set(), set(), set()
    for title in titles:
        address = f"/ko/search?query={quote(title)}&domain=webtoons"
        hits = LexborHTMLParser(get(site.watcha_url + address)[1]).css("main li a[title]")
        works |= {hit.attributes["href"].rsplit("/", 1)[1] for hit in hits}
    for work in works:
        api = f"/api/contents/{work}/comments?filter=all&order=recent&page=1&size=9"
        for said in whole_list(site, api)[0]:
            users.add(said["user"]["code"])
            if (said["user_content_action"] or {}).get("rating"):
                ratings.add((said["user"]["code"], work, said["user_content_action"]["rating"]))
    for user in users:
        api = f"/api/users/{user}/contents/webtoons/ratings?order=recent&page=1&size=9"
        for entry in whole_list(site, api)[0]:
            if (entry["user_content_action"] or {}).get("rating"):
                value = entry["user_content_action"]["rating"]
                ratings.add((user, entry["content"]["code"], value))

    assert ratings == site.truth.ratings()


def test_a_guessed_page_is_not_found_and_a_foreign_client_not_let_in(site):
    code = site.world.special["eighteen"]
    api = f"{site.watcha_url}/api/users/{code}/contents/webtoons/ratings?order=recent&page=2&size=9"

    assert get(api)[0] == 404
    assert get(api, headers={})[:2] == (403, '{"code": "not_allowed_client", "message": ""}')


def test_lists_end_at_a_wall_at_a_stall_or_before_they_begin(site):
    ends = {}
    for name in ("walled", "stalled", "private", "nine", "ten", "zero"):
        api = f"/api/users/{site.world.special[name]}/contents/webtoons/ratings"
        entries, stopped_by = whole_list(site, api)
        ends[name] = (len(entries), stopped_by)

    assert ends == {
        "walled": (9, 401),
        "stalled": (15, None),
        "private": (0, 403),
        "nine": (9, None),
        "ten": (10, None),
        "zero": (0, None),
    }


def test_a_private_profile_declares_no_number(site):
    _, tree, setup = setup_of(site, ratings_address(site.world.special["private"]))

    assert "비공개 프로필이에요" in tree.body.text()
    assert "평가한 웹툰 1" not in tree.body.text()
    assert setup is None


@pytest.mark.parametrize(
    ("generation", "star", "heading"),
    [
        (1, "평가함 ★ 4.0", "평가한 웹툰 9"),
        (2, "★4.0", "평가한 웹툰 9"),
        (3, "★ 4", "평가한 웹툰 9"),
        (4, "평가함 ★ 4.0", "평가한 웹툰 9"),
        (5, "Rated ★ 4.0", "Rated webtoons 9"),
    ],
)
def test_a_generation_has_its_own_words_and_classes(site, generation, star, heading):
    code = site.world.special["nine"]
    site.world.rate(code, site.world.users[code].rows[0].work, 8)
    site.generation = generation

    _, tree, _ = setup_of(site, ratings_address(code))

    assert tree.css_first("h2").text() == heading
    assert star in tree.css_first("main").text()
    assert len(tree.css("main h2 ~ * a[title][href^='/ko-KR/contents/']")) == 9


def test_the_generation_changes_after_so_many_pages(site):
    site.rotate_after(2, to=3)
    address = site.watcha_url + ratings_address(site.world.special["nine"])

    assert ["<article" in get(address)[1] for _ in range(4)] == [False, False, True, True]


def test_icons_leave_no_star_to_read(site):
    site.icons = True
    work = next(iter(site.world.watcha))
    paths = [ratings_address(site.world.special["nine"]), f"/ko-KR/contents/{work}"]

    assert not any("★" in get(site.watcha_url + path)[1] for path in paths)


def test_titles_survive_their_quotes_and_decomposed_hangul(site):
    for work in site.world.watcha.values():
        tree = LexborHTMLParser(get(f"{site.watcha_url}/ko/contents/{work.code}")[1])

        assert tree.css_first("h1").text() == work.title
        assert tree.css_first("meta[property='og:title']").attributes["content"] == work.title


# Changes


def test_a_change_is_shown_at_once(site):
    world, truth = site.world, site.truth
    user = world.special["nine"]
    work = world.users[user].rows[0].work

    world.rate(user, work, 1)
    assert (user, work, 1) in truth.ratings()
    world.unrate(user, work)
    assert not {entry for entry in truth.ratings() if entry[:2] == (user, work)}
    assert truth.declared()[user] == 8

    new = world.add_user({work: 7})
    assert (new, work, 7) in truth.ratings()
    world.remove_watcha_work(work, "410")
    assert get(f"{site.watcha_url}/ko-KR/contents/{work}")[0] == 410
    assert not {entry for entry in truth.ratings() if entry[1] == work}
    world.restore_watcha_work(work)
    world.remove_user(new, "deleted")
    assert "삭제된 콘텐츠예요" in get(f"{site.watcha_url}/ko-KR/users/{new}")[1]
    assert new not in {entry[0] for entry in truth.ratings()}
    world.go_private(user)
    assert user not in truth.declared()


def test_a_new_work_is_on_both_sites(site):
    title_id, code = site.world.add_work("새 우산 여관", kind="platform")

    assert site.truth.matches()[code] == title_id
    assert site.truth.works()[title_id].title == "새 우산 여관"
    assert title_id in {str(item["titleId"]) for item in naver_items(site)}


# Naver Webtoon


def naver_items(site):
    """Everything that the lists name, each titleId once."""
    api = f"{site.naver_url}/api/webtoon/titlelist"
    items = []
    for week in ("mon", "tue", "wed", "thu", "fri", "sat", "sun", "dailyPlus"):
        items += found(f"{api}/weekday?week={week}&order=user")["titleList"]
    page = 1
    while page:
        answer = found(f"{api}/finished?page={page}&order=UPDATE")
        items += answer["titleList"]
        page = answer["pageInfo"]["nextPage"]
    return list({item["titleId"]: item for item in items}.values())


def test_lists_details_and_chapters_say_what_the_truth_says(site):
    works = site.truth.works()
    items = {str(item["titleId"]): item for item in naver_items(site)}

    assert items.keys() == works.keys()
    for title_id, work in works.items():
        item = items[title_id]
        assert (item["titleName"], item["finish"]) == (work.title, work.finished)
        assert (item["rest"], item["up"], item["adult"]) == (work.rest, work.up, work.gated)
        info = f"{site.naver_url}/api/article/list/info?titleId={title_id}"
        if work.gated:
            assert get(info)[0] in {200, 401, 403, 404}
            continue
        detail = found(info)
        tags = detail["curationTagList"]
        genres = [tag["tagName"] for tag in tags if tag["curationType"].startswith("GENRE_")]
        assert (detail["titleName"], detail["synopsis"]) == (work.title, work.synopsis)
        assert (tuple(genres), detail["finished"]) == (work.genres, work.finished)
        assert len(work.keywords) == len(tags) - len(genres)
        articles = f"{site.naver_url}/api/article/list?titleId={title_id}&page=1&sort=DESC"
        latest = found(articles)["articleList"][0]
        assert latest["no"] == work.chapter
        assert latest["subtitle"] == work.chapter_title
        assert latest["serviceDateDescription"] == work.chapter_date.strftime("%y.%m.%d")


def test_all_weekdays_come_in_one_answer_too(site):
    days = found(f"{site.naver_url}/api/webtoon/titlelist/weekday")["titleListMap"]

    named = Counter(item["titleId"] for items in days.values() for item in items)
    assert list(days)[::6] == ["MONDAY", "SUNDAY"]
    assert set(named.values()) == {1, 2}


def test_gates_answer_in_four_ways_and_one_of_them_looks_well(site):
    gates = {work.gate: title_id for title_id, work in site.world.naver.items() if work.gate}
    answers = {
        gate: get(f"{site.naver_url}/api/article/list/info?titleId={title_id}")
        for gate, title_id in gates.items()
    }

    statuses = {gate: answer[0] for gate, answer in answers.items()}
    assert statuses == {"401": 401, "403": 403, "404": 404, "login": 200}
    assert '<meta property="og:title" content="네이버">' in answers["login"][1]


def test_chapters_hiatus_and_the_end_are_shown(site):
    title_id, before = next(
        (title_id, work)
        for title_id, work in site.truth.works().items()
        if not work.finished and not work.gated
    )

    site.world.publish_chapter(title_id)
    site.world.hiatus(title_id)
    after = site.truth.works()[title_id]
    site.world.finish(title_id)

    assert (after.chapter, after.rest) == (before.chapter + 1, True)
    assert site.truth.works()[title_id].finished
    site.world.remove_work(title_id, "410")
    assert get(f"{site.naver_url}/api/article/list/info?titleId={title_id}")[0] == 410
    assert title_id not in site.truth.works()


def test_thumbnails_are_for_visitors_from_the_site(site):
    address = next(iter(site.truth.works().values())).thumbnail_url
    request = urllib.request.Request(address, headers={"referer": f"{site.naver_url}/webtoon"})

    assert get(address)[0] == 403
    with OPENER.open(request) as response:
        assert response.headers["content-type"] == "image/jpeg"
