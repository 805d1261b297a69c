"""The tables of the SMP in a world; conventions as in `tables`."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text

from simulator.store.tables import metadata

connections = Table(
    "smp_connections", metadata,
    Column("organisation_id", Text, ForeignKey("organisations.id"), primary_key=True),
    Column("step", Text, nullable=False),
    Column("username", Text, unique=True),
    Column("password_hash", Text),
    Column("callback_url", Text),
    Column("jwks", Text),
    Column("signatures", Text, nullable=False),
    Column("pro_forma", Text, nullable=False),
)

flows = Table(
    "smp_flows", metadata,
    Column("organisation_id", Text, ForeignKey("organisations.id"), primary_key=True),
    Column("flow", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("journal_entry", Integer, nullable=False),
)

signing_keys = Table(
    "smp_signing_keys", metadata,
    Column("number", Integer, primary_key=True),
    Column("kid", Text, nullable=False, unique=True),
    Column("private_pem", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("retired_at", BigInteger),
    sqlite_autoincrement=True,
)

transactions = Table(
    "smp_transactions", metadata,
    Column("number", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("organisation_id", Text, ForeignKey("organisations.id"), nullable=False, index=True),
    Column("type", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("submitted_at", BigInteger, nullable=False),
    Column("completed_at", BigInteger),
    Column("due_at", BigInteger),
    Column("polls", Integer, nullable=False),
    # A fault keeps it in PROCESSING until somebody lets it go on.
    Column("stuck", Boolean, nullable=False),
    # What was sent, and where; the body is kept until it has been worked through.
    Column("path", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("body", LargeBinary),
    Column("result", Text),
    Column("errors", Text, nullable=False),
    Column("cause", Integer),
    Index("smp_transactions_due", "status", "due_at"),
    Index("smp_transactions_cause", "cause"),
    sqlite_autoincrement=True,
)

assets = Table(
    "smp_assets", metadata,
    Column("number", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("organisation_id", Text, ForeignKey("organisations.id"), nullable=False),
    Column("external_reference", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("mpan", Text, nullable=False),
    Column("gsp_group_id", Text, nullable=False),
    # The unit that it is aligned to, and all its fields in canonical names, as JSON.
    Column("unit_number", Integer, ForeignKey("smp_units.number"), index=True),
    Column("details", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index("smp_assets_reference", "organisation_id", "external_reference", unique=True),
)

units = Table(
    "smp_units", metadata,
    Column("number", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("organisation_id", Text, ForeignKey("organisations.id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("unit_type", Text, nullable=False),
    Column("details", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)
