"""The settings of the operator's side; each is read once, in a composition root."""

from datetime import time
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from db.settings import OperatorSettings
from tasks.redis_url import RedisUrl


def _naive(value: time) -> time:
    if value.tzinfo is not None:
        raise PydanticCustomError("offset", "a time without an offset is expected, such as 03:00")
    return value


DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _days(value: object) -> object:
    if not isinstance(value, str):
        return value
    return tuple(day.strip().lower()[:3] for day in value.split(",") if day.strip())


def _known_days(days: tuple[str, ...]) -> tuple[str, ...]:
    if not days or not set(days) <= set(DAYS):
        raise PydanticCustomError("days", "days such as mon,thu are expected")
    return tuple(day for day in DAYS if day in days)


TimeOfDay: TypeAlias = Annotated[time, AfterValidator(_naive)]


class TaskSettings(OperatorSettings):
    """Where the jobs' broker, models and backups are, when each job runs, and what is kept."""

    redis_url: RedisUrl = SecretStr("redis://127.0.0.1:6379/0")
    model_dir: Path = Path("var/models")
    retrain_at: TimeOfDay = time(3)
    backup_at: TimeOfDay = time(4)
    prune_at: TimeOfDay = time(4, 30)
    popularity_minute: Annotated[int, Field(ge=0, le=59)] = 10  # of each hour
    crawl_catalogue_at: TimeOfDay = time(0, 30)
    crawl_ratings_at: TimeOfDay = time(1, 30)
    crawl_ratings_days: Annotated[
        tuple[str, ...], NoDecode, BeforeValidator(_days), AfterValidator(_known_days)
    ] = ("mon",)
    crawl_until: TimeOfDay = time(6, 30)  # when the night is over for crawls
    backup_dir: Path = Path("var/backups")
    keep_backups: Annotated[int, Field(ge=1)] = 7
    keep_models: Annotated[int, Field(ge=1)] = 10  # beside the active one
    metrics_port: Annotated[int, Field(ge=0, le=65535)] = 0  # 0: no metrics
    metrics_host: str = "127.0.0.1"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["console", "json"] = "console"


class RunSettings(BaseSettings):
    """Which bots `webtoonctl run` starts: those that have a token."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", env_ignore_empty=True)

    telegram_token: SecretStr | None = None
    discord_token: SecretStr | None = None
