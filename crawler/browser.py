"""Pages as a headless Chromium shows them, scrolled where more of a list is wanted."""

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from urllib.parse import unquote, urlsplit

from selenium import webdriver
from selenium.common.exceptions import TimeoutException, WebDriverException
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.proxy import Proxy, ProxyType
from selenium.webdriver.remote.client_config import ClientConfig
from urllib3.exceptions import HTTPError

from crawler import guard
from crawler.errors import NoBrowser
from crawler.fetching import Answer, NoAnswer, Rules
from crawler.programs import BROWSERS, DRIVERS, installed
from crawler.wire import Asked, Wire

PAGES = 150  # and scrolls; then a new browser takes over: they grow
LOAD_SECONDS = 25.0
COMMAND_SECONDS = 40
SHOWN_SECONDS = 1.0  # in which we hear of a page that the driver has loaded
MORE_SECONDS = 20.0  # for what scrolling asks for
BEGIN_SECONDS = 0.7  # in which a scrolled page begins to ask, if it does
DRAWN_SECONDS = 1.0  # in which it shows what came
POLL_SECONDS = 0.01
PREFIX = "webtoonbot-browser-"
_STATUS = "return performance.getEntriesByType('navigation')[0]?.responseStatus ?? 0"
# What is read of a page: its head's metadata and its body, without scripts and drawings.
_PAGE = """
const copy = document.documentElement.cloneNode(true);
for (const node of copy.querySelectorAll('script, style, noscript, link, svg')) node.remove();
return copy.outerHTML;
"""
# To the end of the document and of whatever else scrolls; up a little first, so that a list that
# stopped at its end is moved.
_SCROLL = """
const all = [document.scrollingElement, ...document.querySelectorAll('*')].filter(
  (node) => node && node.scrollHeight > node.clientHeight + 40
    && (node === document.scrollingElement
        || /auto|scroll/.test(getComputedStyle(node).overflowY)));
for (const node of all) node.scrollTop = Math.max(0, node.scrollTop - 60);
requestAnimationFrame(() => {
  for (const node of all) node.scrollTop = node.scrollHeight;
  window.dispatchEvent(new Event('scroll'));
});
"""
_SIZE = "return document.documentElement.innerHTML.length"


@dataclass(slots=True)
class _Running:
    """One browser, and who sees to its end."""

    driver: webdriver.Remote
    wire: Wire
    service: Service | None  # None: a Selenium server has the browser
    guard: "subprocess.Popen[bytes] | None"
    pages: int = 0


