"""Pages written from the tables of the package: fields of files, definitions, radios, unit costs and targets."""

from __future__ import annotations

import math
from typing import get_args

from coverage.catalog.antennas import AntennaRow, antenna_rows
from coverage.catalog.costs import Factor, UnitCost, cost_factors, unit_costs, vnd_per_usd
from coverage.catalog.definitions import Definition, definitions
from coverage.catalog.radios import Band, bands, common, operators
from coverage.catalog.targets import Target, targets
from coverage.fields import Field
from coverage.fields import table as fields_of
from coverage.intake.grades import DIMENSIONS, LETTERS, WANTED
from coverage.intake.wardgrades import COLUMNS
from coverage.types import LayerKind
from coverage.words import t
from tools.docs.markdown import page, table

KINDS: dict[LayerKind, tuple[str, str]] = {
    "wards": ("Phường, xã (ranh giới)", "Wards (boundaries)"),
    "cells": ("Cell (trạm phát sóng)", "Cells (of sites)"),
    "households": ("Số hộ và dân số", "Households and population"),
    "subscriptions": ("Thuê bao băng rộng", "Broadband subscriptions"),
    "surveys": ("Khảo sát hộ gia đình", "Surveys of households"),
    "buildings": ("Công trình xây dựng", "Buildings"),
}


def fields_page() -> str:
    """Return the page on the columns of every layer."""
    parts = [
        "# Trường dữ liệu · Fields",
        (
            "Mỗi lớp dữ liệu có một bảng trường. Cột trong tệp của bạn có thể mang tên chuẩn hoặc bất kỳ tiêu đề nào "
            "được liệt kê, không phân biệt chữ hoa, gạch dưới và khoảng trắng."
        ),
        (
            "Every layer has one table of fields. A column of your file may carry the canonical name or any of the "
            "headers listed, whatever its case, underscores and spaces."
        ),
    ]
    if set(KINDS) != set(get_args(LayerKind)):
        raise ValueError(f"a kind of layer has no title: {set(KINDS) ^ set(get_args(LayerKind))}")
    for kind, (vi, en) in KINDS.items():
        head = ["Trường · Field", "Bắt buộc · Required", "Kiểu · Type", "Nghĩa", "Meaning", "Tiêu đề · Headers"]
        parts += [f"## {vi} · {en}", table(head, map(_field_row, fields_of(kind)))]
    return page(*parts, *_grade_parts())


def _grade_parts() -> list[str]:
    """Return what the grade of a submission and of a ward is: dimensions, letters, columns."""
    letters = ", ".join(f"{letter} ≥ {limit:.0%}" for limit, letter in LETTERS if limit)
    last = LETTERS[-1][1]
    against = {
        "completeness": ("thiếu trường cần có, theo trọng số dưới đây", "wanted fields that lack, by weight"),
        "consistency": ("mã trạm, mã cell, dòng lặp, lỗi của cả tệp", "ids, repeated rows, errors of the whole file"),
        "position": ("tọa độ và phường, xã", "coordinates and ward"),
        "thematic": ("giá trị của các trường khác", "values of the other fields"),
        "time": ("kỳ báo cáo, ngày phát sóng", "period, on-air date"),
    }  # fmt: skip
    rows = [[f"`{name}`", t(f"intake.dimension_{name}", "vi"), t(f"intake.dimension_{name}", "en"), *against[name]]
            for name in DIMENSIONS]  # fmt: skip
    weights = [[f"`{kind}`", ", ".join(f"`{name}` {weight:g}" for name, weight in wanted.items())]
               for kind, wanted in WANTED.items()]  # fmt: skip
    letter, worst = COLUMNS
    return [
        "## Hạng dữ liệu · Data grade",
        (
            "Mỗi lần nộp, và các dòng của từng phường, xã trong đó, có điểm 0–1 cho năm mặt theo ISO 19157: tỷ lệ dòng "
            f"không có gì đáng ngờ về mặt ấy. Hạng là của mặt yếu nhất: {letters}, còn lại là {last}; các mức và trọng "
            "số là giả định. Hạng của một phường, xã tính trên mọi dòng đang có hiệu lực của mọi đơn vị, trạm và thuê "
            "bao riêng, rồi lấy phần yếu hơn. `phusong measure --store` ghi nó vào `wards.csv` và `wards.gpkg`: "
            f"`{letter}` và `{worst}` (mặt yếu nhất; trống khi không thiếu gì). Cả hai trống là chưa rõ. Số liệu công "
            "bố (`phusong publish`) không có hai cột này."
        ),
        (
            "Every submission, and the rows of each ward in it, has a score 0–1 on five dimensions of ISO 19157: the "
            f"share of rows that nothing speaks against there. The grade is that of the weakest one: {letters}, else "
            f"{last}; limits and weights are assumptions. The grade of a ward is over all rows that hold of every "
            "partner, of cells and of subscriptions each, then the weaker of both. `phusong measure --store` writes it "
            f"into `wards.csv` and `wards.gpkg`: `{letter}` and `{worst}` (the weakest dimension; empty where nothing "
            "lacks). Both empty is unknown. What is published (`phusong publish`) has neither column."
        ),
        table(["", "", "", "Trừ điểm vì", "Counts against it"], rows),
        table(["Lớp · Layer", "Trường cần có, trọng số · Wanted fields, weights"], weights),
    ]


def _field_row(field: Field) -> list[str]:
    low, high = ("" if math.isinf(end) else f"{end:g}" for end in (field.minimum, field.maximum))
    limits = f"{low}…{high}" if low or high else ""
    kind = ", ".join(filter(None, [field.type, limits, field.unit]))
    if field.choices:
        kind += f": {', '.join(field.choices)}"
    need = "có · yes" if field.required else ""
    if field.group:
        need = f"một trong · one of ({field.group})"
    meanings = [f"{field.label[lang]}. {field.help[lang]}" for lang in ("vi", "en")]
    return [f"`{field.name}`", need, kind, *meanings, ", ".join(field.aliases)]


