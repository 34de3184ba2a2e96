"""What slates are made with: the reader's dial, a card's place by score, and a work's showings."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds both, unknown for what is there, and an index to find how a work was received."""
    op.add_column("reader", sa.Column("dial", sa.Text(), nullable=True))
    op.add_column("impression", sa.Column("rank", sa.Integer(), nullable=True))
    op.create_index(op.f("ix_impression_webtoon_id_policy"), "impression", ["webtoon_id", "policy"])


def downgrade() -> None:
    """Takes them away again."""
    op.drop_index(op.f("ix_impression_webtoon_id_policy"), table_name="impression")
    op.drop_column("impression", "rank")
    op.drop_column("reader", "dial")
