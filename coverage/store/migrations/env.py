"""What Alembic runs: the steps, on the connection that `coverage.store.migrating` gives."""

from alembic import context

from coverage.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
