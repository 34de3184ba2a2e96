"""The settings of the operator's side; each is read once, in a composition root."""

from datetime import time
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, SecretStr
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict


def _naive(value: time) -> time:
    if value.tzinfo is not None:
        raise PydanticCustomError("offset", "a time without an offset is expected, such as 03:00")
    return value


def _redis(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().startswith(("redis://", "rediss://", "unix://")):
        raise PydanticCustomError("redis_url", "redis://host:port/number is expected")
    return value


class TaskSettings(BaseSettings):
    """Where the jobs' broker and models are, and when the nightly job runs."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", env_ignore_empty=True)

    redis_url: Annotated[SecretStr, AfterValidator(_redis)] = SecretStr("redis://127.0.0.1:6379/0")
    model_dir: Path = Path("var/models")
    timezone: ZoneInfo = ZoneInfo("Asia/Seoul")
    retrain_at: Annotated[time, AfterValidator(_naive)] = time(3)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["console", "json"] = "console"
