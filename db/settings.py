"""The settings that both doors need, and how any process says that a setting is wrong."""

import re
from typing import Annotated, TypeVar
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

S = TypeVar("S", bound=BaseSettings)


class InvalidSettings(Exception):
    """A setting is wrong or missing; the message is one sentence for an operator."""


class DatabaseSettings(BaseSettings):
    """Where the data is."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", env_ignore_empty=True)

    database_url: SecretStr = SecretStr("sqlite:///var/webtoonbot.db")  # it may hold a password


PLATFORMS = ("telegram", "discord")
_USER_ID = re.compile(r"[0-9]{1,20}")  # isdecimal would take every script's digits


def _addresses(value: object) -> object:
    if not isinstance(value, str):
        return value
    pairs = (pair.strip().partition(":") for pair in value.split(",") if pair.strip())
    return tuple((platform.strip().lower(), user.strip()) for platform, _, user in pairs)


def _reachable(admins: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    if all(platform in PLATFORMS and _USER_ID.fullmatch(user) for platform, user in admins):
        return admins
    raise PydanticCustomError("admins", "telegram:123,discord:456 is expected")


class OperatorSettings(BaseSettings):
    """Who runs the bots, and where: alerts go to these accounts, and `/ops` answers only them.

    And for how long what readers leave is kept: jobs delete it, and bots tell readers so.
    """

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", env_ignore_empty=True)

    admins: Annotated[
        tuple[tuple[str, str], ...],
        NoDecode,
        BeforeValidator(_addresses),
        AfterValidator(_reachable),
    ] = ()
    timezone: ZoneInfo = ZoneInfo("Asia/Seoul")
    keep_days: Annotated[int, Field(ge=30)] = 365  # cards, what no longer stands, runs, alerts
    keep_readers_days: Annotated[int, Field(ge=0)] = 730  # who do not speak; 0: for ever


def load(settings: type[S]) -> S:
    """The settings of one package, from the environment or .env.

    Raises InvalidSettings with one sentence that names the setting and never shows its value.
    """
    try:
        return settings()
    except UnicodeDecodeError:
        raise InvalidSettings("The file .env is not UTF-8 text.") from None
    except OSError as error:  # root's alone, perhaps; a folder of this name is no file
        reason = (error.strerror or str(error)).lower()
        message = f"The file .env cannot be read: {reason}."
        raise InvalidSettings(message) from None
    except ValidationError as invalid:
        first = invalid.errors(include_url=False, include_input=False)[0]
        name = "_".join(str(part) for part in first["loc"][:1]).upper()
        message = f"The setting {name} is wrong: {first['msg']}."
        raise InvalidSettings(message) from None
