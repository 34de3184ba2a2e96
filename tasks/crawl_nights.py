"""Crawls that nobody watches: in the night if they are due then, else as long as a task may."""

from datetime import timedelta

from crawler.settings import CrawlerSettings
from db.settings import load
from tasks import crawl_jobs
from tasks.configuration import LONGEST_CRAWL
from tasks.crawl_jobs import Bounds
from tasks.errors import NothingToDo
from tasks.records import Ended, Recording
from tasks.schedule import night_ends
from tasks.settings import TaskSettings

# To note what came, to match works, and to end a browser.
TO_END = timedelta(minutes=15)


def crawl(recording: Recording, name: str, settings: TaskSettings) -> Ended:
    """Crawls the source until the night ends, or skips it and says why.

    Raises Busy, AlreadyDone and Unreachable.
    """
    crawling = load(CrawlerSettings)
    if reason := crawl_jobs.why_off(crawling, name):
        return crawl_jobs.skipped(recording, name, crawling, reason)
    now = recording.clock()
    deadline = now + LONGEST_CRAWL - TO_END
    due = recording.occasion.scheduled_for
    if due is not None:
        deadline = min(deadline, night_ends(due, settings))
        if now >= deadline:
            reason = f"It was due at {due:%H:%M}, and the night for crawling is over."
            return crawl_jobs.skipped(recording, name, crawling, reason)
    try:
        return crawl_jobs.crawl(recording, name, crawling, Bounds(deadline=deadline)).ended
    except NothingToDo as nothing:
        return crawl_jobs.skipped(recording, name, crawling, str(nothing))
