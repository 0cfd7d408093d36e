"""Pieces that several pages share: figures with their target, badges, notes, errors in words, safe downloads."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import metadata
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from coverage import legends
from coverage.app import cached, door
from coverage.app.cached import Measured
from coverage.app.published import offer
from coverage.app.visitor import audience, visitor
from coverage.caveats import made_up
from coverage.errors import CoverageError, LayerError, Problem
from coverage.maps import escape
from coverage.store.accounts import Account
from coverage.study import Progress, Result
from coverage.types import Language
from coverage.words import percent, render, render_problem, t

FINDINGS = 200  # of a file that cannot be used at all: more would only hide the first

log = logging.getLogger("phusong.app")

_speak = st.components.v2.component("phusong_language", js=(files("coverage.app") / "language.js").read_text("utf-8"))


def style(lang: Language) -> None:
    """Load our few styles and tell screen readers which language the page speaks."""
    # Streamlit's own words on the button that chooses a file are English whatever the page speaks.
    choose = f":root {{ --choose-file: '{t('planpage.choose_file', lang)}'; }}"
    st.html(f"<style>{choose}{(files('coverage.app') / 'style.css').read_text('utf-8')}</style>")
    with st.sidebar:
        _speak(data=lang, key="language")


def who(account: Account | None, lang: Language) -> None:
    """Say at the end of the sidebar who is logged in, or that this is an open demo."""
    if account is None:
        st.caption(t("door.open_demo", lang))
        return
    role = t(f"door.role_{account.role}", lang, partner=account.partner or "")
    st.markdown(f"{plain(t('door.who', lang, name=account.name, role=role))} · [{t('door.leave', lang)}](logout)")


def footer(lang: Language) -> None:
    """Say at the end of the sidebar what this is and which version."""
    st.caption(t("app.footer", lang, version=metadata.version("phusong")))


def header(title: str, lead: str, result: Result | None, lang: Language) -> None:
    """Begin a page: title, one sentence, and the badge that made-up data must carry."""
    st.title(title, anchor=False)
    st.markdown(lead)
    if result is not None and result.study.city.synthetic:
        files_named = plain(", ".join(made_up(result.study.city)))
        st.warning(t("app.synthetic", lang, files=files_named), icon=":material/science:")


@contextmanager
def in_words(lang: Language) -> Iterator[None]:
    """Show an error of the package as its sentence, with its findings row by row, and end the page there."""
    try:
        yield
    except CoverageError as error:
        log.warning("%s", error)
        st.error(plain(render(_without_folders(error), lang)), icon=":material/error:")
        if isinstance(error, LayerError) and error.problems:
            findings(error.problems[:FINDINGS], lang)
        st.stop()


def _without_folders(error: CoverageError) -> CoverageError:
    """Return the error with files by their names only: where they lie on the server is in the log, not on the page."""
    values = {
        name: Path(value).name if isinstance(value, str | Path) and Path(value).is_absolute() else value
        for name, value in error.values.items()
    }
    return CoverageError(error.code, **values)


@contextmanager
def progress(label: str) -> Iterator[Progress]:
    """Show a bar as long as something is computed; yields the callable that moves it."""
    bar = st.progress(0.0, text=label)

    def moved(done: int, total: int) -> None:
        bar.progress(min(done / max(total, 1), 1.0), text=label)

    try:
        yield moved
    finally:
        bar.empty()


def measured(definition: str, lang: Language) -> Measured:
    """Return the city under a definition, with a bar while it is measured for the first time."""
    with in_words(lang), progress(t("app.measuring", lang)) as moved:
        return cached.measured(definition, moved)


def city_value(result: Result, measure: str) -> float:
    """Return a figure of the city, NaN when unknown."""
    return float(result.city["value"][measure])


def goal(label: str, share: float, target: float | None, note: str, lang: Language) -> None:
    """Show one big figure on a bar with its target.

    Parameters
    ----------
    label, note : str
        What the figure is; what lies between it and the target.
    share : float
        0–1, NaN unknown.
    target : float or None
        0–1.
    lang : {"vi", "en"}
    """
    known = 0.0 if pd.isna(share) else share
    # A target of 20 % on a bar to 100 % leaves nothing to see: the bar ends at twice the target, or with the figure.
    end = min(1.0, max(2 * target, 1.15 * known)) if target is not None else 1.0
    aim = "" if target is None else t("app.target", lang, level=percent(target, lang, 0))
    met = "" if target is None or known < target else " met"
    mark, name = "", ""
    if target is not None:
        place = 100 * target / end
        mark = f'<div class="mark" style="left:{place:.2f}%"></div>'
        name = f'<b class="{"end" if place > 85 else "middle"}" style="left:{place:.2f}%">{escape(aim)}</b>'
    last = "" if target == end else escape(percent(end, lang, 0))
    st.html(
        f'<div class="goal"><div class="label">{escape(label)}</div>'
        f'<div class="figure">{escape(percent(share, lang))}</div>'
        f'<div class="bar" role="img" aria-label="{escape(percent(share, lang))}; {escape(aim)}">'
        f'<div class="fill{met}" style="width:{100 * known / end:.2f}%"></div>{mark}</div>'
        f'<div class="scale"><span>0</span>{name}<span>{last}</span></div><div class="note">{escape(note)}</div></div>'
    )


def basis(result: Result, lang: Language) -> None:
    """Say under a figure what it rests on: definition, denominator, model."""
    st.caption("  \n".join(plain(line) for line in legends.basis(result, lang)))


def plain(text: str) -> str:
    """Return a text that Markdown leaves as it is."""
    return "".join(f"\\{char}" if char in "\\`*_{}[]<>#+|~$:" else char for char in text)


def findings(found: Sequence[Problem], lang: Language) -> None:
    """List findings in the order given, one sentence each."""
    rows = [
        {
            t("app.severity", lang): t(f"app.severity_{problem.severity}", lang),
            t("app.finding", lang): render_problem(problem, lang),
        }
        for problem in found
    ]
    st.table(pd.DataFrame(rows), hide_index=True)


def download(label: str, content: bytes, name: str, kind: str, key: str, *, synthetic: bool) -> None:
    """Offer a file whose name carries the hash of its content, to nobody but who looks at this page.

    The link is one of `coverage.app.published`: Streamlit's own are answered to every session, and it names large files
    by a part of their content only, so that two could trade places. A file of made-up data says so in its name.
    """
    stem, _, suffix = name.rpartition(".")
    mark = hashlib.sha256(content).hexdigest()[:12]
    whole_name = f"{stem}{'-synthetic' if synthetic else ''}-{mark}.{suffix}"
    link = door.below(offer(whole_name, kind, content, audience(visitor())))
    words, target = escape(label), f'href="{escape(link)}" download="{escape(whole_name)}"'
    with st.container(key=f"download-{key}"):
        st.html(f'<a class="download" role="button" {target}>{words}</a>')


def moment(at: str) -> str:
    """Return a time of the store to the minute.

    >>> moment("2026-01-31T08:05:09.123456+00:00")
    '2026-01-31 08:05 UTC'
    """
    return f"{at[:10]} {at[11:16]} UTC"


def share_column(label: str, known: bool = True, help_text: str | None = None, width: int = 120) -> Any:
    """Return the column of a share: a bar and per cent; per cent alone where some are unknown, which no bar says."""
    if not known:
        return st.column_config.NumberColumn(label, help=help_text, format="percent", width=width)
    return st.column_config.ProgressColumn(
        label, help=help_text, format="percent", min_value=0.0, max_value=1.0, width=width
    )


def number_column(label: str, digits: int = 0, help_text: str | None = None, width: int | None = None) -> Any:
    """Return the column of a number as the reader's browser writes it."""
    return st.column_config.NumberColumn(
        label, help=help_text, format="localized", step=10**-digits if digits else 1, width=width
    )


def ward_table(result: Result, columns: Sequence[str], lang: Language, key: str) -> None:
    """Show wards with the given columns: what the map shows, for those who read rather than look."""
    shown = result.wards.reset_index()[["name", *columns]].round(3)
    config = {"name": st.column_config.TextColumn(t("maps.ward", lang), pinned=True)}
    for column in columns:
        label = t(f"measure.{column}", lang)
        known = bool(shown[column].notna().all())
        config[column] = share_column(label, known) if column.endswith("_share") else number_column(label)
    st.dataframe(
        shown, hide_index=True, width="stretch", column_config=config, key=key, placeholder=t("maps.unknown", lang)
    )
