"""Waiting for what comes about elsewhere: in another process, in a thread, in a database.

Whoever is told of a change waits for that; this is for the rest, where one can only look again.
"""

import asyncio
import time
from contextlib import asynccontextmanager, suppress

from sqlalchemy import text

SECONDS = 60.0
_LOOKS_AGAIN_SECONDS = 0.02


def eventually(condition, what, seconds=SECONDS):
    """What `condition` returns once that is true; fails when that takes so many seconds."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        _in_time(end, what, seconds)
        time.sleep(_LOOKS_AGAIN_SECONDS)
    return found


async def eventually_async(condition, what, seconds=SECONDS):
    """The same beside a running event loop; `condition` is called in a thread of its own."""
    end = time.monotonic() + seconds
    while not (found := await asyncio.to_thread(condition)):
        _in_time(end, what, seconds)
        await asyncio.sleep(_LOOKS_AGAIN_SECONDS)
    return found


@asynccontextmanager
async def meanwhile(work):
    """A task that does this beside the test, and is cancelled in the end if it was not before."""
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        if not task.cancelling():
            task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def blocked(database):
    """Whether one transaction waits for another, on PostgreSQL."""
    with database.read() as session:
        return session.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted"))


def _in_time(end, what, seconds):
    assert time.monotonic() < end, f"{what} did not come about within {seconds:g} seconds"
