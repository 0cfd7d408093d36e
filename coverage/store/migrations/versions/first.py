"""The first form of the store, in the SQL of each database."""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_HERE = Path(__file__)
_NEXT = "\n-- next\n"


def upgrade() -> None:
    """Make the tables and the rules that guard them."""
    connection = op.get_bind()
    statements = _HERE.with_name(f"first_{connection.dialect.name}.sql").read_text("utf-8").split(_NEXT)
    for statement in statements:
        connection.exec_driver_sql(statement)
