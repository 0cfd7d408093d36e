"""Accounts: who may come in, how passwords are kept, and keys for browsers and programs.

Passwords are hashed by argon2id with the parameters that argon2-cffi recommends; of a key, which is 256 random bits,
only the SHA-256 is kept. Five wrong passwords in a row close an account for a quarter of an hour.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import Row, func, insert, select

from coverage.errors import StoreError
from coverage.store.audit import record
from coverage.store.engine import Access, Store
from coverage.store.principal import ROLES, SYSTEM, Principal, Role
from coverage.store.submissions import add_partner
from coverage.store.tables import access_key, account, attempt, credential, withdrawal

KeyKind = Literal["session", "token", "identity"]

TRIES = 5  # wrong passwords in a row
CLOSED = timedelta(minutes=15)
LIFETIME: dict[KeyKind, timedelta] = {
    "session": timedelta(hours=12),
    "token": timedelta(days=365),
    "identity": timedelta(days=36_500),  # until it is closed
}
_MAIL = re.compile(r"[^@\s#]+@[^@\s#]+\.[^@\s#]+")
_SUBJECT = re.compile(r"https?://[^\s#]+#\S+")
MIN_LENGTH = 12  # NIST SP 800-63B asks for 8 at least; no other rule on what a password holds
_HASHER = PasswordHasher()
# Checked where no account has the name, so that the answer takes as long as for one that exists.
_NOBODY = _HASHER.hash(secrets.token_hex(16))


@dataclass(frozen=True, kw_only=True)
class Account:
    """An account as a list shows it."""

    id: str
    name: str
    role: Role
    partner: str | None
    at: str

    @property
    def principal(self) -> Principal:
        """The one who acts when this account does."""
        return Principal(account_id=self.id, name=self.name, role=self.role, partner=self.partner)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What a right password opens: an account, and whether its owner has to choose another password first."""

    account: Account
    must_change: bool


def add_account(access: Access, name: str, role: Role, password: str, partner: str | None = None) -> Account:
    """Make an account whose password has to be changed at the first login; a partner is made known with it.

    Raises
    ------
    StoreError
        ``not_allowed``; ``role_unknown``; ``partner_needed`` and ``partner_not_fitting`` where role and partner do not
        go together; ``account_name_unusable``; ``account_exists``; ``password_short``.
    """
    access.principal.need("manage_accounts")
    if role not in ROLES:
        raise StoreError("role_unknown", role=role, known=", ".join(ROLES))
    if (role == "partner") != bool(partner):
        raise StoreError("partner_needed" if role == "partner" else "partner_not_fitting", role=role)
    if not name or name != name.strip() or len(name) > 128 or not name.isprintable():
        raise StoreError("account_name_unusable", name=name)
    if _account_row(access, name) is not None:
        raise StoreError("account_exists", name=name)
    if partner:
        add_partner(access, partner)
    values = {"id": secrets.token_hex(8), "name": name, "role": role, "partner_id": partner}
    hashed = _hashed(password)
    _, at = record(access, "add_account", name, [(account, values)], role=role)
    access.connection.execute(insert(credential).values(account_id=values["id"], at=at, hash=hashed, must_change=1))
    return Account(id=values["id"] or "", name=name, role=role, partner=partner, at=at)


def _hashed(password: str) -> str:
    if len(password) < MIN_LENGTH:
        raise StoreError("password_short", least=MIN_LENGTH)
    return _HASHER.hash(password)


def accounts(access: Access) -> list[Account]:
    """Return all accounts, by name."""
    access.principal.need("manage_accounts")
    return [_as_account(row) for row in access.connection.execute(select(account).order_by(account.c.name))]


def has_accounts(store: Store) -> bool:
    """Return whether anybody was given an account: without one the app is an open demo on this machine only."""
    with store.reading(SYSTEM) as access:
        return bool(access.connection.execute(select(func.count()).select_from(account)).scalar_one())


