"""What is shown of an address: where it leads, and nothing secret."""

import pytest

from bot.addresses import shown


@pytest.mark.parametrize(
    ("url", "seen"),
    [
        ("https://discord.com/api/v10", "https://discord.com/api/v10"),
        ("https://discord.com/api/@me", "https://discord.com/api/@me"),
        ("https://h/?to=//me@x", "https://h/?to=//me@x"),
        ("http://me:pass@word@proxy:8080/@me", "http://***@proxy:8080/@me"),
        ("user:secret@proxy:8080/api", "***"),
        ("ftp://me:secret@host/v10", "***"),
        ("http://me:sec/ret@proxy/api", "***"),  # what is before the / is no port
        ("a-token-set-in-the-wrong-place", "***"),
        ("", "***"),
    ],
)
def test_a_host_is_shown_and_neither_who_asks_it_nor_what_is_no_address(url, seen):
    assert shown(url) == seen
