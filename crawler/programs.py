"""The browser and its driver, if this machine has them; nothing here loads Selenium."""

import shutil
from collections.abc import Callable

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
DRIVERS = ("chromedriver", "chromium.chromedriver")

Which = Callable[[str], str | None]


def installed(programs: tuple[str, ...], which: Which = shutil.which) -> str | None:
    """Where the first of these programs is that is installed; None if none is."""
    return next(filter(None, map(which, programs)), None)
