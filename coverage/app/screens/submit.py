"""Where a partner hands in its files: what was found row by row, how to mend it, and what became of earlier ones."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from coverage.app import cached, parts
from coverage.app.state import current
from coverage.app.visitor import store, visitor
from coverage.errors import StoreError
from coverage.files.sandbox import read_sent
from coverage.intake.checking import Against, Checked, check_cells, check_subscriptions
from coverage.intake.workbooks import marked_workbook
from coverage.store.current import layer_of
from coverage.store.engine import Store
from coverage.store.principal import Principal
from coverage.store.submissions import Kind, Submission, Upload, holding, remembered, submissions, submit
from coverage.types import Language
from coverage.words import number, render_problem, t

KINDS: tuple[Kind, ...] = ("cells", "subscriptions")
SHOWN = 200  # problems on the page; the marked file holds all


def checked(found: Store, who: Principal, kind: Kind, name: str, content: bytes) -> Checked:
    """Read a file apart from everything and hold it against what the partner sent before."""
    with found.reading(who) as access:
        known = remembered(access, kind)
        earlier = layer_of(access, kind) if holding(access, kind) else None
    city = cached.city()
    homes = None if city.people is None else city.people.frame["households"]
    against = Against(partner=who.partner, mapping=known, wards=city.wards, households=homes, earlier=earlier)
    raw = read_sent(name, content)
    return check_cells(raw, against) if kind == "cells" else check_subscriptions(raw, against)


def answer(given: Checked, lang: Language) -> None:
    """Show what the check found: counts, grade, what would help most, problems, and the marked file."""
    columns = st.columns(4)
    for column, name in zip(columns, ("rows", "accepted", "refused", "repaired"), strict=True):
        column.metric(t(f"submit.{name}", lang), number(getattr(given, name), lang), border=True)
    st.markdown(f"**{t('submit.grade', lang, letter=given.grade.letter)}**")
    if given.grade.advice is not None:
        st.info(parts.plain(render_problem(given.grade.advice, lang)), icon=":material/lightbulb:")
    if not given.problems:
        st.success(t("submit.clean", lang), icon=":material/check_circle:")
        return
    if len(given.problems) > SHOWN:
        st.caption(t("submit.first", lang, shown=SHOWN, count=number(len(given.problems), lang)))
    parts.findings(given.problems[:SHOWN], lang)
    book, kind = marked_workbook(given, lang), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    stem = given.source.name.rpartition(".")[0] or given.source.name
    parts.download(t("submit.marked", lang), book, f"{stem}.xlsx", kind, "marked", synthetic=False)
    st.caption(t("submit.marked_help", lang))


def hand_in(found: Store, who: Principal, given: Checked, content: bytes) -> Submission:
    """Keep a checked file in the store."""
    if given.layer is None:
        raise StoreError("nothing_to_submit", file=given.source.name)
    told = {"letter": given.grade.letter, "scores": dict(given.grade.scores)}
    counts = {name: getattr(given, name) for name in ("rows", "accepted", "refused", "repaired")}
    upload = Upload(
        file_name=given.source.name, content=content, layer=given.layer, mapping=given.mapping,
        summary={**counts, "grade": told},
    )  # fmt: skip
    with found.writing(who) as access:
        return submit(access, upload)


def earlier(rows: list[Submission], lang: Language) -> None:
    """Show what became of earlier files."""
    table = pd.DataFrame(
        [
            {
                t("inbox.name", lang): each.file_name,
                t("inbox.kind", lang): t(f"submit.kind_{each.kind}", lang),
                t("inbox.rows", lang): each.rows,
                t("inbox.at", lang): parts.moment(each.at),
                t("inbox.status", lang): t(f"inbox.{each.status}", lang),
                t("inbox.why", lang): each.reason,
            }
            for each in rows
        ]
    )
    st.dataframe(table, hide_index=True, width="stretch")


def show() -> None:
    """Draw the page."""
    lang, found, account = current().lang, store(), visitor()
    parts.header(t("submit.title", lang), t("submit.lead", lang), None, lang)
    if found is None or account is None or account.partner is None:
        st.stop()
    who = account.principal
    named = {each: t(f"submit.kind_{each}", lang) for each in KINDS}
    kind = st.radio(t("inbox.kind", lang), KINDS, format_func=named.__getitem__, horizontal=True)
    sent = st.file_uploader(t("submit.file", lang), key=f"file-{kind}", help=t("submit.formats", lang))
    if sent is not None:
        content = sent.getvalue()
        with parts.in_words(lang), st.spinner(t("submit.reading", lang)):
            given = checked(found, who, kind, sent.name, content)
        answer(given, lang)
        label = t("submit.send", lang, rows=number(given.accepted, lang))
        if given.layer is not None and st.button(label, type="primary"):
            with parts.in_words(lang):
                kept = hand_in(found, who, given, content)
            st.success(t("submit.kept", lang, id=kept.id), icon=":material/inventory_2:")
    with found.reading(who) as access:
        rows = submissions(access)
    if rows:
        st.subheader(t("submit.earlier", lang), anchor=False)
        earlier(rows, lang)


show()
