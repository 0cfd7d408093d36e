"""The store: what partners submitted, what was decided, and the log of both; nothing in it is changed or taken away.

`Store` opens SQLite or PostgreSQL; a transaction is always somebody's (`Principal`), and who may see which row is said
once, in `engine.Access` and, on PostgreSQL, once more by row-level security in the database itself.
"""
