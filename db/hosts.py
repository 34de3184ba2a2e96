"""How hosts are treated, across runs: pages fetched today, pauses they asked for, blocks."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.crawl_tables import CrawlHost


@dataclass(frozen=True, slots=True)
class HostRow:
    """What is known of a host; `day` (ISO 8601, UTC) is when `pages` were fetched."""

    host: str
    day: str
    pages: int = 0
    paused_until: datetime | None = None
    stopped_at: datetime | None = None
    stopped_because: str | None = None


def get(session: Session, host: str) -> HostRow | None:
    """What is known of the host."""
    row = session.get(CrawlHost, host)
    return _host(row) if row else None


def every(session: Session) -> list[HostRow]:
    """All hosts that were ever visited, by name."""
    return [_host(row) for row in session.scalars(select(CrawlHost).order_by(CrawlHost.host))]


def put(session: Session, known: HostRow) -> None:
    """Remembers this of the host, in place of what was known."""
    session.merge(
        CrawlHost(
            host=known.host,
            day=known.day,
            pages=known.pages,
            paused_until=known.paused_until,
            stopped_at=known.stopped_at,
            stopped_because=known.stopped_because,
        )
    )


def _host(row: CrawlHost) -> HostRow:
    return HostRow(
        row.host, row.day, row.pages, row.paused_until, row.stopped_at, row.stopped_because
    )
