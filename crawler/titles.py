"""Titles and names made comparable: what differs between two sites is mostly not a letter."""

import unicodedata


def normal(title: str) -> str:
    """Only the letters and digits of a title, composed and without case; all of it if none."""
    composed = unicodedata.normalize("NFKC", title).casefold()
    return "".join(char for char in composed if char.isalnum()) or "".join(composed.split())
