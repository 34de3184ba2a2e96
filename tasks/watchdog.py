"""Notices that a job did not run, whatever the reason: beat, broker, worker, or the machine."""

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from db import alerts, duties
from db.engine import Database
from db.outbox import Address
from tasks.records import missed


def look(database: Database, now: datetime, tell: Iterable[Address], zone: ZoneInfo) -> list[str]:
    """Opens an incident for each job that is late, and writes to `tell`; the jobs it is new for.

    The job's next run closes it. Raises Unreachable.
    """
    addresses = tuple(tell)
    with database.read() as session:
        late = duties.late(session, now)
    if not late:  # as nearly always: then nobody need wait for the only writer
        return []
    found = []
    with database.write() as session:
        for duty in duties.late(session, now):
            due = duty.due_at.astimezone(zone)
            message = (
                f"The job {duty.name} was due at {due:%Y-%m-%d %H:%M} ({zone.key}) "
                "and has not run: webtoonctl status shows what lives."
            )
            if alerts.open_alert(session, missed(duty.name), message, now, addresses):
                found.append(duty.name)
    return found
