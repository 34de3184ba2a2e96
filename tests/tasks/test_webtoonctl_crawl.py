"""`webtoonctl crawl`: what an operator can ask of it, and what they are told."""

import pytest

from tests.plugins.crawls import KEY, Crawls, hashed, paths, require_chromium, settings_for
from tests.plugins.lived_in import contents
from tests.replica import Replica
from tests.tasks.conftest import sqlite_only

pytestmark = sqlite_only

COUNTS = [
    "pages",
    "visits",
    "new",
    "changed",
    "same",
    "gone",
    "incomplete",
    "gated",
    "login_required",
    "failed",
    "refused",
    "drift",
    "disallowed",
    "waited_seconds",
    "remaining",
    "through",
    "matched",
    "review",
    "notes",
]


@pytest.fixture
def webtoonctl(operator, site, monkeypatch):
    """The command line, set up to crawl the replica at full speed."""
    monkeypatch.setenv("NAVER_URL", site.naver_url)
    monkeypatch.setenv("WATCHA_URL", site.watcha_url)
    monkeypatch.setenv("CRAWL_USER_KEY", KEY)
    monkeypatch.setenv("CRAWL_DELAY_SECONDS", "0")
    for name in ("CRAWL_LIVE_HOSTS", "CRAWL_CONTACT", "CRAWL_ROBOTS", "CRAWL_PAGES_A_DAY"):
        monkeypatch.delenv(name, raising=False)
    return operator


def test_it_says_what_it_did_and_the_numbers_add_up(webtoonctl, site, database):
    done = webtoonctl("crawl", "naver")

    works = len(site.truth.works())
    assert (done.code, done.err.count("wants a login")) == (0, 3)
    lines = done.out.splitlines()
    assert lines[0].startswith(f"{len(site.log)} pages fetched, {len(site.log) - 1} places visited")
    assert lines[1].startswith(f"Rows: {works} new, ")
    assert lines[2].startswith("Places: ")
    ended = [int(part.split()[0]) for part in lines[2].removeprefix("Places: ").split(", ")]
    assert sum(ended) == len(site.log) - 1
    assert len(contents(database)["webtoon"]) == works


def test_as_json_it_tells_what_its_record_keeps(webtoonctl, database):
    told = webtoonctl("crawl", "naver", "--json").json

    assert list(told) == [*COUNTS, "ended"]
    assert (told["through"], told["ended"], told["remaining"]) == (True, None, 0)
    (run,) = contents(database)["job_run"]
    assert run["name"] == "crawl_catalogue"
    assert run["counts"] == {name: told[name] for name in COUNTS}


def test_a_dry_run_asks_no_site_and_writes_nothing(webtoonctl, site, database):
    webtoonctl("crawl", "naver")
    before = contents(database)
    site.reset_log()

    shown = webtoonctl("crawl", "watcha", "--dry-run")
    told = webtoonctl("crawl", "watcha", "--dry-run", "--json").json

    works = len(site.truth.works())
    assert shown.out == (
        f"Would visit on {site.watcha_url}: {works} search; what they lead to comes on top.\n"
        "At 0 s or more a page that is 0 minutes or more; 5000 pages are left for today.\n"
    )
    assert told == {
        "url": site.watcha_url,
        "due": {"search": works},
        "delay_seconds": 0.0,
        "pages_left_today": 5000,
        "paused_until": None,
        "stopped_because": None,
        "dry_run": True,
    }
    assert site.log == []
    assert contents(database) == before


def test_a_limit_leaves_the_rest_for_the_next_run(webtoonctl, site):
    first = webtoonctl("crawl", "naver", "--limit", 3)
    second = webtoonctl("crawl", "naver")

    assert (first.code, second.code) == (0, 0)
    assert "The limit of 3 pages is reached. " in first.err
    assert " pages are left for the next run." in first.err
    asked = paths(site, "/api/")
    assert len(asked) == len(set(asked))


def test_since_leaves_alone_what_was_visited_later_and_nothing_else(webtoonctl, site):
    webtoonctl("crawl", "naver")
    everything = len(site.log)
    site.reset_log()

    webtoonctl("crawl", "naver", "--since", "1h")
    fresh = len(site.log)
    webtoonctl("crawl", "naver", "--since", "0m")

    assert (fresh, len(site.log)) == (0, everything)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("elsewhere",), "one of naver, watcha is expected"),
        (("naver", "--since", "lately"), "or a time ago (7d, 12h) is expected"),
        (("naver", "--limit", "0"), "Input should be greater than or equal to 1"),
        ((), "Missing argument 'SOURCE'"),
    ],
)
def test_what_it_does_not_understand_is_wrong_usage(webtoonctl, site, arguments, sentence):
    done = webtoonctl("crawl", *arguments)

    assert done.code == 2
    assert sentence in " ".join(done.err.replace("│", " ").split())
    assert site.log == []


