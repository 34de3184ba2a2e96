"""The settings of what comes in from outside; read once, in a composition root."""

from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, model_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from crawler.hosts import LIVE_DELAY_SECONDS


def _names(value: object) -> object:
    if not isinstance(value, str):
        return value
    return frozenset(name.strip().lower() for name in value.split(",") if name.strip())


def _site(value: str) -> str:
    parts = urlsplit(value)
    whole = parts.hostname and parts.port != 0  # a port that is no number is an error, too
    if parts.scheme not in ("http", "https") or not whole or parts.query:
        raise PydanticCustomError("site", "an address such as https://comic.naver.com is expected")
    return value.rstrip("/")


def _hosts(names: frozenset[str]) -> frozenset[str]:
    if any("/" in name or "@" in name or " " in name for name in names):
        raise PydanticCustomError("hosts", "names such as comic.naver.com are expected")
    return names


Site = Annotated[str, AfterValidator(_site)]


class CrawlerSettings(BaseSettings):
    """Which sites are crawled and how; people behind ratings are known by a keyed hash only."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", env_ignore_empty=True)

    naver_url: Site = "https://comic.naver.com"
    watcha_url: Site = "https://pedia.watcha.com"
    crawl_live_hosts: Annotated[
        frozenset[str], NoDecode, BeforeValidator(_names), AfterValidator(_hosts)
    ] = frozenset()
    crawl_contact: str | None = None  # whom a site can ask about us: an address or a page
    crawl_user_key: SecretStr | None = None
    crawl_delay_seconds: Annotated[float, Field(ge=0, le=3600)] = LIVE_DELAY_SECONDS
    crawl_pages_a_day: Annotated[int, Field(ge=1)] = 5_000  # of one host
    crawl_robots: Literal["strict", "navigation"] = "strict"
    selenium_url: SecretStr | None = None  # it may hold a password

    @model_validator(mode="after")
    def _latin(self) -> Self:
        contact = self.crawl_contact or ""
        if not (contact.isascii() and contact.isprintable()):
            # It travels in a header.
            message = "CRAWL_CONTACT has to be one line of plain ASCII"
            raise PydanticCustomError("contact", message)
        return self
