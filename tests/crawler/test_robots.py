"""What robots.txt lets us fetch, as Protego reads it and we keep it."""

from datetime import timedelta

import pytest

from crawler.fetching import Answer, NoAnswer
from crawler.robots import LONGEST_DELAY_SECONDS, Robots, RobotsShelf
from tests.crawler.scripted import BEGAN, SITE, FakeTime

LIST = f"{SITE}/ko-KR/users/aB3dE6g/contents/webtoons/ratings"


def rules(text, status=200):
    return Robots.of(Answer(f"{SITE}/robots.txt", status, text), BEGAN)


def test_our_own_name_goes_before_everybodys():
    robots = rules("User-agent: *\nDisallow: /\n\nUser-agent: webtoonbot\nDisallow: /api\n")

    assert robots.allows(f"{SITE}/a")
    assert not robots.allows(f"{SITE}/api/a")


def test_rules_for_others_are_no_rules_for_us():
    assert rules("User-agent: GPTBot\nDisallow: /\n").allows(f"{SITE}/a")


def test_the_longer_rule_wins():
    robots = rules(
        "User-agent: *\nDisallow: /*/users/*/contents\n"
        "Allow: /*/users/*/contents/webtoons/ratings$\n"
    )

    assert robots.allows(LIST)
    assert not robots.allows(f"{LIST}?page=2")


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_rules_hold_whatever_editor_wrote_them(mark, end):
    robots = rules(mark + end.join(["User-agent: *", "Disallow: /api", ""]))

    assert not robots.allows(f"{SITE}/api/a")


def test_rules_beyond_half_a_mebibyte_are_not_read():
    robots = rules("User-agent: *\nDisallow: /api\n" + "#" * 600_000 + "\nDisallow: /late\n")

    assert not robots.allows(f"{SITE}/api")
    assert robots.allows(f"{SITE}/late")


@pytest.mark.parametrize("text", ["", "nothing of the kind", "<!doctype html><p>hello", "\0\x01"])
def test_what_holds_no_rule_allows_everything(text):
    assert rules(text).allows(f"{SITE}/a")


def test_a_refusal_names_the_path_without_its_query():
    reason = rules("User-agent: *\nDisallow: /api").why_not(f"{SITE}/api/users?user=kim")

    assert reason == "robots.txt disallows /api/users"


@pytest.mark.parametrize(("status", "reason"), [(500, "answers 500"), (302, "answers 302")])
def test_an_ill_robots_txt_says_so(status, reason):
    assert rules("", status).why_not(f"{SITE}/a") == f"its robots.txt {reason}"


@pytest.mark.parametrize(
    ("delay", "seconds"),
    [
        ("3", 3),
        ("0.5", 0.5),
        ("soon", 0),
        ("-3", 0),
        ("nan", 0),
        ("inf", 0),
        ("1e300", LONGEST_DELAY_SECONDS),
    ],
)
def test_a_crawl_delay_is_a_finite_number_of_seconds(delay, seconds):
    assert rules(f"User-agent: *\nCrawl-delay: {delay}\n").delay_seconds == seconds


def test_each_origin_has_rules_of_its_own():
    texts = {"http://a/robots.txt": "User-agent: *\nDisallow: /", "http://b/robots.txt": ""}
    shelf = RobotsShelf(lambda url: Answer(url, 200, texts[url]), FakeTime().now)

    assert not shelf.of("http://a/x").allows("http://a/x")
    assert shelf.of("http://b/x").allows("http://b/x")


def test_a_robots_txt_that_did_not_answer_is_asked_for_again_after_half_an_hour():
    time, asked = FakeTime(), []

    def fetch(url):
        asked.append(url)
        raise NoAnswer("it hangs")

    shelf = RobotsShelf(fetch, time.now)
    first = shelf.of(SITE)
    time.moment += timedelta(minutes=30) - timedelta(seconds=1)
    second = shelf.of(SITE)
    time.moment += timedelta(seconds=1)
    shelf.of(SITE)

    assert first.why_not(SITE) == "its robots.txt does not answer: it hangs"
    assert first is second
    assert asked == [f"{SITE}/robots.txt"] * 2


def test_asking_for_what_is_known_fetches_nothing():
    shelf = RobotsShelf(lambda _: pytest.fail("it fetches"), FakeTime().now)

    assert shelf.known(SITE) is None