@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_live_sites_are_off_until_they_are_named(webtoonctl, monkeypatch, database, more):
    monkeypatch.delenv("WATCHA_URL")
    before = contents(database)

    done = webtoonctl("crawl", "watcha", *more)

    assert done.code == 2
    assert done.err == (
        "The live site pedia.watcha.com is off: to switch it on, set "
        "CRAWL_LIVE_HOSTS=pedia.watcha.com (its robots.txt is obeyed; Watcha's disallows /api, "
        "which leaves 9 ratings of each list, and more needs Watcha's permission).\n"
    )
    assert contents(database) == before


def test_a_live_site_has_to_know_whom_to_ask(webtoonctl, monkeypatch):
    monkeypatch.delenv("NAVER_URL")
    monkeypatch.setenv("CRAWL_LIVE_HOSTS", "comic.naver.com")

    done = webtoonctl("crawl", "naver")

    assert done.code == 2
    assert "set CRAWL_CONTACT to an address or a page of yours." in done.err


def test_without_a_key_nobody_s_ratings_are_read(webtoonctl, monkeypatch, site):
    monkeypatch.delenv("CRAWL_USER_KEY")
    webtoonctl("crawl", "naver")
    site.reset_log()

    done = webtoonctl("crawl", "watcha")

    assert done.code == 2
    assert done.err == (
        "The setting CRAWL_USER_KEY is missing: people who rate are stored as a hash with this "
        "key, so choose a long secret and keep it.\n"
    )
    assert site.log == []


def test_without_works_there_is_nothing_to_search_for(webtoonctl, site):
    done = webtoonctl("crawl", "watcha")

    assert done.code == 1
    assert done.err == "There are no works yet: crawl naver, or import a catalogue, first.\n"
    assert site.log == []


def test_a_block_ends_it_with_1_and_only_resume_goes_on(webtoonctl, site):
    site.fault("naver", "/api/*", "waf", times=1)
    host = site.naver_url.removeprefix("http://")

    first = webtoonctl("crawl", "naver")
    site.reset_log()
    second = webtoonctl("crawl", "naver")
    plan = webtoonctl("crawl", "naver", "--dry-run")
    asked = paths(site)
    status = webtoonctl("status", "--json").json
    third = webtoonctl("crawl", "naver", "--resume")

    assert (first.code, second.code, third.code) == (1, 1, 0)
    assert f"{host} answers with 403 and does not want us" in first.err
    assert "webtoonctl crawl with --resume tries again" in second.err
    assert "it would not begin without --resume." in plan.err
    assert asked == []
    assert [alert["key"] for alert in status["alerts"]] == ["crawl_catalogue.blocked"]
    assert webtoonctl("status", "--json").json["alerts"] == []


def test_the_budget_of_a_day_ends_it_with_1(webtoonctl, monkeypatch, site):
    monkeypatch.setenv("CRAWL_PAGES_A_DAY", "5")

    first = webtoonctl("crawl", "naver")
    second = webtoonctl("crawl", "naver")

    assert (first.code, second.code, len(site.log)) == (1, 1, 5)
    assert "5 pages of 127.0.0.1" in first.err
    assert "were fetched today, and no more may be" in second.err


def test_a_site_that_is_crawled_already_is_not_crawled_by_two(webtoonctl, database, site):
    from db import locks

    with locks.held(database, "crawl_catalogue"):
        done = webtoonctl("crawl", "naver")

    assert done.code == 1
    assert done.err == "The job crawl_catalogue is running already: wait until it has ended.\n"
    assert site.log == []


def test_lists_that_robots_txt_cuts_short_are_said_so(operator, database, passing, monkeypatch):
    require_chromium()
    with Replica(seed=1, users=6, titles=12) as site:
        site.robots("watcha", "recorded")
        crawls = Crawls(database, passing, settings_for(site))
        crawls.run("naver")
        monkeypatch.setenv("WATCHA_URL", site.watcha_url)
        monkeypatch.setenv("CRAWL_USER_KEY", KEY)
        monkeypatch.setenv("CRAWL_DELAY_SECONDS", "0")

        done = operator("crawl", "watcha", "--limit", 14)

        (run,) = [run for run in crawls.rows("job_run") if run["name"] == "crawl_ratings"]
        assert done.code == 0
        assert run["counts"]["incomplete"] > 0
        assert run["counts"]["disallowed"] >= run["counts"]["incomplete"]
        assert f", {run['counts']['incomplete']} incomplete, " in done.out
        assert (
            f"{run['counts']['disallowed']} requests that pages would have made themselves were "
            "kept in: robots.txt disallows them, so those lists end after their first rows."
        ) in done.err
        assert paths(site, "/api/contents") == paths(site, "/api/users") == []
        assert set() < crawls.ratings() < hashed(site.truth.ratings())
