"""`phusong user` and `phusong audit`: accounts of the store, and the proof that nobody changed what stands in it."""

from __future__ import annotations

import dataclasses
import getpass
import json
import os
import secrets
import sys
from argparse import Namespace
from dataclasses import dataclass

from coverage.cli.voice import Voice
from coverage.disputes import Dispute
from coverage.errors import StoreError
from coverage.intake.wardgrades import WardGrades, ward_grades
from coverage.store.accounts import (
    MIN_LENGTH,
    account_named,
    accounts,
    add_account,
    add_identity,
    close_keys,
    open_key,
)
from coverage.store.audit import verify
from coverage.store.challenges import dispute_of
from coverage.store.current import city_with
from coverage.store.engine import Store, address_of
from coverage.store.migrating import open_store
from coverage.store.principal import SYSTEM
from coverage.study import Study
from coverage.words import t


def store_of(arguments: Namespace) -> Store:
    """Return the store that ``--store`` or ``PHUSONG_STORE`` names; raises ``store_unnamed``."""
    address = arguments.store or address_of()
    if not address:
        raise StoreError("store_unnamed")
    return open_store(address)


@dataclass(frozen=True, kw_only=True)
class Held:
    """A study, and what the store says beside it; nothing where no store was named."""

    study: Study
    dispute: Dispute | None = None
    grades: WardGrades | None = None


def from_store(arguments: Namespace, study: Study) -> Held:
    """Return a study of what holds in the store that ``--store`` names, what is disputed there, and the data grades."""
    if not arguments.store:
        return Held(study=study)
    store = open_store(arguments.store)
    with store.reading(SYSTEM) as access:
        city, dispute = city_with(access, study.city, arguments.as_of), dispute_of(access)
        grades = ward_grades(access, city.wards.edition, arguments.as_of)
    store.close()
    return Held(study=dataclasses.replace(study, city=city), dispute=dispute, grades=grades)


def user(arguments: Namespace, voice: Voice) -> int:
    """Add or list accounts, or give one a key for programs."""
    store = store_of(arguments)
    if arguments.act == "list":
        with store.reading(SYSTEM) as access:
            found = accounts(access)
        rows = [{"name": each.name, "role": each.role, "partner": each.partner, "since": each.at} for each in found]
        listed = "\n".join(f"{row['name']}\t{row['role']}\t{row['partner'] or '–'}\t{row['since']}" for row in rows)
        voice.show(json.dumps(rows, ensure_ascii=False, indent=2) if voice.as_json else listed)
    elif not arguments.name:
        raise StoreError("account_unnamed")
    elif arguments.act == "add":
        _add(store, arguments, voice)
    else:
        _keys(store, arguments, voice)
    store.close()
    return 0


def _keys(store: Store, arguments: Namespace, voice: Voice) -> None:
    """Give an account a token, let its owner in through an organisation, or close all it has."""
    with store.reading(SYSTEM) as access:
        who = account_named(access, arguments.name)
    if arguments.act == "identity":
        if not arguments.identity:
            raise StoreError("identity_unnamed")
        known = add_identity(store, who, arguments.identity)
        told = t("cli.identity_added", voice.lang, name=who.name, identity=known)
        voice.show(json.dumps({"name": who.name, "identity": known}) if voice.as_json else told)
    elif arguments.act == "close":
        count = close_keys(store, who)
        told = t("cli.keys_closed", voice.lang, name=who.name, count=count)
        voice.show(json.dumps({"name": who.name, "closed": count}) if voice.as_json else told)
    else:
        key = open_key(store, who, "token", arguments.label or "")
        voice.show(json.dumps({"name": who.name, "token": key}) if voice.as_json else key)
        voice.note("token_once")


def _add(store: Store, arguments: Namespace, voice: Voice) -> None:
    given = os.environ.get("PHUSONG_PASSWORD") or _asked(voice)
    password = given or secrets.token_urlsafe(MIN_LENGTH)
    with store.writing(SYSTEM) as access:
        made = add_account(access, arguments.name, arguments.role, password, arguments.partner)
    if arguments.identity:
        add_identity(store, made, arguments.identity)
    if voice.as_json:
        told = {"name": made.name, "role": made.role, "partner": made.partner}
        voice.show(json.dumps(told if given else {**told, "password": password}, ensure_ascii=False))
    else:
        voice.show(t("cli.user_added", voice.lang, name=made.name, role=made.role))
        if not given:
            voice.show(t("cli.user_password", voice.lang, password=password))


def _asked(voice: Voice) -> str:
    """Return a password typed at a terminal; "" lets the machine choose one."""
    return getpass.getpass(t("cli.user_ask", voice.lang)) if sys.stdin.isatty() else ""


def audit(arguments: Namespace, voice: Voice) -> int:
    """Read the whole store again and tell what is not as it was written; exit 1 where anything is not."""
    store = store_of(arguments)
    found = verify(store, arguments.head)
    store.close()
    if voice.as_json:
        findings = [{"code": each.code, "event": each.seq, "subject": each.subject} for each in found.findings]
        voice.show(json.dumps({"events": found.events, "head": found.head, "findings": findings}, indent=2))
        return int(bool(found.findings))
    lines = [t(f"audit.{each.code}", voice.lang, seq=each.seq, subject=each.subject) for each in found.findings]
    lines.append(t("cli.audit_bad" if lines else "cli.audit_good", voice.lang, count=len(lines), events=found.events))
    voice.show("\n".join([*lines, t("cli.audit_head", voice.lang, head=found.head)]))
    return int(bool(found.findings))
