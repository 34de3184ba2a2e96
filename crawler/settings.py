"""The settings of what comes in from outside; read once, in a composition root."""

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class CrawlerSettings(BaseSettings):
    """How people behind imported and crawled ratings are made unrecognisable."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", env_ignore_empty=True)

    crawl_user_key: SecretStr | None = None