class BrowserFetcher:
    """One headless Chromium at a time, started when first needed and renewed now and then."""

    def __init__(
        self,
        agent: str,
        *,
        remote: str | None = None,
        pages: int = PAGES,
        arguments: tuple[str, ...] = (),
    ) -> None:
        """Prepares; `remote` is a Selenium server's URL, `arguments` are Chromium's."""
        self._agent, self._remote, self._pages = agent, remote, pages
        self._arguments = arguments
        self._rules: Rules | None = None
        self._running: _Running | None = None

    def obey(self, rules: Rules) -> None:
        """Has `rules` decide on each request that a page makes."""
        self._rules = rules

    def fetch(self, url: str) -> Answer:
        """The page at `url` once it is loaded. Raises NoAnswer and NoBrowser."""
        if self._running and self._running.pages >= self._pages:
            self.close()
        running = self._running or self._start()
        running.pages += 1
        try:
            running.wire.begin(document=True)
            self._get(running, url)
            traffic = running.wire.traffic()
            if traffic.document_refused:
                return Answer(url, 0, "", refused=traffic.document_refused)
            if traffic.moved:
                return Answer(url, 302, "", location=traffic.moved)
            # An answer that is no document, such as a 204, leaves the last one where it is.
            shown = running.wire.shows(SHOWN_SECONDS)
            status = int(running.driver.execute_script(_STATUS)) if shown else 0
            text = str(running.driver.execute_script(_PAGE))
            retry = traffic.document_retry_after
        except (WebDriverException, HTTPError, OSError, NoAnswer) as error:
            raise self._broken(error) from error
        if not status:
            raise NoAnswer("the page did not load")
        return Answer(url, status, text, retry_after=retry)

    def more(self) -> Answer:
        """The page after scrolling to its end, with the status of what that made it ask for."""
        running = self._running
        if running is None:
            message = "the browser is gone"
            raise NoAnswer(message)
        running.pages += 1
        try:
            running.wire.begin(document=False)
            before = running.driver.execute_script(_SIZE)
            running.driver.execute_script(_SCROLL)
            asked = running.wire.settled(MORE_SECONDS, BEGIN_SECONDS)
            traffic = running.wire.traffic()
            if traffic.data_refused:
                return Answer("", 0, "", refused=traffic.data_refused, requested=False)
            worst = max(traffic.data, key=lambda answer: answer[0], default=(200, None))
            if asked is Asked.ANSWERED and worst[0] == 200:
                self._await_change(running, before)
            text = str(running.driver.execute_script(_PAGE))
        except (WebDriverException, HTTPError, OSError, NoAnswer) as error:
            raise self._broken(error) from error
        if asked is Asked.IN_VAIN:
            raise NoAnswer(asked.value)
        requested = asked is Asked.ANSWERED
        return Answer("", worst[0], text, retry_after=worst[1], requested=requested)

    def rest(self) -> None:
        """Ends the browser; the next page starts another."""
        self.close()

    def close(self) -> None:
        """Ends the browser, its processes and its folder."""
        running, self._running = self._running, None
        if running is None:
            return
        running.wire.close()
        _quit(running.driver, running.service, running.guard)

    # -- one browser

    def _get(self, running: _Running, url: str) -> None:
        try:
            running.driver.get(url)
        except TimeoutException:
            raise
        except WebDriverException as error:
            # A page that we did not let out shows as an error of the network's.
            traffic = running.wire.traffic()
            if traffic.document_refused is None and traffic.moved is None:
                raise NoAnswer(_clause(error)) from error

    def _await_change(self, running: _Running, before: int) -> None:
        end = monotonic() + DRAWN_SECONDS
        while running.driver.execute_script(_SIZE) == before and monotonic() < end:
            sleep(POLL_SECONDS)

    def _broken(self, error: Exception) -> NoAnswer:
        """Ends a browser that cannot be trusted any more; the next page gets a new one."""
        self.close()
        return error if isinstance(error, NoAnswer) else NoAnswer(_clause(error))

    def _start(self) -> _Running:
        if self._rules is None:
            message = "a browser needs rules before it may start"
            raise RuntimeError(message)
        driver, service, watcher = (
            self._start_remote(self._remote) if self._remote else self._start_here()
        )
        try:
            driver.set_page_load_timeout(LOAD_SECONDS)
            driver.set_script_timeout(COMMAND_SECONDS)
            wire = Wire(_debugger(driver), self._rules)
        except (WebDriverException, HTTPError, NoAnswer) as error:
            _quit(driver, service, watcher)
            raise NoBrowser(f"The browser cannot be watched: {_clause(error)}.") from error
        self._running = _Running(driver, wire, service, watcher)
        return self._running

    def _start_here(self) -> "tuple[webdriver.Remote, Service, subprocess.Popen[bytes]]":
        program, driver_program = installed(BROWSERS), installed(DRIVERS)
        if not program or not driver_program:
            raise NoBrowser(
                "There is no Chromium with its driver: apt-get install chromium chromium-driver, "
                "or set SELENIUM_URL."
            )
        folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        try:
            watcher = _guarded(folder)
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise NoBrowser(f"The browser has nobody to end it: {_clause(error)}.") from error
        options = self._options(folder)
        options.binary_location = program
        service = Service(
            driver_program,
            env={**os.environ, "TMPDIR": str(folder), "HOME": str(folder)},
            popen_kw={"start_new_session": True},  # its processes are told by their session
        )
        try:
            service.start()
            _watch(watcher, service.process.pid)
            driver: webdriver.Remote = webdriver.Remote(
                service.service_url,
                options=options,
                client_config=_client_here(service.service_url),
            )
        except (WebDriverException, HTTPError, OSError) as error:
            service.stop()
            _end(watcher)
            raise NoBrowser(f"The browser does not start: {_clause(error)}.") from error
        return driver, service, watcher

    def _start_remote(self, url: str) -> "tuple[webdriver.Remote, None, None]":
        try:
            options, config = self._options(None), _client_there(url)
            driver = webdriver.Remote(
                config.remote_server_addr, options=options, client_config=config
            )
        except (WebDriverException, HTTPError, OSError) as error:
            message = f"The browser at SELENIUM_URL does not start: {_clause(error)}."
            raise NoBrowser(message) from error
        return driver, None, None

    def _options(self, folder: Path | None) -> Options:
        options = Options()
        options.page_load_strategy = "normal"
        for argument in (
            "--headless=new",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-extensions",
            "--mute-audio",
            "--window-size=1100,900",
            "--accept-lang=ko-KR,ko",
            "--blink-settings=imagesEnabled=false",
            "--no-proxy-server",
            f"--user-agent={self._agent}",
            *self._arguments,
        ):
            options.add_argument(argument)
        # 2: nothing is fetched, nor connected to, because a page might want it soon.
        options.add_experimental_option("prefs", {"net.network_prediction_options": 2})
        if folder is not None:
            options.add_argument(f"--user-data-dir={folder / 'profile'}")
            options.add_argument(f"--disk-cache-dir={folder / 'cache'}")
            if os.geteuid() == 0:  # Chromium's sandbox does not work for root
                options.add_argument("--no-sandbox")
        return options


