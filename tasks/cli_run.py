"""webtoonctl run: everything on this machine, until it is told to end."""

import signal
import sys
from typing import Annotated

import typer

from tasks.cli_common import opened

LOCK = "run"


def run(
    redis_port: Annotated[
        int,
        typer.Option(
            min=1, max=65535, help="Where the embedded Valkey listens, unless REDIS_URL is set."
        ),
    ] = 6379,
) -> None:
    """Run everything on this machine.

    Brings the tables up to date, then runs the bots that have a token, the workers, beat, and a
    Valkey server of its own unless REDIS_URL names one. What dies is started again; admins are
    told of what does not live. Ctrl-C or SIGTERM ends it all within half a minute, and a second
    time at once; a job that was killed by that is done after the next start.
    """
    import asyncio  # noqa: PLC0415 -- all of these take a while to load

    from db import locks, schema  # noqa: PLC0415
    from db.settings import DatabaseSettings, load  # noqa: PLC0415
    from tasks.errors import RunsAlready  # noqa: PLC0415
    from tasks.logs import configure  # noqa: PLC0415
    from tasks.settings import RunSettings, TaskSettings  # noqa: PLC0415
    from tasks.supervisor import supervise  # noqa: PLC0415

    settings, doors = load(TaskSettings), load(RunSettings)
    for which in (signal.SIGTERM, signal.SIGINT):
        signal.signal(which, lambda *_: sys.exit(0))  # until there is something to end
    with opened(checked=False) as database, locks.held(database, LOCK) as mine:
        if not mine:
            raise RunsAlready
        schema.upgrade(database)  # before there is a log: Alembic has much to say in one
        configure(settings, load(DatabaseSettings).database_url.get_secret_value())
        asyncio.run(supervise(database, settings, doors, redis_port=redis_port))