def log_in(store: Store, name: str, password: str) -> Entry:
    """Return what a name and a password open.

    Raises
    ------
    StoreError
        ``login_wrong`` for a wrong name or password, the same words for both; ``login_closed`` after too many.
    """
    with store.writing(SYSTEM) as access:
        row = _account_row(access, name)
        if row is None:
            _matches(_NOBODY, password)
            refused: StoreError | None = StoreError("login_wrong")
        elif (until := _closed_until(access, row.id)) is not None:
            refused = StoreError("login_closed", until=until)
        else:
            held = _credential(access, row.id)
            right = _matches(held.hash, password)
            at = _now().isoformat(timespec="microseconds")
            access.connection.execute(insert(attempt).values(account_id=row.id, at=at, succeeded=int(right)))
            record(access, "log_in" if right else "log_in_refused", name, partner=row.partner_id)
            refused = None if right else StoreError("login_wrong")
    # Raised only here: inside the transaction it would take the attempt back with it.
    if refused is not None:
        raise refused
    assert row is not None
    return Entry(account=_as_account(row), must_change=bool(held.must_change))


def _matches(hashed: str, password: str) -> bool:
    try:
        return _HASHER.verify(hashed, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


def _closed_until(access: Access, account_id: str) -> str | None:
    found = select(attempt).where(attempt.c.account_id == account_id).order_by(attempt.c.seq.desc()).limit(TRIES)
    last = access.connection.execute(found).all()
    if len(last) < TRIES or any(each.succeeded for each in last):
        return None
    until = datetime.fromisoformat(last[0].at) + CLOSED
    return until.isoformat(timespec="seconds") if _now() < until else None


def change_password(store: Store, name: str, old: str, new: str) -> Account:
    """Give an account the password that its owner chose.

    Raises
    ------
    StoreError
        As `log_in`; ``password_short``; ``password_same``.
    """
    entry = log_in(store, name, old)
    if new == old:
        raise StoreError("password_same")
    hashed = _hashed(new)
    with store.writing(SYSTEM) as access:
        _, at = record(access, "change_password", name, partner=entry.account.partner)
        access.connection.execute(
            insert(credential).values(account_id=entry.account.id, at=at, hash=hashed, must_change=0)
        )
        for row in access.connection.execute(_open_keys(entry.account.id, "session")).all():
            access.connection.execute(insert(withdrawal).values(hash=row.hash, at=at))
    return entry.account


def open_key(store: Store, who: Account, kind: KeyKind, label: str = "") -> str:
    """Return a new key of an account; it is shown this once, the store keeps its hash alone."""
    key = f"phs_{secrets.token_urlsafe(32)}"
    _open(store, who, kind, key, label)
    return key


def _open(store: Store, who: Account, kind: KeyKind, key: str, label: str) -> None:
    with store.writing(SYSTEM) as access:
        _, at = record(access, f"open_{kind}", who.name, partner=who.partner, label=label)
        expires = (datetime.fromisoformat(at) + LIFETIME[kind]).isoformat(timespec="microseconds")
        values = {
            "hash": _digest(key),
            "account_id": who.id,
            "kind": kind,
            "label": label,
            "at": at,
            "expires": expires,
        }
        access.connection.execute(insert(access_key).values(**values))


def add_identity(store: Store, who: Account, identity: str) -> str:
    """Let an account in by what an organisation says of its owner, and return how that is kept.

    Parameters
    ----------
    identity : str
        An e-mail address, which counts only where the organisation calls it verified, or ``ISSUER#SUBJECT``.

    Raises
    ------
    StoreError
        ``identity_unusable``; ``identity_taken``.
    """
    told = identity.strip()
    known = told.casefold() if _MAIL.fullmatch(told) else told
    if len(known) > 128 or not (_MAIL.fullmatch(known) or _SUBJECT.fullmatch(known)):
        raise StoreError("identity_unusable", identity=identity)
    with store.reading(SYSTEM) as access:
        taken = access.connection.execute(select(access_key.c.hash).where(access_key.c.hash == _digest(known))).first()
    if taken is not None:
        raise StoreError("identity_taken", identity=known)
    _open(store, who, "identity", known, known)
    return known


def identified(store: Store, claims: Mapping[str, Any]) -> Account:
    """Return whose account an organisation's claims are about: by issuer and subject, else by a verified e-mail.

    Parameters
    ----------
    claims : mapping
        Of an ID token whose signature was checked: ``iss``, ``sub``, ``email``, ``email_verified``.

    Raises
    ------
    StoreError
        ``identity_unknown``.
    """
    issuer, subject, mail = (str(claims.get(name) or "") for name in ("iss", "sub", "email"))
    asked = [f"{issuer}#{subject}"] if issuer and subject else []
    asked += [mail.casefold()] if mail and claims.get("email_verified") is True else []
    for each in asked:
        found = holder(store, each, "identity")
        if found is not None:
            with store.writing(SYSTEM) as access:
                record(access, "log_in", found.name, partner=found.partner, identity=each)
            return found
    raise StoreError("identity_unknown", who=mail or subject or "?")


def holder(store: Store, key: str, kind: KeyKind) -> Account | None:
    """Return whose key this is; None for one that is unknown, expired, withdrawn or of the other kind."""
    found = (
        select(account)
        .join(access_key, access_key.c.account_id == account.c.id)
        .outerjoin(withdrawal, withdrawal.c.hash == access_key.c.hash)
        .where(access_key.c.hash == _digest(key), access_key.c.kind == kind)
        .where(access_key.c.expires > _now().isoformat(timespec="microseconds"), withdrawal.c.hash.is_(None))
    )
    with store.reading(SYSTEM) as access:
        row = access.connection.execute(found).one_or_none()
    return None if row is None else _as_account(row)


def token_holder(store: Store, key: str) -> Account:
    """Return whose token this is.

    Raises
    ------
    StoreError
        ``token_missing`` for none, ``token_unknown``, ``token_expired`` and ``token_closed``.
    """
    if not key:
        raise StoreError("token_missing")
    found = (
        select(account, access_key.c.expires, withdrawal.c.at.label("closed"))
        .join(access_key, access_key.c.account_id == account.c.id)
        .outerjoin(withdrawal, withdrawal.c.hash == access_key.c.hash)
        .where(access_key.c.hash == _digest(key), access_key.c.kind == "token")
    )
    with store.reading(SYSTEM) as access:
        row = access.connection.execute(found).one_or_none()
    if row is None:
        raise StoreError("token_unknown")
    if row.closed is not None:
        raise StoreError("token_closed", at=row.closed[:10])
    if row.expires <= _now().isoformat(timespec="microseconds"):
        raise StoreError("token_expired", at=row.expires[:10])
    return _as_account(row)


def close_keys(store: Store, who: Account) -> int:
    """Close every session and token of an account for good, and return how many were open."""
    with store.writing(SYSTEM) as access:
        hashes = [row.hash for kind in LIFETIME for row in access.connection.execute(_open_keys(who.id, kind)).all()]
        _, at = record(access, "close_keys", who.name, partner=who.partner, count=len(hashes))
        for hashed in hashes:
            access.connection.execute(insert(withdrawal).values(hash=hashed, at=at))
    return len(hashes)


def withdraw(store: Store, key: str) -> None:
    """Close a key for good; one that is unknown or closed stays so."""
    known = select(access_key.c.hash).outerjoin(withdrawal, withdrawal.c.hash == access_key.c.hash)
    with store.writing(SYSTEM) as access:
        found = known.where(access_key.c.hash == _digest(key), withdrawal.c.hash.is_(None))
        hashed = access.connection.execute(found).scalar_one_or_none()
        if hashed is not None:
            _, at = record(access, "withdraw", "key")
            access.connection.execute(insert(withdrawal).values(hash=hashed, at=at))


def _open_keys(account_id: str, kind: KeyKind) -> Any:
    return (
        select(access_key.c.hash)
        .outerjoin(withdrawal, withdrawal.c.hash == access_key.c.hash)
        .where(access_key.c.account_id == account_id, access_key.c.kind == kind, withdrawal.c.hash.is_(None))
    )


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _now() -> datetime:
    return datetime.now(UTC)


def _account_row(access: Access, name: str) -> Row[Any] | None:
    return access.connection.execute(select(account).where(account.c.name == name)).one_or_none()


def account_named(access: Access, name: str) -> Account:
    """Return an account by its name; raises ``account_unknown``."""
    access.principal.need("manage_accounts")
    row = _account_row(access, name)
    if row is None:
        raise StoreError("account_unknown", name=name)
    return _as_account(row)


def _credential(access: Access, account_id: str) -> Row[Any]:
    found = select(credential).where(credential.c.account_id == account_id).order_by(credential.c.seq.desc()).limit(1)
    return access.connection.execute(found).one()


def _as_account(row: Row[Any]) -> Account:
    return Account(id=row.id, name=row.name, role=row.role, partner=row.partner_id, at=row.at)
