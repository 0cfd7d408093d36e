"""Workbooks for partners: an empty one for every layer, and their own rows with what is wrong marked and commented."""

from __future__ import annotations

from collections import defaultdict
from io import BytesIO
from typing import Any

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from coverage.errors import Problem
from coverage.fields import clean, table
from coverage.intake.checking import Checked
from coverage.types import Language, LayerKind
from coverage.words import render_problem, t

MAX_COMMENTS = 5000  # a workbook with more takes minutes to open
MAX_LISTED = 50_000
_FILLS = {
    "error": PatternFill("solid", fgColor="F8CBAD"),
    "warning": PatternFill("solid", fgColor="FFE699"),
    "note": PatternFill("solid", fgColor="DDEBF7"),
}
_BOLD = Font(bold=True)
_GRAVITY = ("error", "warning", "note")


def put(cell: Any, text: str) -> None:
    """Write a text into a cell as a text: what starts like a formula stays what somebody typed."""
    shown = clean(text)[:32_000]
    if shown:
        cell.value = shown
        cell.data_type = "s"


def marked_workbook(checked: Checked, lang: Language) -> bytes:
    """Return the rows of a submission as XLSX: wrong cells coloured and commented, all problems on a second sheet.

    Parameters
    ----------
    checked : Checked
    lang : {"vi", "en"}
        Of comments and headings. Headers are the names of our fields, so that the corrected file needs no mapping.
    """
    book = Workbook()
    sheet: Any = book.active
    sheet.title = t("intake.sheet_rows", lang)
    headers = list(map(str, checked.raw.frame.columns))
    places = {header: number for number, header in enumerate(headers, start=1)}
    for header, number in places.items():
        put(sheet.cell(1, number), header)
        sheet.cell(1, number).font = _BOLD
    sheet.freeze_panes = "A2"
    marks: dict[tuple[int, str], list[Problem]] = defaultdict(list)
    for problem in checked.problems:
        if problem.row is not None:
            marks[problem.row, _header(problem, checked, places)].append(problem)
    left = MAX_COMMENTS
    for line, (row, values) in enumerate(
        zip(checked.raw.rows.tolist(), checked.raw.frame.itertuples(index=False, name=None), strict=True), start=2
    ):
        for header, text in zip(headers, values, strict=True):
            found = marks.get((row, header))
            if text or found:
                cell = sheet.cell(line, places[header])
                put(cell, str(text))
                if found:
                    left -= 1
                    _mark(cell, found, lang, commented=left >= 0)
    _list_problems(book.create_sheet(t("intake.sheet_problems", lang)), checked, lang)
    return _bytes(book)


def _header(problem: Problem, checked: Checked, places: dict[str, int]) -> str:
    """Return the column in which a problem is shown: that of its field, else the first."""
    wanted = problem.field or ""
    for header in (wanted, checked.mapping.get(wanted, "")):
        if header in places:
            return header
    return next(iter(places), "")


def _mark(cell: Any, found: list[Problem], lang: Language, *, commented: bool) -> None:
    gravest = min(found, key=lambda problem: _GRAVITY.index(problem.severity))
    cell.fill = _FILLS[gravest.severity]
    if commented:
        text = "\n".join(clean(render_problem(problem, lang)) for problem in found[:5])
        cell.comment = Comment(text, "PhủSóng", height=120, width=360)


def _list_problems(sheet: Any, checked: Checked, lang: Language) -> None:
    heads = [t(f"intake.head_{name}", lang) for name in ("row", "field", "severity", "value", "message")]
    for number, head in enumerate(heads, start=1):
        put(sheet.cell(1, number), head)
        sheet.cell(1, number).font = _BOLD
        sheet.column_dimensions[get_column_letter(number)].width = 100 if number == len(heads) else 16
    for line, problem in enumerate(checked.problems[:MAX_LISTED], start=2):
        if problem.row is not None:
            sheet.cell(line, 1).value = problem.row
        severity = t(f"intake.severity_{problem.severity}", lang)
        texts = (problem.field or "", severity, problem.value or "", render_problem(problem, lang))
        for number, text in enumerate(texts, start=2):
            put(sheet.cell(line, number), text)
        sheet.cell(line, 3).fill = _FILLS[problem.severity]


def empty_workbook(kind: LayerKind, lang: Language) -> bytes:
    """Return the workbook to fill in for a layer: its columns, each commented, and a sheet on every field."""
    book = Workbook()
    sheet: Any = book.active
    sheet.title = t("intake.sheet_rows", lang)
    about: Any = book.create_sheet(t("intake.sheet_fields", lang))
    heads = ("field", "label", "required", "type", "unit", "range", "choices", "help")
    for number, head in enumerate(heads, start=1):
        put(about.cell(1, number), t(f"intake.head_{head}", lang))
        about.cell(1, number).font = _BOLD
    for number, field in enumerate(table(kind), start=1):
        head = sheet.cell(1, number)
        put(head, field.name)
        head.font = _BOLD
        head.comment = Comment(f"{field.label[lang]}. {field.help[lang]}", "PhủSóng", height=120, width=360)
        sheet.column_dimensions[get_column_letter(number)].width = max(12, len(field.name) + 2)
        if field.type in {"choice", "label"} and sum(map(len, field.choices)) < 200:
            rule = DataValidation(type="list", formula1=f'"{",".join(field.choices)}"', allow_blank=True)
            rule.showErrorMessage = field.type == "choice"
            sheet.add_data_validation(rule)
            letter = get_column_letter(number)
            rule.add(f"{letter}2:{letter}10000")
        limits = "" if field.minimum == -float("inf") else f"{field.minimum:g} – {field.maximum:g}"
        needed = t(f"intake.need_{'yes' if field.required == 'yes' or field.group else 'no'}", lang)
        told = (field.name, field.label[lang], needed, field.type, field.unit, limits, ", ".join(field.choices))
        for column, text in enumerate((*told, field.help[lang]), start=1):
            put(about.cell(number + 1, column), text)
    sheet.freeze_panes = "A2"
    return _bytes(book)


def _bytes(book: Workbook) -> bytes:
    out = BytesIO()
    book.save(out)
    return out.getvalue()
