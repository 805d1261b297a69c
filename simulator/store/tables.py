"""The tables of a world. A world is disposable, so there are no migrations: the schema has a version instead.

Instants are whole microseconds since 1970 UTC; a reading's period end is whole seconds; power is whole milliwatts.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)

from simulator.store.engine import Unchangeable

SCHEMA_VERSION = 6

metadata = MetaData()

meta = Table(
    "meta", metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

clock = Table(
    "clock", metadata,
    Column("id", Integer, primary_key=True),
    Column("mode", Text, nullable=False),
    Column("market", BigInteger, nullable=False),
    Column("wall", BigInteger, nullable=False),
    Column("rate", Float, nullable=False),
    Column("jobs_through", BigInteger, nullable=False),
)

job_runs = Table(
    "job_runs", metadata,
    Column("job", Text, primary_key=True),
    Column("due_at", BigInteger, primary_key=True),
    Column("outcome", Text, nullable=False),
)

journal = Table(
    "journal", metadata,
    Column("id", Integer, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("caused_by", Integer),
    Column("data", Text, nullable=False),
    Index("journal_kind", "kind", "id"),
    # Most entries have no cause: they are requests. Leaving those out keeps the index small, and posting fast.
    Index("journal_cause", "caused_by", sqlite_where=text("caused_by IS NOT NULL")),
)

organisations = Table(
    "organisations", metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
)

accounts = Table(
    "accounts", metadata,
    Column("id", Integer, primary_key=True),
    Column("organisation_id", Text, ForeignKey("organisations.id"), nullable=False, unique=True),
    Column("email", Text, nullable=False, unique=True),
    Column("password_hash", Text),
    Column("authenticator_secret", Text),
    Column("authenticator_enrolled", Boolean, nullable=False),
    Column("last_code_step", BigInteger, nullable=False),
)

password_links = Table(
    "password_links", metadata,
    Column("token_digest", Text, primary_key=True),
    Column("account_id", Integer, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("purpose", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
)

reset_requests = Table(
    "reset_requests", metadata,
    Column("id", Integer, primary_key=True),
    Column("email", Text, nullable=False),
    Column("cause", Integer),
)

email_opt_ins = Table(
    "email_opt_ins", metadata,
    Column("account_id", Integer, ForeignKey("accounts.id"), primary_key=True, autoincrement=False),
    Column("email", Text, primary_key=True),
    Column("since", BigInteger, nullable=False),
)

mails = Table(
    "mails", metadata,
    Column("id", Integer, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("recipient_name", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("blocks", Text, nullable=False),
    Column("words", Text, nullable=False),
    Column("subject_words", Text, nullable=False),
    Column("journal_entry", Integer, nullable=False),
    Column("relay", Text, nullable=False, index=True),
    sqlite_autoincrement=True,
)

mail_attachments = Table(
    "mail_attachments", metadata,
    Column("mail_id", Integer, ForeignKey("mails.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("filename", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
)

sign_in_attempts = Table(
    "sign_in_attempts", metadata,
    Column("email_digest", Text, primary_key=True),
    Column("failed", Integer, nullable=False),
    Column("last_at", BigInteger, nullable=False, index=True),
)

sessions = Table(
    "sessions", metadata,
    Column("token_digest", Text, primary_key=True),
    Column("account_id", Integer, ForeignKey("accounts.id"), nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

api_tokens = Table(
    "api_tokens", metadata,
    Column("token", Text, primary_key=True),
    Column("organisation_id", Text, ForeignKey("organisations.id"), nullable=False, index=True),
    Column("created_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
)

zones = Table(
    "zones", metadata,
    Column("code", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("licence_area", Text, nullable=False),
)

units = Table(
    "units", metadata,
    Column("number", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("organisation_id", Text, ForeignKey("organisations.id"), nullable=False, index=True),
    Column("description", Text, nullable=False),
    Column("technology", Text, nullable=False),
    Column("capacity_kw", Integer, nullable=False),
    Column("granularity", Text, nullable=False),
    Column("zone", Text, ForeignKey("zones.code"), nullable=False),
)

readings = Table(
    "readings", metadata,
    Column("unit", Integer, primary_key=True, autoincrement=False),
    Column("period_end", Integer, primary_key=True, autoincrement=False),
    Column("milliwatts", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

finalised_months = Table(
    "finalised_months", metadata,
    Column("month", Text, primary_key=True),
    Column("finalised_at", BigInteger, nullable=False),
    info={"unchangeable": Unchangeable()},
)

uploads = Table(
    "uploads", metadata,
    Column("id", Integer, primary_key=True),
    Column("organisation_id", Text, ForeignKey("organisations.id"), nullable=False, index=True),
    Column("filename", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("row_count", Integer, nullable=False),
    Column("error_count", Integer, nullable=False),
    Column("receipt", Text),
)

upload_errors = Table(
    "upload_errors", metadata,
    Column("upload_id", Integer, ForeignKey("uploads.id"), primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("line", Integer, nullable=False),
    Column("column", Text),
    Column("code", Text, nullable=False),
    Column("message", Text, nullable=False),
)

dispatch_settings = Table(
    "dispatch_settings", metadata,
    Column("organisation_id", Text, ForeignKey("organisations.id"), primary_key=True),
    Column("base_url", Text, nullable=False),
    Column("auth", Text, nullable=False),
    Column("secret", Text),
)

dispatches = Table(
    "dispatches", metadata,
    Column("number", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("organisation_id", Text, ForeignKey("organisations.id"), nullable=False, index=True),
    Column("programme", Text, nullable=False),
    Column("unit_ids", Text, nullable=False),
    Column("start_at", BigInteger, nullable=False),
    Column("end_at", BigInteger, nullable=False),
    Column("milliwatts", BigInteger, nullable=False),
    Column("notice_seconds", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("stopped_at", BigInteger),
    Index("dispatches_to_begin", "state", "start_at"),
)

messages = Table(
    "messages", metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("organisation_id", Text, ForeignKey("organisations.id"), nullable=False),
    Column("lane", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("rendered", Text),
    Column("cause", Integer),
    Index("messages_due", "state", "due_at"),
    Index("messages_lane", "lane", "id"),
    Index("messages_of_organisation", "organisation_id", "kind", "id"),
    sqlite_autoincrement=True,
)

attempts = Table(
    "attempts", metadata,
    Column("message_id", Integer, ForeignKey("messages.id"), primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("journal_entry", Integer, nullable=False),
    Column("outcome", Text),
)

faults = Table(
    "faults", metadata,
    Column("id", Integer, primary_key=True),
    Column("surface", Text, nullable=False),
    Column("route", Text),
    Column("participant", Text),
    Column("effect", Text, nullable=False),
    Column("nth", Integer, nullable=False),
    Column("times", Integer),
    Column("probability", Float, nullable=False),
    Column("seed", Integer, nullable=False),
    Column("seen", Integer, nullable=False),
    Column("applied", Integer, nullable=False),
    sqlite_autoincrement=True,
)
