"""Alembic's entry: one connection, one transaction, which the caller opens and ends."""

from alembic import context

from pioche.ports.database import metadata

# Both engines take back a change of the schema, so a migration that fails half-way leaves nothing.
connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
