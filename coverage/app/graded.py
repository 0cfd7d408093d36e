"""The data grade of the wards: for the city over all partners, for a partner over its own rows, for nobody else."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from coverage.app import parts
from coverage.app.visitor import CITY, audience
from coverage.intake.grades import DIMENSIONS, LETTERS
from coverage.intake.wardgrades import WardGrades, advice_text, ward_grades
from coverage.store.accounts import Account
from coverage.store.engine import Store
from coverage.store.principal import SYSTEM
from coverage.types import Language
from coverage.words import number, percent, t


def held_grades(found: Store | None, account: Account | None, edition: str | None) -> WardGrades | None:
    """Return the grades that a visitor may see; None without a store, and for an analyst.

    Parameters
    ----------
    found : Store or None
    account : Account or None
        None in an open demo, where whoever sits at the machine sees what the city sees.
    edition : str or None
        Of the wards shown.
    """
    if found is None or (account is not None and account.role == "analyst"):
        return None
    with found.reading(SYSTEM if account is None else account.principal) as access:
        return ward_grades(access, edition)


def whole_city(account: Account | None) -> bool:
    """Return whether the grades of a visitor are those of all partners together."""
    return audience(account) == CITY


def one_ward(grades: WardGrades, ward_id: str, lang: Language, *, own: bool) -> None:
    """Draw the grade of one ward: letter, what would improve it most, and the dimensions for each kind of data.

    Parameters
    ----------
    grades : WardGrades
    ward_id : str
    lang : {"vi", "en"}
    own : bool
        Whether only the visitor's own rows were judged.
    """
    st.subheader(t("wards.grade_own" if own else "wards.grade_city", lang), anchor=False)
    grade = grades.wards.get(ward_id)
    if grade is None:
        st.caption(t("wards.grade_unknown", lang))
    else:
        advice, worst = advice_text(grade, lang), grade.worst
        weak = "–" if worst is None else t(f"intake.dimension_{worst}", lang)
        for column, (name, value) in zip(st.columns(2), (("grade", grade.letter), ("grade_worst", weak)), strict=True):
            column.metric(t(f"wards.short_data_{name}", lang), value)
        if advice is not None:
            layer = t(f"submit.kind_{grade.weaker}", lang)
            st.info(parts.plain(f"{layer}: {advice}"), icon=":material/lightbulb:")
        table = pd.DataFrame(
            {
                t("wards.grade_kind", lang, layer=t(f"submit.kind_{kind}", lang), rows=number(each.rows, lang)): [
                    percent(each.scores[name], lang) for name in DIMENSIONS
                ]
                for kind, each in grade.of_kind.items()
            },
            index=pd.Index(
                [t(f"intake.dimension_{name}", lang) for name in DIMENSIONS], name=t("wards.dimension", lang)
            ),
        )
        st.table(table)
    if grades.left_out:
        st.caption(t("wards.grade_left_out", lang, count=grades.left_out))
    limits = ", ".join(f"{letter} {percent(limit, lang, 0)}" for limit, letter in LETTERS if limit)
    st.caption(t("wards.grade_limits", lang, limits=limits))
