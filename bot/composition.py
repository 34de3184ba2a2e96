"""Where the bots' parts are made and put together; nowhere else makes an engine or a client."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

from bot.hearing import Hearing
from bot.serving import Serving
from bot.settings import BotSettings
from db import inbox, schema
from db.engine import Database
from db.errors import Unreachable
from db.settings import DatabaseSettings, load

# A reader would rather be told to try again than wait the half minute that a job may.
_WAIT_SECONDS = 2.0
# No platform delivers anything again after this long.
_KEPT = timedelta(days=7)


def now() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(UTC)


@contextmanager
def hearing(settings: BotSettings, *, watch: bool = True) -> Iterator[Hearing]:
    """The synchronous core over the configured database and models, closed at the end.

    Raises InvalidSettings, BadUrl, Unreachable or WrongSchema.
    """
    url = load(DatabaseSettings).database_url.get_secret_value()
    database = Database(url, wait_seconds=_WAIT_SECONDS, statement_seconds=2 * _WAIT_SECONDS)
    serving = Serving(database, settings.model_dir, now)
    try:
        schema.require_head(database)
        serving.refresh()
        with suppress(Unreachable), database.write() as session:  # if not now, then next time
            inbox.prune(session, now() - _KEPT)
        if watch:
            serving.watch()
        yield Hearing(database, serving, now)
    finally:
        serving.close()
        database.close()
