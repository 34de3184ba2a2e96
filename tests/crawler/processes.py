"""Which processes and folders a browser has left, by its folder for temporary files."""

import os
from pathlib import Path

from tests.fakes.waiting import eventually


def belonging(folder, word=""):
    """Processes of the browsers below a folder, by id; `word`: that have it in their command.

    Those that name the folder, and all in a session with one of them.
    """
    mark, seen = os.fsencode(folder), {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal() or int(entry.name) == os.getpid():
            continue
        try:
            state, _, _, session = (entry / "stat").read_text().rpartition(")")[2].split()[:4]
            command = (entry / "cmdline").read_bytes()
            marked = mark in command or mark in (entry / "environ").read_bytes()
        except OSError:
            continue
        if state != "Z":
            seen[int(entry.name)] = session, marked, command.replace(b"\0", b" ").decode()
    sessions = {session for session, marked, _ in seen.values() if marked}
    ours = os.getsid(0)
    return {
        pid: command
        for pid, (session, marked, command) in seen.items()
        if (marked or session in sessions) and int(session) != ours and word in command
    }


def folders(folder):
    return [path.name for path in Path(folder).glob("webtoonbot-browser-*")]


def wait_until_nothing_is_left(folder):
    eventually(lambda: not belonging(folder), "the end of all processes", 15)
    eventually(lambda: not folders(folder), "the end of all folders", 15)
