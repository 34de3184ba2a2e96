"""Sees to it that a browser does not outlive the process that started it, however that ends.

Run as a program of its own, outside our signals' reach, and before the browser: it waits until its
standard input closes, which it does when our process ends, by kill -9 too, and then kills every
process of the browser's and deletes its folder. Those are the ones that have this folder as their
TMPDIR, and the members of the sessions that it is told of, one a line.
"""

import os
import shutil
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

TRIES = 50
PAUSE_SECONDS = 0.02


def members(sessions: set[int], folder: Path) -> list[int]:
    """The processes of these sessions (see setsid(2)), and all that have the folder.

    Zombies are left out.
    """
    ours = b"TMPDIR=" + os.fsencode(folder)
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            state, sid = fields[0], int(fields[3])
            # Chromium's crash handler takes a session of its own.
            if sid not in sessions and ours not in (entry / "environ").read_bytes().split(b"\0"):
                continue
        except OSError:  # it has just ended, or is another user's
            continue
        if state != "Z" and int(entry.name) != os.getpid():
            found.append(int(entry.name))
    return found


def clear(sessions: set[int], folder: Path) -> None:
    """Kills the processes and deletes the folder, again until nothing is left of either."""
    for _ in range(TRIES):
        left = members(sessions, folder)
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        shutil.rmtree(folder, ignore_errors=True)
        if not left and not folder.exists():
            return
        time.sleep(PAUSE_SECONDS)


def main() -> None:
    """Waits for the end of standard input; argument: the folder."""
    for which in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(which, signal.SIG_IGN)
    sessions = {int(line) for line in sys.stdin}
    clear(sessions, Path(sys.argv[1]))


if __name__ == "__main__":
    main()
