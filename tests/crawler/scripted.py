"""A site that answers by a script, in time that passes only when somebody waits."""

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from crawler.fetching import Answer, NoAnswer
from crawler.manners import HostState, Manners
from crawler.politeness import Visitor

HOST = "127.0.0.1:8000"
SITE = f"http://{HOST}"
BEGAN = datetime(2026, 11, 25, 12, tzinfo=UTC)
PAGE = "<html><body><main>a page</main></body></html>"


class FakeTime:
    """The time, from BEGAN on; `waits` are the seconds that were slept."""

    def __init__(self):
        self.moment, self.waits = BEGAN, []

    def now(self):
        return self.moment

    def sleep(self, seconds):
        assert seconds > 0
        self.waits.append(seconds)
        self.pass_(seconds)

    def pass_(self, seconds):
        self.moment += timedelta(seconds=seconds)

    @property
    def since(self):
        """Seconds since BEGAN."""
        return (self.moment - BEGAN).total_seconds()


def said(status=200, text=PAGE, takes=0.1, **more):
    """What one request gets, after so many seconds."""
    return takes, Answer(SITE, status, text, **more)


def silence(takes=20.0, why="it does not answer"):
    return takes, NoAnswer(why)


class Scene:
    """The site, its visitors, and what they remember.

    `pages[path]` are the answers to the requests for a path, of which the last one stays; a path
    that is missing gets a page. `asked` are (path, began, ended) in seconds since BEGAN, and
    "more" is the path of a scroll.
    """

    def __init__(self):
        self.time, self.states, self.asked = FakeTime(), {}, []
        self.pages = {"/robots.txt": [said(404, "")]}

    def visitor(self, **manners):
        """A new visitor with the same memory, as a new run has it."""
        return Visitor(
            fetcher=self,
            plain=self,
            manners=Manners(**{"hosts": frozenset({HOST})} | manners),
            time=self.time,
            recall=lambda host: self.states.get(host, HostState(host)),
            remember=lambda state: self.states.update({state.host: state}),
            rng=random.Random(1),
        )

    @property
    def paths(self):
        return [path for path, _, _ in self.asked]

    @property
    def gaps(self):
        """Seconds between the end of each request and the beginning of the next."""
        times = [(began, ended) for _, began, ended in self.asked]
        return [after[0] - before[1] for before, after in pairwise(times)]

    @property
    def state(self):
        return self.states[HOST]

    # What a Fetcher is

    def fetch(self, url):
        return self._answer(url.removeprefix(SITE))

    def more(self):
        return self._answer("more")

    def close(self):
        pass

    def _answer(self, path):
        script = self.pages.get(path, [said()])
        takes, answer = script.pop(0) if len(script) > 1 else script[0]
        began = self.time.since
        self.time.pass_(takes)
        self.asked.append((path, began, self.time.since))
        if isinstance(answer, Exception):
            raise answer
        return answer


def text(answer):
    """The simplest way to read a page."""
    return answer.text