def _client_here(url: str) -> ClientConfig:
    """For a driver of ours: not through a proxy that the machine may have for other things."""
    direct = Proxy({"proxyType": ProxyType.DIRECT})
    return ClientConfig(remote_server_addr=url, timeout=COMMAND_SECONDS, proxy=direct)


def _client_there(url: str) -> ClientConfig:
    """For a server, whose name and password may stand in its URL."""
    parts = urlsplit(url)
    bare = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    return ClientConfig(
        remote_server_addr=bare,
        timeout=COMMAND_SECONDS,
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )


def _debugger(driver: webdriver.Remote) -> str:
    """Where the browser's debugger listens: on this machine, or through a Selenium server."""
    capabilities: dict[str, Any] = driver.capabilities
    if remote := capabilities.get("se:cdp"):
        return str(remote)
    return str(capabilities["goog:chromeOptions"]["debuggerAddress"])


def _guarded(folder: Path) -> "subprocess.Popen[bytes]":
    """A process that ends all whose TMPDIR is `folder` once ours has ended, however that ends."""
    return subprocess.Popen(  # noqa: S603 -- our own program
        [sys.executable, "-ISB", guard.__file__, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _watch(watcher: "subprocess.Popen[bytes]", session: int) -> None:
    """Has a guard look after this session of processes, too: some hide their environment."""
    assert watcher.stdin is not None  # noqa: S101 -- it was made with a pipe
    watcher.stdin.write(f"{session}\n".encode())
    watcher.stdin.flush()


def _quit(
    driver: webdriver.Remote,
    service: Service | None,
    watcher: "subprocess.Popen[bytes] | None",
) -> None:
    with suppress(WebDriverException, HTTPError, OSError):
        driver.quit()
    if service is not None:
        service.stop()
    _end(watcher)


def _end(watcher: "subprocess.Popen[bytes] | None") -> None:
    """Has the guard clear up, and waits until it has."""
    if watcher is None:
        return
    assert watcher.stdin is not None  # noqa: S101 -- it was made with a pipe
    watcher.stdin.close()
    watcher.wait()


def _clause(error: Exception) -> str:
    """The first line of an error, as a clause."""
    text = getattr(error, "msg", None) or str(error) or type(error).__name__
    return urlsafe(text.strip().splitlines()[0].rstrip("."))


def urlsafe(text: str) -> str:
    """A message of the browser's without the addresses in it: they may name a person."""
    return " ".join(
        urlsplit(word).scheme + "://…" if "://" in word else word for word in text.split()
    )
