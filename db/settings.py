"""The DATABASE_URL setting, and how any process says that a setting is wrong."""

from typing import TypeVar

from pydantic import SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

S = TypeVar("S", bound=BaseSettings)


class InvalidSettings(Exception):
    """A setting is wrong or missing; the message is one sentence for an operator."""


class DatabaseSettings(BaseSettings):
    """Where the data is."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", env_ignore_empty=True)

    database_url: SecretStr = SecretStr("sqlite:///var/webtoonbot.db")  # it may hold a password


def load(settings: type[S]) -> S:
    """The settings of one package, from the environment or .env.

    Raises InvalidSettings with one sentence that names the setting and never shows its value.
    """
    try:
        return settings()
    except UnicodeDecodeError:
        raise InvalidSettings("The file .env is not UTF-8 text.") from None
    except ValidationError as invalid:
        first = invalid.errors(include_url=False, include_input=False)[0]
        name = "_".join(str(part) for part in first["loc"][:1]).upper()
        message = f"The setting {name} is wrong: {first['msg']}."
        raise InvalidSettings(message) from None
