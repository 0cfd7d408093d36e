"""ODS and XLS, which sheet is meant, and where its header stands."""

import zipfile

import openpyxl
import pytest

from coverage.errors import LayerError
from coverage.files.tables import read_table
from tests.files import samples

NAMES = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
)


def ods(path, rows, head=""):
    """Write a spreadsheet of raw row markup."""
    content = (
        f'<?xml version="1.0"?>{head}<office:document-content {NAMES}><office:body><office:spreadsheet>'
        f'<table:table table:name="T1">{rows}</table:table></office:spreadsheet></office:body>'
        "</office:document-content>"
    )
    samples.write_zip(
        path, {"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": content.encode()}
    )


def text(value, more=""):
    return f'<table:table-cell office:value-type="string"{more}><text:p>{value}</text:p></table:table-cell>'


def number(value):
    return f'<table:table-cell office:value-type="float" office:value="{value}"><text:p>x</text:p></table:table-cell>'


def row(*cells, more=""):
    return f"<table:table-row{more}>{''.join(cells)}</table:table-row>"


def test_ods_gives_values_and_dates(tmp_path):
    told = 'office:value-type="date" office:date-value="2025-06-30"'
    date = f"<table:table-cell {told}><text:p>30/06</text:p></table:table-cell>"
    gap = '<table:table-cell table:number-columns-repeated="2"/>'
    body = row(text("Kinh độ"), text("Vĩ độ"), text("a"), text("b"), text("Ngày"))
    body += row(number(108.2022083), number(16), gap, date) + row(text("x"), more=' table:number-rows-repeated="2"')
    ods(tmp_path / "x.ods", body + row(text(""), more=' table:number-rows-repeated="1048573"'))
    raw = read_table(tmp_path / "x.ods")
    assert raw.frame.iloc[0].to_dict() == {
        "Kinh độ": "108.2022083",
        "Vĩ độ": "16",
        "a": "",
        "b": "",
        "Ngày": "2025-06-30",
    }
    assert list(raw.rows) == [2, 3, 4]


@pytest.mark.parametrize(
    ("rows", "head", "code"),
    [
        (row(text("a", ' table:number-columns-repeated="16384"')), "", "too_many_columns"),
        (
            row(text("a"), text("b")) + row(text("1"), more=' table:number-rows-repeated="999999999"'),
            "",
            "too_many_rows",
        ),
        (row(text("a")), '<!DOCTYPE x [<!ENTITY a "b">]>', "unsafe_archive"),
        (row("</oops>"), "", "unreadable"),
        (row(), "", "table_empty"),
    ],
)
def test_ods_that_harm_are_refused(tmp_path, rows, head, code):
    ods(tmp_path / "x.ods", rows, head)
    with pytest.raises(LayerError, match=code):
        read_table(tmp_path / "x.ods")


def test_an_ods_without_content_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.ods", "w") as archive:
        archive.writestr("mimetype", "x")
    with pytest.raises(LayerError, match="unreadable"):
        read_table(tmp_path / "x.ods")


def test_the_sheet_and_the_row_that_name_columns_are_meant(tmp_path):
    book = openpyxl.Workbook()
    book.active.title = "Ghi chú"
    book.active.append(["Người lập", "Nguyễn Văn A"])
    sheet = book.create_sheet("Trạm")
    sheet.append(["DANH SÁCH TRẠM 5G", None, None, None])
    sheet.merge_cells("A1:D1")
    sheet.append(["Đơn vị: VNPT", None, "Tháng", "06/2025"])
    sheet.append([None])
    sheet.append(["STT", "Kinh độ", "Vĩ độ", "Công nghệ"])
    sheet.append([1, "108.2", "16.05", "5G"])
    book.save(tmp_path / "x.xlsx")
    raw = read_table(tmp_path / "x.xlsx")
    assert list(raw.frame.columns) == ["STT", "Kinh độ", "Vĩ độ", "Công nghệ"]
    assert list(raw.rows) == [5]
    assert [(p.code, p.values["sheet"]) for p in raw.problems] == [("sheets_ignored", "Trạm")]
