"""What becomes of browsers: broken ones are replaced, old ones renewed, and none is left behind."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from crawler.browser import BrowserFetcher
from crawler.errors import NoBrowser
from crawler.fetching import NoAnswer
from crawler.programs import DRIVERS, installed
from crawler.setup import LOOPBACK_ONLY
from tests.crawler.conftest import AGENT
from tests.crawler.processes import belonging, folders, wait_until_nothing_is_left
from tests.crawler.serving import Pages
from tests.fakes.waiting import eventually

# A process of its own that has a browser: it says so and waits for its end.
CHILD = """
import sys
from crawler.browser import BrowserFetcher
from crawler.setup import LOOPBACK_ONLY

class Anything:
    def why_not(self, url, *, document):
        return None

fetcher = BrowserFetcher("webtoonbot/test", arguments=(LOOPBACK_ONLY,))
fetcher.obey(Anything())
print("starting", flush=True)
print(fetcher.fetch(sys.argv[1]).status, flush=True)
sys.stdin.read()
"""
# A driver that never gets ready.
DEAF = "#!/bin/sh\nexec sleep 300\n"


class Anything:
    """Rules that let everything out."""

    def why_not(self, url, *, document):
        return None


@pytest.fixture
def site():
    with Pages() as pages:
        pages.pages["/a"] = (200, {}, "<p>a page</p>")
        yield pages


@pytest.fixture
def folder(temporary):
    """A folder for temporary files, in which nothing may be left after a test."""
    with tempfile.TemporaryDirectory(prefix="b-", dir=temporary) as name:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(tempfile, "tempdir", name)
            yield Path(name)
        left = belonging(name), folders(name)
        for pid in left[0]:
            os.kill(pid, signal.SIGKILL)
        assert left == ({}, [])


@pytest.fixture
def fetcher(folder):
    fetcher = BrowserFetcher(AGENT, arguments=(LOOPBACK_ONLY,))
    fetcher.obey(Anything())
    yield fetcher
    fetcher.close()


@pytest.fixture
def child(folder, site):
    """A Python process that has, or is about to have, a browser."""

    def start(**environment):
        process = subprocess.Popen(
            [sys.executable, "-c", CHILD, f"{site.url}/a"],
            env=os.environ | {"TMPDIR": str(folder)} | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        assert process.stdout.readline() == "starting\n"
        return process

    started = []
    yield start
    for process in started:
        process.kill()
        process.communicate()


def kill(folder, word):
    """Kills the processes of the one browser there with this in their commands."""
    found = belonging(folder, word)
    assert found
    for pid in found:
        os.kill(pid, signal.SIGKILL)


def test_after_a_crash_the_next_page_comes_from_a_new_browser(fetcher, folder, site):
    # A tab, the driver, the whole browser; each in the one that took over.
    for victim in ("--type=renderer", " --port=", "--headless=new"):
        fetcher.fetch(f"{site.url}/a")
        broken = folders(folder)
        kill(folder, victim)

        with pytest.raises(NoAnswer):
            fetcher.fetch(f"{site.url}/a")
        left = belonging(folder), folders(folder)
        answer = fetcher.fetch(f"{site.url}/a")

        assert (len(broken), left) == (1, ({}, []))
        assert answer.status == 200


def test_a_crash_before_a_scroll_is_no_answer(fetcher, folder, site):
    fetcher.fetch(f"{site.url}/a")
    kill(folder, "--type=renderer")

    with pytest.raises(NoAnswer):
        fetcher.more()
    with pytest.raises(NoAnswer) as gone:
        fetcher.more()

    assert str(gone.value) == "the browser is gone"
    assert folders(folder) == []


def test_a_browser_is_renewed_after_so_many_pages_and_scrolls(folder, site):
    fetcher = BrowserFetcher(AGENT, pages=3, arguments=(LOOPBACK_ONLY,))
    fetcher.obey(Anything())
    used = []
    for _ in range(3):
        fetcher.fetch(f"{site.url}/a")
        fetcher.more()
        used += folders(folder)
    fetcher.close()
    fetcher.close()  # which is no matter

    assert len(used) == 3
    assert used[0] == used[1] != used[2]


def test_a_proxy_that_the_machine_has_is_not_used(fetcher, site, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)

    assert fetcher.fetch(f"{site.url}/a").status == 200


# Where there is none


def test_without_a_browser_the_message_says_how_to_get_one(folder, monkeypatch):
    monkeypatch.setenv("PATH", str(folder))
    fetcher = BrowserFetcher(AGENT)
    fetcher.obey(Anything())

    with pytest.raises(NoBrowser) as none:
        fetcher.fetch("http://127.0.0.1:9/")

    assert "apt-get install chromium chromium-driver" in str(none.value)


@pytest.mark.parametrize("broken", ["chromedriver", "chromium"])
def test_one_that_does_not_start_leaves_nothing(folder, monkeypatch, broken):
    program = folder / broken
    program.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    fetcher = BrowserFetcher(AGENT)
    fetcher.obey(Anything())

    with pytest.raises(NoBrowser) as none:
        fetcher.fetch("http://127.0.0.1:9/")

    assert str(none.value).startswith("The browser does not start: ")


def test_a_browser_without_rules_is_not_started(folder):
    with pytest.raises(RuntimeError):
        BrowserFetcher(AGENT).fetch("http://127.0.0.1:9/")


# A Selenium server


def test_a_browser_may_be_a_servers(folder, site):
    driver = subprocess.Popen(
        [installed(DRIVERS), "--port=0"],
        env=os.environ | {"TMPDIR": str(folder), "HOME": str(folder)},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    line = next(line for line in driver.stdout if "started successfully on port" in line)
    port = line.rstrip().rstrip(".").rpartition(" ")[2]
    sandbox = ("--no-sandbox",) if os.geteuid() == 0 else ()
    fetcher = BrowserFetcher(
        AGENT, remote=f"http://127.0.0.1:{port}", arguments=(LOOPBACK_ONLY, *sandbox)
    )
    fetcher.obey(Anything())

    status = fetcher.fetch(f"{site.url}/a").status
    fetcher.close()
    eventually(lambda: not belonging(folder, "--headless"), "the end of the browser", 15)

    assert status == 200
    assert belonging(folder, "--port=0")
    driver.terminate()
    driver.communicate()
    wait_until_nothing_is_left(folder)


def test_a_server_that_is_not_there_is_no_browser():
    fetcher = BrowserFetcher(AGENT, remote="http://me:secret@127.0.0.1:9")
    fetcher.obey(Anything())

    with pytest.raises(NoBrowser) as none:
        fetcher.fetch("http://127.0.0.1:9/")

    assert str(none.value).startswith("The browser at SELENIUM_URL does not start")
    assert "secret" not in str(none.value)


# The end of the process that had it


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_no_browser_outlives_the_process_that_started_it(child, folder, how):
    process = child()
    assert process.stdout.readline() == "200\n"
    assert len(belonging(folder, "--type=")) >= 3

    process.send_signal(how)
    process.wait(10)

    wait_until_nothing_is_left(folder)


def test_nor_does_a_driver_that_was_only_starting(child, folder):
    program = folder / "chromedriver"
    program.write_text(DEAF, encoding="utf-8")
    program.chmod(0o755)
    process = child(PATH=f"{folder}:{os.environ['PATH']}")
    eventually(lambda: belonging(folder, "sleep 300"), "the start of the driver", 15)

    process.kill()
    process.wait(10)

    wait_until_nothing_is_left(folder)


def test_a_guard_does_not_mind_the_signals_of_its_process(child, folder):
    process = child()
    assert process.stdout.readline() == "200\n"
    guards = belonging(folder, "guard.py")
    assert len(guards) == 1

    for pid in guards:
        os.kill(pid, signal.SIGTERM)
        os.kill(pid, signal.SIGINT)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(10)

    wait_until_nothing_is_left(folder)
