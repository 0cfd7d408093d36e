"""The table of a bench for the terminal and for its page under `docs/`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bench.engine.harness import Measured
from bench.engine.kept import Group
from tools.docs.markdown import page, table

RATIO = "×"
HEAD = ["Việc · Work", "Đo được · Measured", "Mục tiêu · Goal", "Đạt · Reached", "Chi tiết · Details"]
RUNS = ["Nhóm · Group", "Lần · Repeats", "Commit", "Ngày · Date", "Tải lúc đầu · Load before"]
SHOWN = ("CPU", "cores", "compiler", "instruction set", "system")  # of the machine; the rest stands by group


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


def markdown(title: str, opening: Sequence[str], command: str, groups: Mapping[str, Group]) -> str:
    """Return the page: the machine, when each group was measured, ratios, then times, rates and sizes.

    Parameters
    ----------
    title : str
    opening : sequence of str
        Paragraphs on how it was measured.
    command : str
        That writes the page.
    groups : mapping of name to Group
        In the order of the page.
    """
    verdicts = {True: "có · yes", False: "**không · no**", None: ""}

    def lines(chosen: Sequence[Measured]) -> str:
        return table(HEAD, ([row.work, figure(row), goal(row), verdicts[row.verdict], details(row)] for row in chosen))

    rows = [row for group in groups.values() for row in group.rows]
    machine = list(groups.values())[-1].machine
    runs = [
        [name, str(group.repeats), *(group.machine.get(key, "") for key in ("commit", "date", "load"))]
        for name, group in groups.items()
    ]
    whole = page(
        f"# {title}", *opening, f"```sh\n{command}\n```",
        "## Máy · Machine", table(["", ""], [[key, machine[key]] for key in SHOWN if key in machine]),
        table(RUNS, runs),
        "## Tỷ số · Ratios", lines([row for row in rows if row.unit == RATIO]),
        "## Thời gian, tốc độ, bộ nhớ · Times, rates, memory", lines([row for row in rows if row.unit != RATIO]),
    )  # fmt: skip
    return f"<!-- Written by `{command}`; do not edit. -->" + whole[whole.index("\n") :]
