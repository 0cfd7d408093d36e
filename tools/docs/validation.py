"""The page on how far our models are from published values, written where the published cases are at hand."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from coverage.validation import TOLERANCES_DB, Case, validate
from coverage.validation.telling import largest_difference
from coverage.words import t
from tools.docs.markdown import page, table

ROOT = Path(__file__).resolve().parents[2]
DIGITS = 4
TITLES = {
    "p1812": "ITU-R P.1812-8",
    "p2108": "ITU-R P.2108",
    "p2109": "ITU-R P.2109",
    "ehata": "Extended Hata (NTIA, WInnForum)",
    "itm": "ITM (Longley–Rice)",
}
OPENING = (
    (
        "Mỗi dòng là một trường hợp đã công bố được PhủSóng tính lại: chênh lệch là giá trị của chúng tôi trừ giá trị "
        "công bố. Các giá trị công bố thuộc về nơi công bố nên không chép lại ở đây; ai có tệp ấy thì lệnh dưới mỗi đề "
        "mục in ra cả hai."
    ),
    (
        "Every row is a published case that PhủSóng computed again: the difference is our value minus the published "
        "one. The published values belong to their publishers and are not repeated here; with the files at hand, the "
        "command under each heading prints both."
    ),
)
# What tests hold the engine to: what is compared, the limit, and the test that fails beyond it.
ENGINE: tuple[tuple[str, str, str], ...] = (
    (
        "Vòng lặp C và bản NumPy, từng điểm trên từng tia · C loops and NumPy, every target of every ray",
        "0.001 dB",
        "tests/radio/test_native.py::test_every_target_of_every_ray_equals_the_recommendation",
    ),
)


def reference() -> Path:
    """Return where the published cases lie: `PHUSONG_REFERENCE`, else beside the project."""
    shared = Path(os.environ.get("PHUSONG_SHARED", ROOT.parent / "shared" / "data"))
    return Path(os.environ.get("PHUSONG_REFERENCE", shared / "validation"))


def validation_page() -> str | None:
    """Return the page, None where the published cases are not at hand: the page in the folder then stays as it is."""
    folder = reference()
    if not all((folder / model).is_dir() for model in TITLES):
        return None
    return page(
        "# Kiểm chứng mô hình · Validation",
        *OPENING,
        *(_section(model, validate(model, folder / model)) for model in TITLES),
        "## Bộ máy tính · The engine",
        "Các kiểm thử sau giữ bộ máy tính trong giới hạn: · These tests hold the engine to its limits:",
        table(["So sánh · Comparison", "Giới hạn · Limit", "Kiểm thử · Test"], _engine_rows()),
        "```sh\npython3 run.py test tests/radio tests/test_validation.py\n```",
    )


def _engine_rows() -> list[list[str]]:
    return [[what, limit, f"`{test}`"] for what, limit, test in ENGINE]


def _section(model: str, cases: Sequence[Case]) -> str:
    judged = sum(case.ok is not None for case in cases)
    within = sum(case.ok is True for case in cases)
    largest = f"{largest_difference(cases):.{DIGITS}f}"
    limit = f"{TOLERANCES_DB[model]:g}"
    head = ["Trường hợp · Case", "Chênh lệch · Difference [dB]", "Kết luận · Verdict", "Ghi chú · Note"]
    told = (
        f"{within} / {judged} trường hợp trong sai số cho phép {limit} dB; lệch nhiều nhất {largest} dB. · "
        f"{within} / {judged} cases within the tolerance of {limit} dB; largest difference {largest} dB."
    )
    return "\n\n".join(
        [
            f"## {TITLES[model]}",
            told,
            f"```sh\nphusong validate {model} {model}/\n```",
            f"<details>\n<summary>{len(cases)} trường hợp · cases</summary>",
            table(head, map(_row, cases)),
            "</details>",
        ]
    )


def _row(case: Case) -> list[str]:
    verdict = {True: "within", False: "beyond", None: "not_judged"}[case.ok]
    both = [f"validation.{verdict}"] + ([f"validation.note_{case.note}"] if case.note else [])
    told = [" · ".join(t(key, lang, about=case.about) for lang in ("vi", "en")) for key in both]
    return [f"`{case.case}`", f"{round(case.difference, DIGITS) + 0.0:.{DIGITS}f}", *told, *[""] * (2 - len(told))]
