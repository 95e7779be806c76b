"""Parquet files: a sound one, and damaged or hostile ones."""

import base64
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

TABLE = pa.table(
    {
        "id": ["a1", "a2"],
        "day": pa.array(["2025-02-01", "2025-02-02"]).cast(pa.date32()),
        "amount": [1.5, 2.0],
        "note": ["one", "two"],
    }
)


def parquet(path: Path, table: pa.Table = TABLE) -> Path:
    pq.write_table(table, path)
    return path


def truncated(path: Path) -> Path:
    parquet(path)
    path.write_bytes(path.read_bytes()[:-20])
    return path


def damaged_footer(path: Path) -> Path:
    data = bytearray(parquet(path).read_bytes())
    data[-8:-4] = b"\xff\xff\xff\x7f"
    path.write_bytes(bytes(data))
    return path


def damaged_page(path: Path) -> Path:
    """A flipped bit in a page of a file that carries page checksums."""
    pq.write_table(TABLE, path, write_page_checksum=True, compression="none", use_dictionary=False)
    data = bytearray(path.read_bytes())
    at = data.find(b"\x03\x00\x00\x00one") + 4  # the value in its page, not the one in the statistics
    data[at] ^= 0x01
    path.write_bytes(bytes(data))
    return path


def encrypted(path: Path) -> Path:
    path.write_bytes(b"PARE" + bytes(100) + b"PARE")
    return path


def no_row_groups(path: Path) -> Path:
    with pq.ParquetWriter(path, TABLE.schema):
        pass
    return path


def pickled_extension(path: Path) -> Path:
    """The stored schema names a Python extension type whose pickle would write a file."""
    metadata = {
        b"ARROW:extension:name": b"arrow.py_extension_type",
        b"ARROW:extension:metadata": b"cos\nsystem\n(S'true'\ntR.",
    }
    schema = pa.schema([pa.field("id", pa.string(), metadata=metadata)])
    stored = base64.b64encode(schema.serialize().to_pybytes())
    plain = pa.table({"id": ["a"]})
    with pq.ParquetWriter(path, plain.schema, store_schema=False) as writer:
        writer.write_table(plain)
        writer.add_key_value_metadata({b"ARROW:schema": stored})
    return path


def billion_rows(path: Path) -> Path:
    """A footer whose thousand row groups are the same million rows: some kB that read as 10^9 rows."""
    parquet(path, TABLE.take(pa.array([0]).take(pa.array([0] * 1_000_000))))
    one, all_of_them = pq.read_metadata(path), pq.read_metadata(path)
    for _ in range(999):
        all_of_them.append_row_groups(one)
    footer = path.with_suffix(".footer")
    all_of_them.write_metadata_file(footer)
    path.write_bytes(path.read_bytes() + footer.read_bytes().removeprefix(b"PAR1"))
    footer.unlink()
    return path


def many_columns(path: Path, count: int = 50_000) -> Path:
    schema = pa.schema([(f"c{i}", pa.int8()) for i in range(count)])
    with pq.ParquetWriter(path, schema, store_schema=False):
        pass
    return path


def wrong_types(path: Path) -> Path:
    return parquet(path, pa.table({"id": ["a"], "day": [True], "amount": ["1.5"], "note": [[1]]}))
