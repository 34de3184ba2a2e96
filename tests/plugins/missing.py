"""What happens to a test whose program is not installed: left out at home, a failure in CI."""

import os

import pytest


def missing(what, how):
    """Skips with the reason and the remedy; fails instead where CI=true."""
    reason = f"{what} is not installed: {how}"
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
