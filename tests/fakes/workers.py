"""Worker processes that tests start, stall, and kill."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from tests.fakes.waiting import SECONDS, eventually

ROOT = Path(__file__).parents[2]


class Worker:
    """A worker process, in a group of its own, that can be told to stall (see stalling_worker)."""

    def __init__(self, folder, environment, *options, stall_at=None, alone=True):
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self._log = folder / "worker.log"
        self._seen = self._log.stat().st_size if self._log.exists() else 0
        if not (folder / "gate").exists():
            os.mkfifo(folder / "gate")
        if stall_at:
            self.stall_at(stall_at)
        command = [sys.executable, "-m", "celery", "-A", "tests.fakes.stalling_worker", "worker"]
        command += ["--pool", "prefork", "--concurrency", "1", "--loglevel", "INFO"]
        command += ["--hostname", f"{folder.name}@%h", *options]
        if alone:  # it need not look for others, which takes a second
            command += ["--without-mingle", "--without-gossip"]
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                cwd=folder,
                env=environment | {"STALL_IN": str(folder), "PYTHONPATH": str(ROOT)},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def log(self):
        """What this process has said."""
        with self._log.open("rb") as file:
            file.seek(self._seen)
            return file.read().decode()

    def says(self, word):
        """Waits until its log has `word`."""
        return self._wait(lambda: word in self.log(), f"{word!r} in the log")

    def stall_at(self, phase):
        """The next retraining stands still in this phase."""
        (self.folder / "stalled").unlink(missing_ok=True)
        (self.folder / "phase").write_text(phase)

    def stalled(self):
        """Waits until a retraining stands still; the number of the process that does it."""
        self._wait(self.stands_still, "a stalled retraining")
        return int((self.folder / "stalled").read_text())

    def stands_still(self):
        """Whether a retraining stood still since it was told to."""
        return (self.folder / "stalled").exists()

    def go_on(self):
        """Lets the retraining that stands still go on."""
        os.close(os.open(self.folder / "gate", os.O_WRONLY))

    def kill(self):
        """Kills the worker and its pool, unless they are gone."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def _wait(self, condition, what):
        def reached():
            assert self.process.poll() is None, self.log()
            return condition()

        try:
            return eventually(reached, what, SECONDS)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.log()}") from None
