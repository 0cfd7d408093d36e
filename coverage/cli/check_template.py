"""`phusong check template cells|subscriptions|…`: the specification of a layer as workbook and schemas."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import cast, get_args

from coverage.cli.readers import UsageError
from coverage.cli.summaries import written_lines
from coverage.cli.voice import Voice
from coverage.intake.schemas import json_schema, table_schema
from coverage.intake.workbooks import empty_workbook
from coverage.publishing import json_text
from coverage.types import LayerKind
from coverage.writing import write_bytes, write_text


def run(arguments: Namespace, voice: Voice) -> int:
    """Write or show the specification of a layer."""
    known = get_args(LayerKind)
    if arguments.kind not in known:
        raise UsageError("choice_unknown", option="LAYER", value=arguments.kind, known=", ".join(known))
    kind = cast(LayerKind, arguments.kind)
    if not arguments.out:
        voice.show(json_text(table_schema(kind, voice.lang)))
        return 0
    folder = Path(arguments.out)
    written = (
        write_bytes(folder / f"{kind}.xlsx", empty_workbook(kind, voice.lang)),
        write_text(folder / f"{kind}.tableschema.json", json_text(table_schema(kind, voice.lang))),
        write_text(folder / f"{kind}.schema.json", json_text(json_schema(kind, voice.lang))),
    )
    voice.show("\n".join(written_lines(written, voice.lang)))
    return 0
