"""What can go wrong below the queries.

DatabaseError
├── BadUrl            DATABASE_URL cannot be understood
├── Unreachable       the database is locked, gone, or refuses us
│   └── Deadlocked    as it was waiting for somebody who waited for it
├── WrongSchema       the tables are older or newer than this code
└── DanglingKeys      rows that were put back point at rows that are not there
"""


class DatabaseError(Exception):
    """The root of the family; the message is one sentence for an operator."""


class BadUrl(DatabaseError):
    """DATABASE_URL cannot be understood."""


class Unreachable(DatabaseError):
    """The database is locked, gone, or refuses us; nothing was written."""


class WrongSchema(DatabaseError):
    """The tables are older or newer than this code."""


class DanglingKeys(DatabaseError):
    """Rows that were put back point at rows that are not there."""


class Deadlocked(Unreachable):
    """Two transactions waited for each other; this one was given up, and can be done once more."""
