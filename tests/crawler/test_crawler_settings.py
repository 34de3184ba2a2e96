"""The crawler's settings, as they come from the environment."""

import pytest
from pydantic import ValidationError

from crawler.settings import CrawlerSettings


@pytest.fixture
def settings(monkeypatch):
    """Settings from these variables alone."""
    for name in CrawlerSettings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)

    def read(**variables):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return CrawlerSettings(_env_file=None)

    return read


def test_nothing_live_is_on_and_all_is_polite_without_a_setting(settings):
    found = settings()

    assert found.crawl_live_hosts == frozenset()
    assert (found.naver_url, found.watcha_url) == (
        "https://comic.naver.com",
        "https://pedia.watcha.com",
    )
    assert (found.crawl_robots, found.crawl_delay_seconds) == ("strict", 2.0)
    assert (found.crawl_contact, found.crawl_user_key, found.selenium_url) == (None, None, None)


def test_hosts_are_a_list_with_commas(settings):
    found = settings(CRAWL_LIVE_HOSTS=" Comic.Naver.com,pedia.watcha.com, ,")

    assert found.crawl_live_hosts == {"comic.naver.com", "pedia.watcha.com"}


def test_an_empty_variable_is_none(settings):
    found = settings(CRAWL_LIVE_HOSTS="", CRAWL_CONTACT="", CRAWL_DELAY_SECONDS="")

    assert (found.crawl_live_hosts, found.crawl_contact) == (frozenset(), None)


def test_a_site_needs_no_slash_at_its_end(settings):
    assert settings(NAVER_URL="http://127.0.0.1:8000/").naver_url == "http://127.0.0.1:8000"


def test_secrets_are_not_shown(settings):
    found = settings(CRAWL_USER_KEY="sesame", SELENIUM_URL="http://me:sesame@grid:4444")

    assert "sesame" not in repr(found)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NAVER_URL", "comic.naver.com"),
        ("NAVER_URL", "ftp://comic.naver.com"),
        ("NAVER_URL", "http://"),
        ("NAVER_URL", "http://[oh"),
        ("NAVER_URL", "http://comic.naver.com:port"),
        ("WATCHA_URL", "https://pedia.watcha.com/?a=b"),
        ("CRAWL_LIVE_HOSTS", "https://comic.naver.com"),
        ("CRAWL_LIVE_HOSTS", "comic.naver.com pedia.watcha.com"),
        ("CRAWL_LIVE_HOSTS", "me@comic.naver.com"),
        ("CRAWL_CONTACT", "김@example.org"),
        ("CRAWL_CONTACT", "me@example.org\nX-Header: 1"),
        ("CRAWL_DELAY_SECONDS", "-1"),
        ("CRAWL_DELAY_SECONDS", "nan"),
        ("CRAWL_DELAY_SECONDS", "inf"),
        ("CRAWL_PAGES_A_DAY", "0"),
        ("CRAWL_ROBOTS", "off"),
    ],
)
def test_what_cannot_be_meant_is_refused(settings, name, value):
    with pytest.raises(ValidationError):
        settings(**{name: value})
