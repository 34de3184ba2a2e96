"""Runs migrations over the connection that db.schema hands in."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from db import crawl_tables, reader_tables  # noqa: F401 -- for their tables
from db.tables import Base, UtcDateTime


def render(kind: str, item: object, _: AutogenContext) -> str | Literal[False]:
    """Writes our column types as plain ones: a migration must not change when our code does."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


connection: Any = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Base.metadata, render_item=render)
with context.begin_transaction():
    context.run_migrations()
