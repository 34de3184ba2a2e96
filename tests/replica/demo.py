"""From page to card: crawls the replica with our own programs, trains, and recommends.

`make demo-crawl` runs it. All works, people and stars here are invented; no site is asked.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
HOME = ROOT / "var" / "demo-crawl"
PROGRAM = Path(sys.executable).with_name("webtoonctl")
USERS, TITLES = 150, 60


def main():
    shutil.rmtree(HOME, ignore_errors=True)
    HOME.mkdir(parents=True)
    with replica() as urls:
        environment = {
            **os.environ,
            "DATABASE_URL": f"sqlite:///{HOME}/webtoonbot.db",
            "MODEL_DIR": str(HOME / "models"),
            "NAVER_URL": urls["naver"],
            "WATCHA_URL": urls["watcha"],
            "CRAWL_USER_KEY": "only for this demo",
            "CRAWL_DELAY_SECONDS": "0",  # the site is ours
        }
        say(f"A replica of both sites runs on this machine: {TITLES} works, {USERS} people.")
        run(environment, "db", "upgrade")
        run(environment, "crawl", "naver")
        run(environment, "crawl", "watcha")
        run(environment, "train")
        run(environment, "recommend", *favourites(environment))
        run(environment, "report", "--to", str(HOME / "report"))


@contextmanager
def replica():
    """The URLs of a running replica, which ends with the context."""
    command = [sys.executable, "-m", "tests.replica", "--seed", "1"]
    command += ["--users", str(USERS), "--titles", str(TITLES)]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, encoding="utf-8")
    try:
        yield json.loads(server.stdout.readline())
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()
        server.stdout.close()


def run(environment, *arguments):
    """Runs one of the operator's commands where it can be watched; ends with it if it fails."""
    say(f"\n$ webtoonctl {' '.join(arguments)}")
    done = subprocess.run([PROGRAM, *arguments], env=environment, cwd=HOME)
    if done.returncode:
        sys.exit(done.returncode)


def favourites(environment):
    """The keys of the two works that most people rated: what our reader shall like."""
    command = [PROGRAM, "match", "--all", "--json"]
    found = subprocess.run(command, env=environment, cwd=HOME, capture_output=True, check=True)
    return [row["work"] for row in json.loads(found.stdout) if row["work"]][:2]


def say(line):
    print(line, flush=True)


if __name__ == "__main__":
    main()
