"""What partners submitted, waiting for a decision; what holds; challenges and their answers."""

from __future__ import annotations

import streamlit as st

from coverage.app import handedin, parts
from coverage.app.judging import verdict
from coverage.app.state import current
from coverage.app.visitor import store, visitor
from coverage.store.challenges import Challenge, challenges
from coverage.store.engine import Store
from coverage.store.principal import Principal
from coverage.store.submissions import Submission, decide, file_of, problems_of, submissions
from coverage.types import Language
from coverage.words import number, t

SHOWN = 200  # problems of one submission on the page; the file holds the rest


def waiting(found: Store, who: Principal, each: Submission, lang: Language) -> None:
    """Show a submission with its grade and problems, and take a decision on it."""
    with st.container(border=True):
        layer = t(f"submit.kind_{each.kind}", lang)
        about = {"partner": each.partner, "layer": layer, "file": each.file_name, "at": parts.moment(each.at)}
        told = t("inbox.submission", lang, rows=number(each.rows, lang), **about)
        st.markdown(f"**{parts.plain(told)}**")
        with found.reading(who) as access:
            problems = problems_of(access, each.id)
            name, content = file_of(access, each.id)
        grade = each.summary.get("grade", {})
        if isinstance(grade, dict) and grade.get("letter"):
            st.caption(t("inbox.grade", lang, letter=grade["letter"]))
        if problems:
            with st.expander(t("inbox.problems", lang, count=len(problems))):
                parts.findings(problems[:SHOWN], lang)
        synthetic = bool(each.summary.get("frame", {}).get("synthetic"))
        label, kind = t("inbox.file", lang), "application/octet-stream"
        parts.download(label, content, name, kind, f"file-{each.id}", synthetic=synthetic)
        reason = st.text_input(t("inbox.reason", lang), key=f"reason-{each.id}")
        left, right = st.columns(2)
        accepted = left.button(t("inbox.accept", lang), key=f"accept-{each.id}", type="primary", width="stretch")
        rejected = right.button(t("inbox.reject", lang), key=f"reject-{each.id}", width="stretch")
        if accepted or rejected:
            with parts.in_words(lang), found.writing(who) as access:
                decide(access, each.id, "accept" if accepted else "reject", reason)
            st.rerun()


def challenge(found: Store, who: Principal, each: Challenge, lang: Language) -> None:
    """Show a challenge and take an answer or a verdict."""
    with st.container(border=True):
        about = each.ward_id or t("inbox.area", lang, km2=number((each.area.area if each.area else 0) / 1e6, lang, 2))
        st.markdown(f"**{parts.plain(about)}** · {t(f'inbox.state_{each.state}', lang)} · {parts.moment(each.at)}")
        st.text(each.text)
        if each.answer:
            st.text(each.answer)
        if each.state in {"upheld", "refused"}:
            return
        verdict(found, who, each, lang, label=t("inbox.answer", lang), key=f"answer-{each.id}")


def show() -> None:
    """Draw the page."""
    lang, found, account = current().lang, store(), visitor()
    parts.header(t("inbox.title", lang), t("inbox.lead", lang), None, lang)
    if found is None or account is None:
        st.stop()
    who = account.principal
    with found.reading(who) as access:
        rows, raised = submissions(access), challenges(access)
    open_rows = [each for each in rows if each.status == "waiting"]
    st.subheader(t("inbox.waiting", lang), anchor=False)
    if not open_rows:
        st.info(t("inbox.none_waiting", lang), icon=":material/done_all:")
    for each in open_rows:
        waiting(found, who, each, lang)
    if len(open_rows) < len(rows):
        st.subheader(t("inbox.decided", lang), anchor=False)
        handedin.table([each for each in rows if each.status != "waiting"], lang, whose=True)
    if raised:
        st.subheader(t("inbox.challenges", lang), anchor=False)
    for one in raised:
        challenge(found, who, one, lang)


show()
