"""Challenges of analysts, and releases that say what was published and by whom."""

from pathlib import Path

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_HERE = Path(__file__)
_NEXT = "\n-- next\n"


def upgrade() -> None:
    """Add columns to the releases; on PostgreSQL, the rules for analysts and for releases."""
    connection = op.get_bind()
    statements = _HERE.with_name(f"second_{connection.dialect.name}.sql").read_text("utf-8").split(_NEXT)
    for statement in statements:
        connection.exec_driver_sql(statement)
