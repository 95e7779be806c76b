"""Queries of our own over data files, wherever these lie."""

import pyarrow as pa
import pyarrow.parquet as pq

from datasets import scan


def test_rows_are_read_from_a_folder_with_a_quote_in_its_name(tmp_path):
    folder = tmp_path / "Pat O'Brien's data"
    folder.mkdir()
    file = folder / "rows.parquet"
    pq.write_table(pa.table({"n": [1, 2]}), file)
    assert scan.fetch_here(f"select sum(n) as n from {scan.rows_in(file)}", [file]) == [{"n": 3}]
