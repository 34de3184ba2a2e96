"""What the learning loop needs: letters, duties, pulses, popularity, and keys of runs."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds four tables and what runs, models and updates are to say more."""
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    op.create_index("ix_outbox_platform_done_at", "outbox", ["platform", "done_at"], unique=False)
    op.create_table(
        "duty",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("late_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_duty")),
    )
    op.create_table(
        "pulse",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_pulse")),
    )
    op.create_table(
        "popularity",
        sa.Column("webtoon_id", sa.Integer(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["webtoon_id"],
            ["webtoon.id"],
            name=op.f("fk_popularity_webtoon_id_webtoon"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("webtoon_id", name=op.f("pk_popularity")),
    )
    op.add_column("job_run", sa.Column("key", sa.Text(), nullable=True))
    op.create_index("ix_job_run_name_key", "job_run", ["name", "key"], unique=False)
    op.add_column("model", sa.Column("note", sa.Text(), nullable=True))
    op.add_column("inbox", sa.Column("taken_until", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Takes it all away again."""
    op.drop_column("inbox", "taken_until")
    op.drop_column("model", "note")
    op.drop_index("ix_job_run_name_key", table_name="job_run")
    op.drop_column("job_run", "key")
    for table in ("popularity", "pulse", "duty", "outbox"):
        op.drop_table(table)
