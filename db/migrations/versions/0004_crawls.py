"""What the crawls need: their frontier, what sites say, and works that are gone."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def _moment(name: str, *, nullable: bool) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    """Adds six tables, and when a work went."""
    op.add_column("webtoon", _moment("gone_at", nullable=True))
    op.create_table(
        "webtoon_detail",
        sa.Column("webtoon_id", sa.Integer(), nullable=False),
        sa.Column("synopsis", sa.Text(), nullable=True),
        sa.Column("age", sa.Integer(), nullable=True),
        sa.Column("hiatus", sa.Boolean(), nullable=True),
        sa.Column("up", sa.Boolean(), nullable=True),
        sa.Column("latest_number", sa.Integer(), nullable=True),
        sa.Column("latest_title", sa.Text(), nullable=True),
        _moment("latest_at", nullable=True),
        sa.Column("thumbnail_url", sa.Text(), nullable=True),
        sa.Column("gated", sa.Boolean(), nullable=True),
        _moment("seen_at", nullable=True),
        _moment("read_at", nullable=True),
        sa.ForeignKeyConstraint(
            ["webtoon_id"],
            ["webtoon.id"],
            name=op.f("fk_webtoon_detail_webtoon_id_webtoon"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("webtoon_id", name=op.f("pk_webtoon_detail")),
    )
    op.create_table(
        "foreign_work",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("authors", sa.JSON(), nullable=False),
        sa.Column("platforms", sa.JSON(), nullable=False),
        sa.Column("outlinks", sa.JSON(), nullable=False),
        sa.Column("webtoon_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("matched_by", sa.Text(), nullable=True),
        _moment("seen_at", nullable=False),
        _moment("read_at", nullable=True),
        _moment("gone_at", nullable=True),
        sa.ForeignKeyConstraint(
            ["webtoon_id"], ["webtoon.id"], name=op.f("fk_foreign_work_webtoon_id_webtoon")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_foreign_work")),
    )
    op.create_index("uq_foreign_work_source_code", "foreign_work", ["source", "code"], unique=True)
    op.create_index(op.f("ix_foreign_work_state"), "foreign_work", ["state"], unique=False)
    op.create_index(
        op.f("ix_foreign_work_webtoon_id"), "foreign_work", ["webtoon_id"], unique=False
    )
    op.create_table(
        "crawled_rating",
        sa.Column("rater", sa.Text(), nullable=False),
        sa.Column("work_id", sa.Integer(), nullable=False),
        sa.Column("half_stars", sa.Integer(), nullable=False),
        _moment("first_seen_at", nullable=False),
        _moment("seen_at", nullable=False),
        _moment("gone_at", nullable=True),
        sa.ForeignKeyConstraint(
            ["work_id"], ["foreign_work.id"], name=op.f("fk_crawled_rating_work_id_foreign_work")
        ),
        sa.PrimaryKeyConstraint("rater", "work_id", name=op.f("pk_crawled_rating")),
    )
    op.create_index(op.f("ix_crawled_rating_work_id"), "crawled_rating", ["work_id"], unique=False)
    op.create_table(
        "crawled_rating_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rater", sa.Text(), nullable=False),
        sa.Column("work_id", sa.Integer(), nullable=False),
        sa.Column("before", sa.Integer(), nullable=True),
        sa.Column("after", sa.Integer(), nullable=True),
        _moment("at", nullable=False),
        sa.ForeignKeyConstraint(
            ["work_id"],
            ["foreign_work.id"],
            name=op.f("fk_crawled_rating_event_work_id_foreign_work"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crawled_rating_event")),
    )
    for column in ("at", "work_id"):
        op.create_index(
            op.f(f"ix_crawled_rating_event_{column}"),
            "crawled_rating_event",
            [column],
            unique=False,
        )
    op.create_table(
        "frontier",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("personal", sa.Boolean(), nullable=False),
        _moment("found_at", nullable=False),
        _moment("due_at", nullable=True),
        _moment("visited_at", nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("strikes", sa.Integer(), nullable=False),
        sa.Column("struck_by", sa.BigInteger(), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_frontier")),
    )
    op.create_index(
        "uq_frontier_source_kind_key", "frontier", ["source", "kind", "key"], unique=True
    )
    op.create_index("ix_frontier_source_due_at", "frontier", ["source", "due_at"], unique=False)
    op.create_table(
        "crawl_host",
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        _moment("paused_until", nullable=True),
        _moment("stopped_at", nullable=True),
        sa.Column("stopped_because", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("host", name=op.f("pk_crawl_host")),
    )


def downgrade() -> None:
    """Takes it all away again."""
    for table in (
        "crawl_host",
        "frontier",
        "crawled_rating_event",
        "crawled_rating",
        "foreign_work",
        "webtoon_detail",
    ):
        op.drop_table(table)
    op.drop_column("webtoon", "gone_at")
