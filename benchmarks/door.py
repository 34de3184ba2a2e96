"""Start of `webtoonbot telegram` until it polls, and the memory of that process when it serves.

Run with `python benchmarks/door.py` (Linux). The process is the real one, on a demo database of
its own; Telegram is the local server that the tests use.
"""

import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.fakes.telegram_server import TelegramServer
from tests.plugins.doors import Home, start_telegram, stopped

RUNS = 5
RECOMMENDATIONS = 10


def main() -> None:
    """Prints seconds until the first getUpdates and megabytes after some slates."""
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        done = home.run("webtoonctl", "demo")
        if done.returncode:
            sys.exit(done.stderr)
        homes = [Home(Path(shutil.copytree(home.folder, f"{folder}-{n}"))) for n in range(RUNS)]
        seconds, megabytes = zip(*(one(copy) for copy in homes), strict=True)
        for copy in homes:
            shutil.rmtree(copy.folder)
    print(f"start until polling: {statistics.median(seconds):.2f} s (max {max(seconds):.2f} s)")
    print(f"memory while serving: {statistics.median(megabytes):.0f} MB (max {max(megabytes):.0f})")
    print(f"median of {RUNS} runs; memory is the process's peak resident set after a like and")
    print(f"{RECOMMENDATIONS} slates")


def one(home: Home) -> tuple[float, float]:
    """One run of the process: seconds, megabytes."""
    with TelegramServer() as server:
        reader = server.user("Mina", language="ko")
        began = time.monotonic()
        with stopped(start_telegram(home, server)) as process:
            server.wait_for_calls("getUpdates", timeout=30)
            seconds = time.monotonic() - began
            server.say(reader, "/like 신의 탑")
            for slate in range(RECOMMENDATIONS):
                server.say(reader, "추천")
                server.wait_for_message(reader, 1 + 3 * (slate + 1), timeout=60)
            status = Path(f"/proc/{process.pid}/status").read_text()
        peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return seconds, int(peak.split()[1]) / 1024


if __name__ == "__main__":
    main()
