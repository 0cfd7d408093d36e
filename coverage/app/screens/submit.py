"""Where a partner hands in its files: what was found row by row, how to mend it, and what became of earlier ones."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import streamlit as st

from coverage.app import cached, handedin, parts
from coverage.app.state import current
from coverage.app.visitor import store, visitor
from coverage.fields import table
from coverage.files.raw import RawTable
from coverage.files.sandbox import read_sent
from coverage.intake.checking import Checked
from coverage.intake.columns import CERTAIN, NOT_A_FIELD, Guess, guesses
from coverage.intake.handing import check_sent, ground_of, hand_in, remembered_for
from coverage.intake.workbooks import marked_workbook
from coverage.store.submissions import HANDED_IN, Kind, submissions
from coverage.types import Language
from coverage.words import number, render_problem, t

SHOWN = 200  # problems on the page; the marked file holds all


def read(kind: Kind, name: str, content: bytes) -> RawTable:
    """Return the table of a file; it is read apart once, however often the page runs."""
    key = (kind, name, hashlib.sha256(content).hexdigest())
    kept = st.session_state.get("sent")
    if kept is None or kept[0] != key:
        kept = key, read_sent(name, content)
        st.session_state["sent"] = kept
    raw: RawTable = kept[1]
    return raw


def asked_columns(kind: Kind, raw: RawTable, known: Mapping[str, str], lang: Language) -> dict[str, str]:
    """Ask which field each column is, first those that are not certain, and return what a person said.

    A header that the tables know or that was confirmed before is only shown; every one can be set right.
    """
    headers = [str(name) for name in raw.frame.columns]
    guessed = {guess.header: guess for guess in guesses(kind, headers)}
    before = {header: field for field, header in known.items()}
    open_ones = [h for h in headers if h in guessed and guessed[h].confidence < CERTAIN and h not in before]
    said = {}
    if open_ones:
        st.warning(t("submit.columns_ask", lang), icon=":material/help:")
        said = {header: _ask(kind, raw, header, guessed[header], lang) for header in open_ones}
    with st.expander(t("submit.columns", lang)):
        st.caption(t("submit.columns_known", lang))
        for header in (each for each in headers if each not in open_ones):
            sure = before.get(header) or (guessed[header].field if header in guessed else "")
            said[header] = _ask(kind, raw, header, Guess(header=header, field=sure, confidence=1.0), lang)
    none = [header for header, field in said.items() if field == NOT_A_FIELD]
    fields = {field: header for header, field in said.items() if field not in {None, NOT_A_FIELD}}
    return fields | {f"{NOT_A_FIELD}{number}": header for number, header in enumerate(none, start=1)}


def _ask(kind: Kind, raw: RawTable, header: str, guess: Guess, lang: Language) -> str | None:
    """Ask for the field of one column, and return it where it is not what stood there before."""
    labels = {field.name: f"{field.label[lang]} ({field.name})" for field in table(kind)}
    words = {"": t("submit.column_open", lang), NOT_A_FIELD: t("submit.column_none", lang)} | labels
    certain = guess.confidence == 1.0
    start = (NOT_A_FIELD if guess.field.startswith(NOT_A_FIELD) else guess.field) if certain else ""
    sample = ", ".join(list(dict.fromkeys(text for text in raw.frame[header].astype(str) if text.strip()))[:3])
    about = {"column": header, "sample": sample[:80]}
    if certain:
        label = t("submit.column", lang, **about)
    else:
        sure = round(100 * guess.confidence)
        label = t("submit.column_guess", lang, field=labels[guess.field], confidence=sure, **about)
    chosen: str = st.selectbox(
        parts.plain(label), list(words), index=list(words).index(start), format_func=words.__getitem__,
        key=f"column-{kind}-{raw.source.sha256[:12]}-{header}",
    )  # fmt: skip
    return None if chosen == start else chosen or NOT_A_FIELD


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


def show() -> None:
    """Draw the page."""
    lang, found, account = current().lang, store(), visitor()
    parts.header(t("submit.title", lang), t("submit.lead", lang), None, lang)
    if found is None or account is None or account.partner is None:
        st.stop()
    who = account.principal
    named = {each: t(f"submit.kind_{each}", lang) for each in HANDED_IN}
    kind = st.radio(t("inbox.kind", lang), HANDED_IN, format_func=named.__getitem__, horizontal=True)
    sent = st.file_uploader(t("submit.file", lang), key=f"file-{kind}", help=t("submit.formats", lang))
    if sent is not None:
        content = sent.getvalue()
        with parts.in_words(lang), st.spinner(t("submit.reading", lang)):
            raw = read(kind, sent.name, content)
            known = remembered_for(found, who, kind, raw)
        told = asked_columns(kind, raw, known, lang)
        with parts.in_words(lang), st.spinner(t("submit.reading", lang)):
            given = check_sent(found, who, kind, raw, ground_of(cached.city()), told)
        answer(given, lang)
        label = t("submit.send", lang, rows=number(given.accepted, lang))
        if given.accepted and st.button(label, type="primary"):
            with parts.in_words(lang):
                kept = hand_in(found, who, kind, given, content)
            st.success(t("submit.kept", lang, id=kept.id), icon=":material/inventory_2:")
    with found.reading(who) as access:
        rows = submissions(access)
    if rows:
        st.subheader(t("submit.earlier", lang), anchor=False)
        handedin.table(rows, lang)


show()
