"""The steps that bring a database from one form of the store to the next (Alembic)."""
