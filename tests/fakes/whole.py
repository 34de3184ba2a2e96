"""A `webtoonctl run` that tests start, ask how it is, and end."""

import json
import os
import signal
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import redis
from celery import Celery
from kombu.exceptions import OperationalError

from db import jobs
from db.engine import Database
from tasks import redis_server

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


class Running:
    """A `webtoonctl run` in a home of its own, with Valkey on this port."""

    def __init__(self, home, port, **environment):
        self.home, self.port = home, port
        self.redis_url = redis_server.url(port)
        self.database = Database(home.database_url)
        self.process = home.start(
            "webtoonctl", "run", "--redis-port", str(port), LOG_FORMAT="json", **environment
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for group in self.groups():
            for pid in members(group):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        self.database.close()

    def log(self):
        return self.home.log("run")

    def started(self, program=None):
        """The ids of the processes that this program had, in order; of all of them if None."""
        lines = self.log().splitlines(keepends=True)
        # The last one may be half written.
        events = [json.loads(line) for line in lines if line[0] == "{" and line[-1] == "\n"]
        return [
            event["pid"]
            for event in events
            if event["event"] == "started"
            and "program" in event
            and program in (None, event["program"])
        ]

    def groups(self):
        """The process groups that it began: one for each process that it started."""
        return self.started()

    def up(self):
        """The workers' names, once both answer and beat was started."""
        assert self.process.poll() is None, self.log()
        names = self.answering()
        return names if self.started("beat") and len(names) == 2 else None

    def answering(self):
        """The workers that answer a ping."""
        try:
            with self.client() as client:
                return {name for answer in client.control.ping(timeout=0.5) for name in answer}
        except (OSError, OperationalError, redis.RedisError):
            return set()

    @contextmanager
    def client(self):
        """Whoever sends tasks; a new one each time, as Valkey is killed now and then."""
        with Celery(broker=self.redis_url, set_as_current=False) as client:
            yield client

    def ran(self, job):
        """The runs of this job that ended."""
        with self.database.read() as session:
            return [run for run in jobs.since(session, LONG_AGO) if run.name == job and run.outcome]


def members(group):
    """The living processes of a process group."""
    return [pid for pid, its_group in _living() if its_group == group]


def inhabitants(folder):
    """The living processes that work in this folder, or in one in it."""
    found = []
    for pid, _ in _living():
        with suppress(OSError):  # it is gone by now, or somebody else's
            if Path(f"/proc/{pid}/cwd").readlink().is_relative_to(folder):
                found.append(pid)
    return found


def _living():
    """(process, its group) of all processes that are not yet to be buried."""
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(FileNotFoundError, ProcessLookupError):
            state, _, group, *_ = entry.read_text().rpartition(")")[2].split()
            if state != "Z":
                yield int(entry.parent.name), int(group)
