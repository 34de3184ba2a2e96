"""Where the bots' parts are made and put together; nowhere else makes an engine or a client."""

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.conversation.context import Kept
from bot.conversation.events import Platform
from bot.duty import Duty
from bot.hearing import Hearing
from bot.serving import Serving
from bot.settings import BotSettings
from db import inbox, schema
from db.engine import Database
from db.errors import Unreachable
from db.settings import DatabaseSettings, OperatorSettings, load

if TYPE_CHECKING:  # a chat in a terminal is measured by nobody
    from bot.metrics import Metrics

# A reader would rather be told to try again than wait the half minute that a job may.
_WAIT_SECONDS = 2.0


def now() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(UTC)


@contextmanager
def hearing(
    settings: BotSettings,
    platform: Platform = Platform.TERMINAL,
    *,
    metrics: "Metrics | None" = None,
) -> Iterator[Hearing]:
    """The synchronous core over the configured database and models, closed at the end.

    A bot, unlike somebody's chat in a terminal, also has its duties to the operators. Raises
    InvalidSettings, BadUrl, Unreachable or WrongSchema.
    """
    operators = load(OperatorSettings)
    url = load(DatabaseSettings).database_url.get_secret_value()
    database = Database(url, wait_seconds=_WAIT_SECONDS, statement_seconds=2 * _WAIT_SECONDS)
    serving = Serving(database, settings.model_dir, now, operators.admins)
    name = f"{platform.value}@{socket.gethostname()}"
    duty = Duty(database, serving, now, name=name, operators=operators)
    # Closed in this order: each waits a moment for a thread that may be in the database.
    with closing(database), closing(serving), closing(duty):
        schema.require_head(database)
        serving.refresh()
        with suppress(Unreachable), database.write() as session:  # if not now, then next time
            inbox.prune(session, now())
        serving.watch()
        if platform is not Platform.TERMINAL:
            duty.start()
        if metrics is not None:
            metrics.watch(lambda: serving.library)
        count = metrics.heard if metrics else None
        kept = Kept(operators.keep_days, operators.keep_readers_days)
        yield Hearing(
            database,
            serving,
            now,
            admins=operators.admins,
            zone=operators.timezone,
            count=count,
            sent=metrics.sent if metrics else None,
            kept=kept,
        )
