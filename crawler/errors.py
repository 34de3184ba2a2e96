"""What can go wrong while items are fetched or read.

CrawlerError
└── UnreadableFile    a file is missing, binary, in no known encoding, or not the table expected
"""


class CrawlerError(Exception):
    """The root of the family; the message is one sentence for an operator."""


class UnreadableFile(CrawlerError):
    """A file is missing, binary, in no known encoding, or not the table that was expected."""
