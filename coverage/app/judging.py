"""The answer and the verdict of the city on a challenge, asked for in the same way on every page that shows one."""

from __future__ import annotations

from typing import get_args

import streamlit as st

from coverage.app import parts
from coverage.store.challenges import Challenge, Verdict, judge
from coverage.store.engine import Store
from coverage.store.principal import Principal
from coverage.types import Language
from coverage.words import t

VERDICTS: tuple[Verdict, ...] = get_args(Verdict)


def verdict(found: Store, who: Principal, each: Challenge, lang: Language, *, label: str, key: str) -> None:
    """Ask for a sentence and a verdict, take them, and draw the page anew.

    Parameters
    ----------
    found : Store
    who : Principal
        Who judges.
    each : Challenge
    lang : {"vi", "en"}
    label, key : str
        Of the field for the sentence.
    """
    said = st.text_input(label, key=key)
    for column, state in zip(st.columns(len(VERDICTS)), VERDICTS, strict=True):
        if column.button(t(f"inbox.make_{state}", lang), key=f"{state}-{each.id}", width="stretch"):
            with parts.in_words(lang), found.writing(who) as access:
                judge(access, each.id, state, said)
            st.rerun()
