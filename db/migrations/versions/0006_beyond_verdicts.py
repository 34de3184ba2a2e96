"""What readers do beyond verdicts: link accounts, follow works, import lists, read together."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_MADE = (
    "party_member",
    "party",
    "import_batch",
    "news",
    "work_event",
    "follow",
    "reader_link",
    "link_try",
    "link_code",
)


def upgrade() -> None:
    """Adds nine tables, and what readers, accounts, verdicts and letters are to say more."""
    op.create_table(
        "follow",
        sa.Column("reader_id", sa.Integer(), nullable=False),
        sa.Column("webtoon_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["reader_id"],
            ["reader.id"],
            name=op.f("fk_follow_reader_id_reader"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["webtoon_id"], ["webtoon.id"], name=op.f("fk_follow_webtoon_id_webtoon")
        ),
        sa.PrimaryKeyConstraint("reader_id", "webtoon_id", name=op.f("pk_follow")),
    )
    op.create_index(op.f("ix_follow_webtoon_id"), "follow", ["webtoon_id"], unique=False)
    op.create_table(
        "import_batch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reader_id", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rows", sa.JSON(), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["reader_id"],
            ["reader.id"],
            name=op.f("fk_import_batch_reader_id_reader"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_batch")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_import_batch_reader_id"), "import_batch", ["reader_id"], unique=False)
    op.create_table(
        "link_code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reader_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_by", sa.Integer(), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["reader_id"],
            ["reader.id"],
            name=op.f("fk_link_code_reader_id_reader"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["taken_by"],
            ["reader.id"],
            name=op.f("fk_link_code_taken_by_reader"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link_code")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_link_code_reader_id"), "link_code", ["reader_id"], unique=False)
    op.create_index(op.f("ix_link_code_taken_by"), "link_code", ["taken_by"], unique=False)
    op.create_index("uq_link_code_digest", "link_code", ["digest"], unique=True)
    op.create_table(
        "link_try",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reader_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["reader_id"],
            ["reader.id"],
            name=op.f("fk_link_try_reader_id_reader"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link_try")),
    )
    op.create_index("ix_link_try_reader_id_at", "link_try", ["reader_id", "at"], unique=False)
    op.create_table(
        "party",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("chat_id", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_party")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_party_platform_chat_id", "party", ["platform", "chat_id"], unique=False)
    op.create_table(
        "reader_link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reader_id", sa.Integer(), nullable=False),
        sa.Column("former_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("before", sa.JSON(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["reader_id"],
            ["reader.id"],
            name=op.f("fk_reader_link_reader_id_reader"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reader_link")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_reader_link_former_id"), "reader_link", ["former_id"], unique=False)
    op.create_index(op.f("ix_reader_link_reader_id"), "reader_link", ["reader_id"], unique=False)
    op.create_table(
        "work_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("webtoon_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("spread_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["webtoon_id"], ["webtoon.id"], name=op.f("fk_work_event_webtoon_id_webtoon")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_event")),
    )
    op.create_index(op.f("ix_work_event_spread_at"), "work_event", ["spread_at"], unique=False)
    op.create_index(op.f("ix_work_event_webtoon_id"), "work_event", ["webtoon_id"], unique=False)
    op.create_table(
        "news",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reader_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("letter_id", sa.Integer(), nullable=True),
        sa.Column("doubt", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"],
            ["work_event.id"],
            name=op.f("fk_news_event_id_work_event"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["reader_id"], ["reader.id"], name=op.f("fk_news_reader_id_reader"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_news")),
    )
    op.create_index(op.f("ix_news_event_id"), "news", ["event_id"], unique=False)
    op.create_index("ix_news_letter_id_due_at", "news", ["letter_id", "due_at"], unique=False)
    op.create_index("uq_news_reader_id_key", "news", ["reader_id", "key"], unique=True)
    op.create_table(
        "party_member",
        sa.Column("party_id", sa.Integer(), nullable=False),
        sa.Column("reader_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["party_id"],
            ["party.id"],
            name=op.f("fk_party_member_party_id_party"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["reader_id"],
            ["reader.id"],
            name=op.f("fk_party_member_reader_id_reader"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("party_id", "reader_id", name=op.f("pk_party_member")),
    )
    op.create_index(op.f("ix_party_member_reader_id"), "party_member", ["reader_id"], unique=False)
    op.add_column("account", sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("account", sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "feedback", sa.Column("ignored", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column("reader", sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("reader", sa.Column("alerts", sa.Text(), nullable=True))
    op.add_column("reader", sa.Column("alerts_to", sa.Text(), nullable=True))
    op.add_column("reader", sa.Column("zone", sa.Text(), nullable=True))
    op.add_column("reader", sa.Column("quiet_from", sa.Integer(), nullable=True))
    op.add_column("reader", sa.Column("quiet_until", sa.Integer(), nullable=True))
    op.add_column(
        "reader", sa.Column("weekly", sa.Boolean(), server_default=sa.true(), nullable=False)
    )
    # Ids of letters that were deleted must not come again: who sent the one would note the other.
    whole = {"sqlite_autoincrement": True}
    with op.batch_alter_table("outbox", table_kwargs=whole) as outbox:
        outbox.add_column(sa.Column("reader_id", sa.Integer(), nullable=True))
        outbox.add_column(sa.Column("reply", sa.Text(), nullable=True))
        outbox.add_column(
            sa.Column("to_chat", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
        outbox.add_column(
            sa.Column("topic", sa.Text(), server_default=sa.text("''"), nullable=False)
        )
        outbox.add_column(
            sa.Column("once", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
        outbox.add_column(sa.Column("sending_at", sa.DateTime(timezone=True), nullable=True))
        outbox.create_foreign_key(
            op.f("fk_outbox_reader_id_reader"), "reader", ["reader_id"], ["id"], ondelete="CASCADE"
        )
        outbox.create_index(op.f("ix_outbox_reader_id"), ["reader_id"])


def downgrade() -> None:
    """Takes it all away again; letters to readers, which nothing could deliver then, too."""
    op.execute("DELETE FROM outbox WHERE reader_id IS NOT NULL")
    with op.batch_alter_table("outbox") as outbox:
        outbox.drop_index(op.f("ix_outbox_reader_id"))
        outbox.drop_constraint(op.f("fk_outbox_reader_id_reader"), type_="foreignkey")
        for name in ("sending_at", "once", "topic", "to_chat", "reply", "reader_id"):
            outbox.drop_column(name)
    op.drop_column("feedback", "ignored")
    for name in ("closed_at", "seen_at"):
        op.drop_column("account", name)
    for name in (
        "weekly",
        "quiet_until",
        "quiet_from",
        "zone",
        "alerts_to",
        "alerts",
        "seen_at",
    ):
        op.drop_column("reader", name)
    for table in _MADE:
        op.drop_table(table)
