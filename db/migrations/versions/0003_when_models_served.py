"""When each model was last made active, which is the order that a rollback follows."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# Until now nobody noted it. A model that was trained was made active at once; one that is active
# although later ones served was made so after all of them.
_ONCE = "UPDATE model SET activated_at = created_at WHERE state IN ('active', 'retired')"
_LAST = (
    "UPDATE model SET activated_at = (SELECT max(served.created_at) FROM model AS served "
    "WHERE served.state IN ('active', 'retired')) WHERE state = 'active'"
)


def upgrade() -> None:
    """Adds the moment, and fills it for the models that serve or did."""
    op.add_column("model", sa.Column("activated_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(_ONCE)
    op.execute(_LAST)


def downgrade() -> None:
    """Takes it away again."""
    op.drop_column("model", "activated_at")
