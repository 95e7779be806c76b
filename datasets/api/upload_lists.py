"""What of an upload goes out and comes in as a list: rejected rows, and records that a complete extract removes."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from datasets import explore, leaving, rejects
from datasets.facts import contract_of
from datasets.models import Upload
from datasets.times import by_their_clock
from doors.exports import Column, Sheet, csv_response, xlsx_response

ENDING = re.compile(r"(\.(csv|tsv|txt|xlsx|parquet|jsonl|ndjson|json))?(\.gz)?$", re.IGNORECASE)


def download(upload: Upload, wanted: str):
    """The rejects as CSV or XLSX, cells neutralised."""
    columns = [Column(heading) for heading in (*rejects.PLACE, *rejects.headings_of(upload))]
    name = f"rejects-{upload.pk}-{ENDING.sub('', upload.file_name)}"
    rows = rejects.table_of(upload)
    return (
        csv_response(name, columns, rows) if wanted == "csv" else xlsx_response(name, [Sheet("Rejects", columns, rows)])
    )


def download_removed(upload: Upload, wanted: str, access, *, local: bool = False):
    """The first 10,000 of the records that left or would leave, as CSV or XLSX. local: times by the dataset's clock."""
    page = leaving.rows_page(upload, access, limit=explore.MOST_ROWS)
    columns = [Column(name) for name in page.columns]
    rows = [[row[name] for name in page.columns] for row in page.rows]
    if local:
        rows = by_their_clock(rows, contract_of(upload.dataset))
    word = "to-remove" if leaving.asks(upload) else "removed"
    name = f"{word}-{upload.pk}-{ENDING.sub('', upload.file_name)}"
    sheet = Sheet(word.replace("-", " ").capitalize(), columns, rows)
    return csv_response(name, columns, rows) if wanted == "csv" else xlsx_response(name, [sheet])


def correct_from_file(upload: Upload, file, *, by) -> int:
    rejects.kept_small(file.size)
    with tempfile.NamedTemporaryFile() as kept:
        for chunk in file.chunks():
            kept.write(chunk)
        kept.flush()
        return rejects.correct_from_list(upload, Path(kept.name), name=file.name, by=by)
