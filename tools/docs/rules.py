"""The page on files of local rules and of scenarios, written from the table of what they may say."""

from __future__ import annotations

import math

from coverage.catalog.registers import data_dir
from coverage.catalog.rulefields import RuleField, rule_fields
from tools.docs.markdown import page, table

SECTIONS = {
    "": ("Đầu tệp", "Top of the file"),
    "offer": ("`[offer]` – được chọn gì", "what a plan may choose from"),
    "masts": ("`[masts]` – cột", "masts"),
    "retune": ("`[retune]` – chỉnh anten", "retuning"),
    "connect": ("`[connect]` – kết nối hộ", "connecting households"),
    "backhaul": ("`[backhaul]` – truyền dẫn", "links"),
    "zone": ("`[[zone]]` – vùng, lặp lại được", "a zone, repeated"),
}
HEAD = ["Mục · Entry", "Kiểu · Type", "Nghĩa", "Meaning"]


def rules_page() -> str:
    """Return the page on files of local rules."""
    parts = [
        "# Quy định của địa phương · Local rules",
        (
            "Tệp TOML cho `phusong plan --rules`, `coverage.read_rules` và `coverage.candidates(study, rules)`: phương "
            "án được chọn từ những gì, được dựng loại cột nào, ở đâu. Mỗi đề xuất bị loại giữ lý do của nó "
            "(`candidates.refused`). Tệp hình học đặt cạnh tệp quy định, ở mọi định dạng vector đọc được."
        ),
        (
            "A TOML file for `phusong plan --rules`, `coverage.read_rules` and `coverage.candidates(study, rules)`: "
            "what a plan may choose from, and which masts may be built where. Every candidate that is refused keeps "
            "its reason (`candidates.refused`). Files of geometry lie beside it, in any vector format that is read."
        ),
        (
            "Một cột mới được xét theo thứ tự: phường, mặt nước, khoảng cách tới cột đang có, loại cột, độ cao. Khoảng "
            "cách giữa các cột mới và số cột mỗi phường là quan hệ giữa các đề xuất: bộ giải giữ chúng."
        ),
        (
            "A new mast is judged in this order: ward, water, distance from standing masts, kind of mast, height. "
            "Distances between new masts and numbers per ward hold between candidates: the solver keeps them."
        ),
        (
            "Trang phương án của ứng dụng cũng nhận tệp này, trừ các mục trỏ tới tệp khác; ở đó có tệp mẫu để tải về. "
            "· The app's plan page takes such a file too, but no entry that names a further file; a template can be "
            "had there."
        ),
    ]
    fields = rule_fields()
    if {field.section for field in fields} != set(SECTIONS):
        raise ValueError("a section of the rules has no title")
    for section, (vi, en) in SECTIONS.items():
        rows = (_row(field) for field in fields if field.section == section)
        parts += [f"## {vi} · {en}", table(HEAD, rows)]
    example = (data_dir() / "rules" / "demo.toml").read_text("utf-8").strip()
    parts += ["## Ví dụ (tổng hợp) · Example (synthetic)", f"```toml\n{example}\n```"]
    return page(*parts)


def _row(field: RuleField) -> list[str]:
    low, high = ("" if math.isinf(end) else f"{end:g}" for end in (field.minimum, field.maximum))
    kind = field.type + (f" {low}…{high}" if low or high else "")
    if field.choices:
        kind += f": {', '.join(field.choices)}"
    return [f"`{field.name}`", kind, field.text_vi, field.text_en]
