"""The table of a bench for the terminal and the page `docs/performance.md`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bench.engine.harness import Measured
from tools.docs.markdown import page, table

NOTICE = "<!-- Written by `python3 run.py bench radio`; do not edit. -->"
RATIO = "×"
HEAD = ["Việc · Work", "Đo được · Measured", "Mục tiêu · Goal", "Đạt · Reached", "Chi tiết · Details"]
OPENING = (
    (
        "Mỗi dòng được đo cùng lúc với bên so sánh, xen kẽ, trên một máy dùng chung; con số là trung vị của {repeats} "
        "lần. Tỷ số đứng trước vì chúng ít phụ thuộc vào máy. Địa hình và thành phố đều là dữ liệu tổng hợp."
    ),
    (
        "Every row was measured beside its peer, in turns, on a shared machine; figures are medians of {repeats} "
        "repetitions. Ratios stand first: they depend least on the machine. Ground and cities are synthetic."
    ),
)


def figure(row: Measured) -> str:
    """Return the value of a row with its unit."""
    if row.value != row.value:
        return "–"
    digits = 0 if abs(row.value) >= 100 else (1 if abs(row.value) >= 10 else 2)
    return f"{row.value:,.{digits}f} {row.unit}"


def goal(row: Measured) -> str:
    """Return what a row should reach."""
    return "" if row.goal is None else f"{'≥' if row.goal.at_least else '≤'} {row.goal.amount:,g} {row.unit}"


def details(row: Measured) -> str:
    """Return what stands beside the figure, with the reason where the goal is missed."""
    return "; ".join(filter(None, [row.beside, row.reason if row.verdict is False else ""]))


def text(rows: Sequence[Measured]) -> str:
    """Return the rows as aligned lines."""
    verdicts = {True: "reached", False: "MISSED", None: ""}
    cells = [[row.work, figure(row), goal(row), verdicts[row.verdict], details(row)] for row in rows]
    widths = [max(len(line[column]) for line in cells) for column in range(4)]
    aligned = [[cell.ljust(width) for cell, width in zip(line, widths, strict=False)] for line in cells]
    return "\n".join("  ".join([*start, line[4]]).rstrip() for start, line in zip(aligned, cells, strict=True))


def markdown(rows: Sequence[Measured], machine: Mapping[str, str], repeats: int) -> str:
    """Return the page: the machine, ratios, then times, rates and sizes."""
    verdicts = {True: "có · yes", False: "**không · no**", None: ""}

    def lines(chosen: Sequence[Measured]) -> str:
        return table(HEAD, ([row.work, figure(row), goal(row), verdicts[row.verdict], details(row)] for row in chosen))

    ratios = [row for row in rows if row.unit == RATIO]
    others = [row for row in rows if row.unit != RATIO]
    whole = page(
        "# Tốc độ · Speed", *(sentence.format(repeats=repeats) for sentence in OPENING),
        "```sh\npython3 run.py bench radio\n```",
        "## Máy · Machine", table(["", ""], machine.items()),
        "## Tỷ số · Ratios", lines(ratios),
        "## Thời gian, tốc độ, bộ nhớ · Times, rates, memory", lines(others),
    )  # fmt: skip
    return NOTICE + whole[whole.index("\n") :]
