"""Whether a database is ready to use, asked without loading SQLAlchemy or Alembic.

`make chat` asks it on every start, and loading both to hear "yes" takes two of the three seconds
that a start may take.
"""

import sqlite3
from pathlib import Path

PREFIX = "sqlite:///"
READY = """
SELECT (SELECT max(version_num) FROM alembic_version),
       EXISTS (SELECT 1 FROM webtoon),
       (SELECT id FROM model WHERE state = 'active')
"""


def ready(url: str, model_dir: Path) -> bool:
    """True if tables are up to date, there are works, and the active model has its folder.

    False means "look closer": also for any other kind of database, and whenever in doubt.
    """
    path = url.removeprefix(PREFIX)
    if path == url:
        return False
    try:
        if not Path(path).is_file():
            return False
        # Not read-only: SQLite may have to recover what a killed process left in the WAL.
        connection = sqlite3.connect(path, timeout=1)
        try:
            revision, works, model = connection.execute(READY).fetchone()
        finally:
            connection.close()
        trained = bool(model) and (model_dir / model / "manifest.json").is_file()
    except (sqlite3.Error, OSError):  # the latter of a folder that we may not enter
        return False
    return bool(works) and trained and revision == newest()


def newest() -> str:
    """The revision this code is written for; a test holds it against Alembic's own word."""
    # Migrations are files named after their revision: 0001_first_tables.py.
    names = (Path(__file__).parent / "migrations" / "versions").glob("[0-9]*_*.py")
    return max((path.name.partition("_")[0] for path in names), default="")
