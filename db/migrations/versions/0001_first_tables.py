"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Creates every table of the first version."""
    op.create_table(
        "alert",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
    )
    op.create_index(
        "uq_alert_open_key",
        "alert",
        ["key"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "inbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=True),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox")),
    )
    op.create_index(op.f("ix_inbox_answered_at"), "inbox", ["answered_at"], unique=False)
    op.create_index("uq_inbox_platform_key", "inbox", ["platform", "key"], unique=True)
    op.create_table(
        "job_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scheduled_for", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("model_id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_run")),
    )
    op.create_index(op.f("ix_job_run_name"), "job_run", ["name"], unique=False)
    op.create_table(
        "model",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("readers", sa.Integer(), nullable=False),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("metrics", sa.JSON(), nullable=False),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model")),
    )
    op.create_index(op.f("ix_model_state"), "model", ["state"], unique=False)
    op.create_index(
        "uq_model_active",
        "model",
        ["state"],
        unique=True,
        sqlite_where=sa.text("state = 'active'"),
        postgresql_where=sa.text("state = 'active'"),
    )
    op.create_table(
        "reader",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("adult", sa.Boolean(), nullable=False),
        sa.Column("trains", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reader")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "webtoon",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=True),
        sa.Column("authors", sa.JSON(), nullable=False),
        sa.Column("genres", sa.JSON(), nullable=False),
        sa.Column("keywords", sa.JSON(), nullable=False),
        sa.Column("weekdays", sa.JSON(), nullable=False),
        sa.Column("finished", sa.Boolean(), nullable=False),
        sa.Column("adult", sa.Boolean(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webtoon")),
    )
    op.create_index(op.f("ix_webtoon_updated_at"), "webtoon", ["updated_at"], unique=False)
    op.create_index(
        "uq_webtoon_source_external_id", "webtoon", ["source", "external_id"], unique=True
    )
    op.create_table(
        "account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("reader_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["reader_id"],
            ["reader.id"],
            name=op.f("fk_account_reader_id_reader"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
    )
    op.create_index(op.f("ix_account_reader_id"), "account", ["reader_id"], unique=False)
    op.create_index("uq_account_platform_user_id", "account", ["platform", "user_id"], unique=True)
    op.create_table(
        "feedback",
        sa.Column("reader_id", sa.Integer(), nullable=False),
        sa.Column("webtoon_id", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["reader_id"],
            ["reader.id"],
            name=op.f("fk_feedback_reader_id_reader"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["webtoon_id"], ["webtoon.id"], name=op.f("fk_feedback_webtoon_id_webtoon")
        ),
        sa.PrimaryKeyConstraint("reader_id", "webtoon_id", name=op.f("pk_feedback")),
    )
    op.create_table(
        "impression",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reader_id", sa.Integer(), nullable=False),
        sa.Column("webtoon_id", sa.Integer(), nullable=False),
        sa.Column("slate", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("propensity", sa.Float(), nullable=False),
        sa.Column("model_id", sa.Text(), nullable=True),
        sa.Column("shown_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("message", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["reader_id"],
            ["reader.id"],
            name=op.f("fk_impression_reader_id_reader"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["webtoon_id"], ["webtoon.id"], name=op.f("fk_impression_webtoon_id_webtoon")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_impression")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_impression_message"), "impression", ["message"], unique=False)
    op.create_index(
        "ix_impression_reader_id_shown_at", "impression", ["reader_id", "shown_at"], unique=False
    )
    op.create_index(op.f("ix_impression_slate"), "impression", ["slate"], unique=False)
    op.create_table(
        "rating",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("rater", sa.Text(), nullable=False),
        sa.Column("webtoon_id", sa.Integer(), nullable=False),
        sa.Column("half_stars", sa.Integer(), nullable=False),
        sa.Column("rated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["webtoon_id"], ["webtoon.id"], name=op.f("fk_rating_webtoon_id_webtoon")
        ),
        sa.PrimaryKeyConstraint("source", "rater", "webtoon_id", name=op.f("pk_rating")),
    )
    op.create_table(
        "feedback_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reader_id", sa.Integer(), nullable=False),
        sa.Column("webtoon_id", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.Column("previous", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("impression_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["impression_id"],
            ["impression.id"],
            name=op.f("fk_feedback_event_impression_id_impression"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["reader_id"],
            ["reader.id"],
            name=op.f("fk_feedback_event_reader_id_reader"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["webtoon_id"], ["webtoon.id"], name=op.f("fk_feedback_event_webtoon_id_webtoon")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback_event")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_feedback_event_impression_id"), "feedback_event", ["impression_id"], unique=False
    )
    op.create_index(
        "ix_feedback_event_reader_id_webtoon_id",
        "feedback_event",
        ["reader_id", "webtoon_id"],
        unique=False,
    )


def downgrade() -> None:
    """Drops them."""
    op.drop_index("ix_feedback_event_reader_id_webtoon_id", table_name="feedback_event")
    op.drop_index(op.f("ix_feedback_event_impression_id"), table_name="feedback_event")
    op.drop_table("feedback_event")
    op.drop_table("rating")
    op.drop_index(op.f("ix_impression_slate"), table_name="impression")
    op.drop_index("ix_impression_reader_id_shown_at", table_name="impression")
    op.drop_index(op.f("ix_impression_message"), table_name="impression")
    op.drop_table("impression")
    op.drop_table("feedback")
    op.drop_index("uq_account_platform_user_id", table_name="account")
    op.drop_index(op.f("ix_account_reader_id"), table_name="account")
    op.drop_table("account")
    op.drop_index("uq_webtoon_source_external_id", table_name="webtoon")
    op.drop_index(op.f("ix_webtoon_updated_at"), table_name="webtoon")
    op.drop_table("webtoon")
    op.drop_table("reader")
    op.drop_index(
        "uq_model_active",
        table_name="model",
        sqlite_where=sa.text("state = 'active'"),
        postgresql_where=sa.text("state = 'active'"),
    )
    op.drop_index(op.f("ix_model_state"), table_name="model")
    op.drop_table("model")
    op.drop_index(op.f("ix_job_run_name"), table_name="job_run")
    op.drop_table("job_run")
    op.drop_index("uq_inbox_platform_key", table_name="inbox")
    op.drop_index(op.f("ix_inbox_answered_at"), table_name="inbox")
    op.drop_table("inbox")
    op.drop_index(
        "uq_alert_open_key",
        table_name="alert",
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.drop_table("alert")
