"""When jobs run: times of day in the operator's zone, as moments. A job's moments are its slots."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from tasks.settings import DAYS, TaskSettings

RETRAIN = "retrain"
REFRESH_POPULARITY = "refresh_popularity"
PRUNE = "prune"
BACKUP = "backup"
SPREAD_NEWS = "spread_news"
CRAWL_CATALOGUE = "crawl_catalogue"
CRAWL_RATINGS = "crawl_ratings"
# A job that did not run so long after its slot is missed: an operator is told.
GRACE = timedelta(minutes=30)
NEWS_MINUTES = 10  # between one spreading of news and the next


class Slots(Protocol):
    """The moments at which a job is due."""

    def next_after(self, now: datetime) -> datetime:
        """The first slot later than `now`, with the zone's offset."""

    def last_until(self, now: datetime) -> datetime:
        """The latest slot not later than `now`, with the zone's offset."""

    def fields(self) -> dict[str, str]:
        """The same as the fields of a crontab, in the zone."""


@dataclass(frozen=True, slots=True)
class Daily:
    """Once a day at `at`, local time in `zone`."""

    at: time
    zone: ZoneInfo

    def next_after(self, now: datetime) -> datetime:
        """The first slot later than `now`, with the zone's offset."""
        today = now.astimezone(self.zone).date()
        runs = (self._on(today + timedelta(days=days)) for days in range(3))
        return next(run for run in runs if run > now)

    def last_until(self, now: datetime) -> datetime:
        """The latest slot not later than `now`, with the zone's offset."""
        today = now.astimezone(self.zone).date()
        runs = (self._on(today - timedelta(days=days)) for days in range(3))
        return next(run for run in runs if run <= now)

    def fields(self) -> dict[str, str]:
        """The same as the fields of a crontab, in the zone."""
        return {"hour": str(self.at.hour), "minute": str(self.at.minute)}

    def _on(self, day: date) -> datetime:
        local = datetime.combine(day, self.at, self.zone)
        # Through UTC: a local time that the change to summer time skips becomes one that exists.
        return local.astimezone(UTC).astimezone(self.zone)


@dataclass(frozen=True, slots=True)
class Weekly:
    """On these days of the week (mon, tue, …) at `at`, local time in `zone`."""

    days: tuple[str, ...]
    at: time
    zone: ZoneInfo

    def next_after(self, now: datetime) -> datetime:
        """The first slot later than `now`, with the zone's offset."""
        daily = Daily(self.at, self.zone)
        slot = daily.next_after(now)
        while not self._has(slot):
            slot = daily.next_after(slot)
        return slot

    def last_until(self, now: datetime) -> datetime:
        """The latest slot not later than `now`, with the zone's offset."""
        daily = Daily(self.at, self.zone)
        slot = daily.last_until(now)
        while not self._has(slot):
            slot = daily.last_until(slot - timedelta(microseconds=1))
        return slot

    def fields(self) -> dict[str, str]:
        """The same as the fields of a crontab, in the zone."""
        return {
            "day_of_week": ",".join(self.days),
            "hour": str(self.at.hour),
            "minute": str(self.at.minute),
        }

    def _has(self, slot: datetime) -> bool:
        return DAYS[slot.weekday()] in self.days


@dataclass(frozen=True, slots=True)
class Hourly:
    """Once an hour, at this minute of it in `zone`."""

    minute: int
    zone: ZoneInfo

    def next_after(self, now: datetime) -> datetime:
        """The first slot later than `now`, with the zone's offset."""
        return self._moved(self.last_until(now), timedelta(hours=1))

    def last_until(self, now: datetime) -> datetime:
        """The latest slot not later than `now`, with the zone's offset."""
        local = now.astimezone(self.zone)
        slot = self._moved(
            local.replace(second=0, microsecond=0),
            timedelta(minutes=self.minute - local.minute),
        )
        return slot if slot <= now else self._moved(slot, -timedelta(hours=1))

    def fields(self) -> dict[str, str]:
        """The same as the fields of a crontab, in the zone."""
        return {"minute": str(self.minute)}

    def _moved(self, moment: datetime, by: timedelta) -> datetime:
        # Through UTC: where clocks change, local arithmetic would skip or repeat an hour.
        return (moment.astimezone(UTC) + by).astimezone(self.zone)


@dataclass(frozen=True, slots=True)
class Often:
    """Every so many minutes, which an hour is made of, from each full hour in `zone` on."""

    minutes: int
    zone: ZoneInfo

    def next_after(self, now: datetime) -> datetime:
        """The first slot later than `now`, with the zone's offset."""
        # Through UTC: where clocks change, local arithmetic would skip or repeat an hour.
        later = self.last_until(now).astimezone(UTC) + timedelta(minutes=self.minutes)
        return later.astimezone(self.zone)

    def last_until(self, now: datetime) -> datetime:
        """The latest slot not later than `now`, with the zone's offset."""
        local = now.astimezone(self.zone)
        return local.replace(
            minute=local.minute - local.minute % self.minutes, second=0, microsecond=0
        )

    def fields(self) -> dict[str, str]:
        """The same as the fields of a crontab, in the zone."""
        return {"minute": f"*/{self.minutes}"}


def night_ends(began: datetime, settings: TaskSettings) -> datetime:
    """When a crawl that was due at `began` has to be over."""
    return Daily(settings.crawl_until, settings.timezone).next_after(began)


def schedules(settings: TaskSettings) -> dict[str, Slots]:
    """Every job that has a schedule, by name."""
    zone = settings.timezone
    return {
        RETRAIN: Daily(settings.retrain_at, zone),
        REFRESH_POPULARITY: Hourly(settings.popularity_minute, zone),
        SPREAD_NEWS: Often(NEWS_MINUTES, zone),
        PRUNE: Daily(settings.prune_at, zone),
        BACKUP: Daily(settings.backup_at, zone),
        CRAWL_CATALOGUE: Daily(settings.crawl_catalogue_at, zone),
        CRAWL_RATINGS: Weekly(settings.crawl_ratings_days, settings.crawl_ratings_at, zone),
    }
