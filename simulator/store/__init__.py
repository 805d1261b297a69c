"""The store: one SQLite database for each world, reached through units of work. SQL stays in this folder."""
