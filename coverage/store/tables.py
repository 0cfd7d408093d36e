"""The tables of the store, the same on SQLite and PostgreSQL.

Every table only grows: what changes (a password, a decision, the state of a challenge) is a new row, and the newest row
holds. Times are UTC in ISO 8601 with microseconds, so that the order of their text is the order of time. Columns that
end in ``_json`` hold JSON text, read back to the bit.
"""

from __future__ import annotations

from sqlalchemy import (
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)

partner = Table(
    "partner",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("at", String(32), nullable=False),
)

account = Table(
    "account",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("at", String(32), nullable=False),
    Column("name", String(128), nullable=False, unique=True),
    Column("role", String(16), nullable=False),
    Column("partner_id", String(64), ForeignKey("partner.id")),
    Column("event_seq", Integer, nullable=False),
)

# One row per password an account was given; `must_change` until its owner has chosen one.
credential = Table(
    "credential",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("account_id", String(32), ForeignKey("account.id"), nullable=False, index=True),
    Column("at", String(32), nullable=False),
    Column("hash", Text, nullable=False),
    Column("must_change", Integer, nullable=False),
)

# One row per attempt to log in, so that a lock-out follows from what happened.
attempt = Table(
    "attempt",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("account_id", String(32), ForeignKey("account.id"), nullable=False, index=True),
    Column("at", String(32), nullable=False),
    Column("succeeded", Integer, nullable=False),
)

# A key opens the store for a while: kind "session" for a browser, "token" for a program. Only hashes are kept.
access_key = Table(
    "access_key",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("account_id", String(32), ForeignKey("account.id"), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("label", String(128), nullable=False),
    Column("at", String(32), nullable=False),
    Column("expires", String(32), nullable=False),
)

withdrawal = Table(
    "withdrawal",
    metadata,
    Column("hash", String(64), ForeignKey("access_key.hash"), primary_key=True),
    Column("at", String(32), nullable=False),
)

submission = Table(
    "submission",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("partner_id", String(64), ForeignKey("partner.id"), nullable=False, index=True),
    Column("account_id", String(32), ForeignKey("account.id"), nullable=False),
    Column("at", String(32), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("file_name", String(255), nullable=False),
    Column("file_sha256", String(64), nullable=False),
    Column("file_bytes", LargeBinary, nullable=False),
    Column("fields_version", String(64), nullable=False),
    Column("mapping_json", Text, nullable=False),
    Column("summary_json", Text, nullable=False),
    Column("problems_json", Text, nullable=False),
    Column("row_count", Integer, nullable=False),
    Column("rows_sha256", String(64), nullable=False),
    Column("event_seq", Integer, nullable=False),
)

# `partner_id` stands in every row that is somebody's, so that one rule guards them all.
submitted_row = Table(
    "submitted_row",
    metadata,
    Column("submission_id", String(32), ForeignKey("submission.id"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("partner_id", String(64), nullable=False),
    Column("easting_m", Double),
    Column("northing_m", Double),
    Column("values_json", Text, nullable=False),
)

decision = Table(
    "decision",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("submission_id", String(32), ForeignKey("submission.id"), nullable=False, index=True),
    Column("partner_id", String(64), nullable=False),
    Column("account_id", String(32), ForeignKey("account.id"), nullable=False),
    Column("at", String(32), nullable=False),
    Column("action", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("event_seq", Integer, nullable=False),
)

# What a partner confirmed about the columns of its files, by the shape of the header.
mapping = Table(
    "mapping",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("partner_id", String(64), ForeignKey("partner.id"), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("at", String(32), nullable=False),
    Column("mapping_json", Text, nullable=False),
)

challenge = Table(
    "challenge",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("account_id", String(32), ForeignKey("account.id"), nullable=False),
    Column("partner_id", String(64)),
    Column("at", String(32), nullable=False),
    Column("ward_id", String(16)),
    Column("measure", String(64), nullable=False),
    Column("area_wkt", Text),
    Column("text", Text, nullable=False),
    Column("event_seq", Integer, nullable=False),
)

evidence = Table(
    "evidence",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("challenge_id", String(32), ForeignKey("challenge.id"), nullable=False, index=True),
    Column("partner_id", String(64)),
    Column("at", String(32), nullable=False),
    Column("file_name", String(255), nullable=False),
    Column("file_sha256", String(64), nullable=False),
    Column("file_bytes", LargeBinary, nullable=False),
    Column("event_seq", Integer, nullable=False),
)

verdict = Table(
    "verdict",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("challenge_id", String(32), ForeignKey("challenge.id"), nullable=False, index=True),
    Column("partner_id", String(64)),
    Column("account_id", String(32), ForeignKey("account.id"), nullable=False),
    Column("at", String(32), nullable=False),
    Column("state", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("event_seq", Integer, nullable=False),
)

# The audit log in two parts: the chain of hashes, which tells nothing and everyone may extend, and what happened.
link = Table(
    "link",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", String(32), nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
)

event = Table(
    "event",
    metadata,
    Column("seq", Integer, ForeignKey("link.seq"), primary_key=True, autoincrement=False),
    Column("at", String(32), nullable=False),
    Column("actor", String(128), nullable=False),
    Column("partner_id", String(64)),
    Column("action", String(32), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("detail_json", Text, nullable=False),
)

# Figures that were published, as they were: the next release is held against them.
release = Table(
    "release",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("at", String(32), nullable=False),
    Column("figure", String(64), nullable=False),
    Column("group_key", String(255), nullable=False),
    Column("true_count", Integer, nullable=False),
    Column("event_seq", Integer, nullable=False),
    Column("content_sha256", String(64)),
    Column("account_id", String(32)),
    UniqueConstraint("figure", "group_key", "at"),
)

Index("ix_submission_current", submission.c.kind, submission.c.partner_id, submission.c.at)

# Rows that an event of the audit log answers for.
AUDITED = (account, submission, decision, challenge, evidence, verdict, release)