def definitions_page() -> str:
    """Return the page on what "covered" may mean."""
    parts = [
        "# Định nghĩa · Definitions",
        (
            "“Được phủ sóng” luôn theo một định nghĩa có tên, đi kèm mọi con số. Điều văn bản gốc không nêu được ghi ở "
            "“giả định”."
        ),
        (
            "“Covered” always follows a named definition, printed beside every figure. What its source leaves open "
            "stands under “assumed”."
        ),
    ]
    for rule in definitions().values():
        parts += [f"## `{rule.id}`", rule.text("vi"), rule.text("en"), table(["", ""], _rule_rows(rule))]
    return page(*parts)


def _rule_rows(rule: Definition) -> list[list[str]]:
    rows = [
        ["Cần · Needs", rule.kind],
        ["SS-RSRP", "" if rule.threshold_dbm is None else f"{rule.threshold_dbm:g} dBm"],
        ["Xác suất · Probability", "" if rule.edge_probability is None else f"{rule.edge_probability:g}"],
        [
            "Tải xuống / lên · Down / up",
            f"{rule.downlink_mbps} / {rule.uplink_mbps} Mbit/s" if rule.downlink_mbps else "",
        ],
        ["Nhà mạng · Operators", rule.operators],
        ["Mẫu số · Denominator", rule.denominator],
        ["Con số chính · Headline", f"`{rule.headline}`"],
        ["Nguồn · Source", rule.source],
    ]
    return [row for row in rows if row[1]]


def catalogue_page() -> str:
    """Return the page on targets, defaults of cells and unit costs."""
    usual = common()
    return page(
        "# Danh mục · Catalogue",
        "Giá trị dùng khi tệp không ghi; cột trong tệp luôn được ưu tiên. “Assumption” là giả định, chưa có nguồn.",
        "What is used where a file says nothing; a column of the file always wins. “Assumption” has no source.",
        "## Mục tiêu · Targets",
        table(["", "Mục tiêu", "Target", "Mức · Level", "Năm · Year", "Nguồn · Source"], map(_target_row, targets())),
        "## Băng tần · Bands",
        table(
            ["", "MHz", "SCS kHz", "BW MHz", "dBm", "SSB dBi", "Traffic dBi", "Az × el", ""], map(_band_row, bands())
        ),
        f"Góc cụp · tilt {usual.tilt_deg:g}°, độ cao · height {usual.height_m:g} m ({usual.source}).",
        "## Anten · Antennas",
        "Tên ghi trong cột `antenna` của cell; không ghi thì là sector parabol của TR 38.901 theo độ rộng búp.",
        "Names for column `antenna` of the cells; without one a cell is the parabolic sector of TR 38.901.",
        table(
            ["", "", "", "MHz", "SSB dBi", "Traffic dBi", "Độ định hướng · Directivity dBi", "Nguồn · Source"],
            map(_antenna_row, antenna_rows()),
        ),
        "## Nhà mạng · Operators",
        table(
            ["", "5G", "4G", "Nguồn · Source"],
            ([o.id, ", ".join(o.nr) or "–", ", ".join(o.lte) or "–", o.source] for o in operators()),
        ),
        "## Đơn giá · Unit costs",
        f"1 USD = {vnd_per_usd():,.0f} VND.",
        table(["", "", "", "Thấp · Low", "Giữa · Mid", "Cao · High", "", ""], map(_cost_row, unit_costs().values())),
        "Tỷ lệ và đại lượng đi kèm · Shares and quantities that go with them:",
        table(
            ["", "", "", "Thấp · Low", "Giữa · Mid", "Cao · High", "", ""], map(_factor_row, cost_factors().values())
        ),
    )


def _target_row(target: Target) -> list[object]:
    level = f"{target.level:.0%}" if target.unit == "share" else f"{target.level:g} {target.unit}"
    return [f"`{target.id}`", target.text_vi, target.text_en, level, target.year or "", target.source]


def _band_row(band: Band) -> list[object]:
    own = ", ".join(f"{name} {mhz:g}" for name, mhz in band.centres_mhz.items())
    widths = f"{band.beamwidth_az_deg:g}° × {band.beamwidth_el_deg:g}°"
    numbers = [band.scs_khz, band.bandwidth_mhz, band.power_dbm, band.ssb_gain_dbi, band.traffic_gain_dbi]
    texts = [f"{number:g}" for number in numbers]
    return [f"{band.id} ({band.technology})", own or f"{band.frequency_mhz:g}", *texts, widths, band.source]


def _antenna_row(row: AntennaRow) -> list[object]:
    gains = [f"{gain:g}" for gain in (row.ssb_gain_dbi, row.traffic_gain_dbi, row.directivity_dbi)]
    range_mhz = f"{row.frequency_low_mhz:g}–{row.frequency_high_mhz:g}"
    return [f"`{row.id}`", row.label_vi, row.label_en, range_mhz, *gains, row.source]


def _cost_row(cost: UnitCost) -> list[object]:
    prices = [f"{price:,.0f}" for price in (cost.low, cost.mid, cost.high)]
    return [
        f"`{cost.id}`",
        cost.text_vi,
        cost.text_en,
        *prices,
        f"{cost.currency} / {cost.per}, {cost.year}",
        cost.source,
    ]


def _factor_row(factor: Factor) -> list[object]:
    values = [f"{value:g}" for value in (factor.low, factor.mid, factor.high)]
    return [f"`{factor.id}`", factor.text_vi, factor.text_en, *values, factor.year, factor.source]
