"""When the nightly job runs: a time of day in the operator's zone, as moments."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Daily:
    """Once a day at `at`, local time in `zone`."""

    at: time
    zone: ZoneInfo

    def next_after(self, now: datetime) -> datetime:
        """The first run later than `now`, with the zone's offset."""
        today = now.astimezone(self.zone).date()
        runs = (self._on(today + timedelta(days=days)) for days in range(3))
        return next(run for run in runs if run > now)

    def last_until(self, now: datetime) -> datetime:
        """The latest run not later than `now`, with the zone's offset."""
        today = now.astimezone(self.zone).date()
        runs = (self._on(today - timedelta(days=days)) for days in range(3))
        return next(run for run in runs if run <= now)

    def _on(self, day: date) -> datetime:
        local = datetime.combine(day, self.at, self.zone)
        # Through UTC: a local time that the change to summer time skips becomes one that exists.
        return local.astimezone(UTC).astimezone(self.zone)
