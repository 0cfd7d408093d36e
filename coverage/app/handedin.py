"""The table of submissions, the same for whoever handed them in and for whoever decides."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from coverage.app import parts
from coverage.store.submissions import Submission
from coverage.types import Language
from coverage.words import t


def table(rows: Sequence[Submission], lang: Language, *, whose: bool = False) -> None:
    """Show submissions and what became of them.

    Parameters
    ----------
    rows : sequence of Submission
    lang : {"vi", "en"}
    whose : bool
        Whether the partners are told apart.
    """
    listed = pd.DataFrame(
        [
            {
                **({t("inbox.partner", lang): each.partner} if whose else {}),
                t("inbox.kind", lang): t(f"submit.kind_{each.kind}", lang),
                t("inbox.name", lang): each.file_name,
                t("inbox.rows", lang): each.rows,
                t("inbox.at", lang): parts.moment(each.at),
                t("inbox.status", lang): t(f"inbox.{each.status}", lang),
                t("inbox.why", lang): each.reason,
            }
            for each in rows
        ]
    )
    st.dataframe(listed, hide_index=True, width="stretch")
