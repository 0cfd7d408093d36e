"""`phusong publish`: open data from the store, without a site, under the rule of the least number of sites."""

from __future__ import annotations

import dataclasses
import os
from argparse import Namespace

from coverage.cli.inputs import out_folder, study_of
from coverage.cli.keeping import store_of
from coverage.cli.summaries import result_lines, written_lines
from coverage.cli.voice import Voice
from coverage.disputes import confirmed
from coverage.errors import StoreError
from coverage.store.accounts import Account, account_named, holder
from coverage.store.challenges import dispute_of
from coverage.store.current import city_with
from coverage.store.engine import Store
from coverage.store.principal import SYSTEM
from coverage.store.releasing import publish_release
from coverage.words import t
from coverage.writing import write_bytes


def publish(arguments: Namespace, voice: Voice) -> int:
    """Measure what holds in the store, publish it and write down what was published."""
    folder, study, store = out_folder(arguments.out), study_of(arguments), store_of(arguments)
    who = _who(store, arguments.name).principal
    who.need("release")
    with store.writing(who) as access:
        with voice.progress("progress_measure") as progress:
            result = dataclasses.replace(study, city=city_with(access, study.city)).run(progress)
        dispute = dispute_of(access)
        apart = confirmed(result, dispute) if dispute else None
        found = publish_release(access, result, apart)
        # Inside the transaction: a release that could not be written was none.
        written = tuple(write_bytes(folder / name, content) for name, content in found.files.items())
    store.close()
    if voice.as_json:
        voice.show(found.files["release.json"].decode())
        return 0
    told = t("cli.released", voice.lang, at=found.at, withheld=found.withheld)
    voice.show("\n".join([*result_lines(result, voice.lang, apart), "", told, *written_lines(written, voice.lang)]))
    return 0


def _who(store: Store, name: str | None) -> Account:
    """Return who publishes: the account that is named, as whoever may run commands here may say, or the key's."""
    if name:
        with store.reading(SYSTEM) as access:
            return account_named(access, name)
    key = os.environ.get("PHUSONG_TOKEN", "")
    found = holder(store, key, "token") if key else None
    if found is None:
        raise StoreError("publisher_unnamed")
    return found
