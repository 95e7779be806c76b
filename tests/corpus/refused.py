"""Files that every door must refuse, with the code and the words of the refusal. None of them may load a single row."""

from dataclasses import dataclass, field
from pathlib import Path

from lake.contract import Column, ColumnType, Contract, Role
from tests.corpus import parquets, texts, workbooks
from tests.corpus.texts import Builder

CONTRACT = Contract(
    (
        Column("id", roles=(Role.KEY,)),
        Column("day", type=ColumnType.DATE, roles=(Role.EVENT_TIME,)),
        Column("amount", type=ColumnType.DECIMAL, roles=(Role.MEASURE,)),
        Column("note"),
    )
)


@dataclass(frozen=True)
class Case:
    """number: of the requirement; name: under which a person would upload the file; code: of the refusal.

    says: what its message has at least. place: the members of the refusal that say where it is (sheet, row, column).
    door_code: of the refusal at once, while the file is looked at, where that differs from the one of a load.
    """

    number: str
    name: str
    build: Builder
    code: str
    says: str
    place: dict[str, object] = field(default_factory=dict)
    door_code: str = ""

    def __str__(self) -> str:
        return f"{self.number}_{self.build.__name__ if self.build.__name__ != 'build' else self.name}_{self.code}"

    def write(self, folder: Path) -> Path:
        return self.build(folder / self.name)


CASES = (
    Case("C1", "empty.csv", texts.written(b""), "empty_file", "holds no data"),
    Case("C3", "blank.csv", texts.written(b" \n\t\n\r\n  "), "empty_file", "holds no data"),
    Case("C3", "blank.csv.gz", texts.gzipped(""), "empty_file", "holds no data"),
    Case(
        "C4", "headerless.csv",
        texts.written("a1,2025-02-01,1.5,one\na2,2025-02-02,2,two\na3,2025-02-03,3,three\n"), "header_not_found",
        "a1, 2025-02-01, 1.5, one", {"row": 1},
    ),
    Case("C7", "two.csv", texts.rows("a1,2025-02-01,1.5,one", "", "team,size", "red,5"), "second_table_at_row",
         "row 4", {"row": 4}),
    Case("C12", "mixed.csv", texts.written(texts.GOOD.encode() + b"a3,2025-02-03,3,caf\xe9\n"), "encoding_error",
         "Byte 80 (line 4) is E9", {"row": 4}, door_code="encoding_unknown"),
    Case("C14", "nul.csv", texts.rows("a1,2025-02-01,1.5,o\0ne"), "nul_byte", "Line 2", {"row": 2}),
    Case("C17", "unclosed.csv", texts.rows('a1,2025-02-01,1.5,"one', "a2,2025-02-02,2,two"), "unclosed_quote",
         "opens on line 2", {"row": 2}),
    Case("C18", "backslash.csv", texts.rows(r'a1,2025-02-01,1.5,"say \"hi\""'), "bad_quote", "Line 2", {"row": 2}),
    Case("C22", "ragged.csv", texts.rows("a1,2025-02-01,1.5,one,x", "a2,2025-02-02,2,two"), "too_many_rejects",
         "1 of 2 rows"),
    Case("C23", "twice.csv", texts.written("id,day,amount,note,Note \na1,2025-02-01,1.5,one,two\n"),
         "duplicate_header", "columns 4, 5", {"row": 1, "column": "note"}),
    Case("C25", "unnamed.csv", texts.written("id,day,amount,note,\na1,2025-02-01,1.5,one,two\n"), "unnamed_column",
         "Column 5", {"row": 2, "column": "5"}),
    Case("C26", "missing.csv", texts.written("id,dya,amount,note\na1,2025-02-01,1.5,one\n"), "missing_column",
         "missing: day. The nearest heading is 'dya'", {"row": 1, "column": "day"}),
    Case("C27", "wide.csv", texts.wide, "too_many_columns", "10,000 columns, the limit is 1,000"),
    Case("C28", "long.csv", texts.long_line, "line_too_long", "longer than 1 MiB", {"row": 2}),
    Case("C48", "macros.xlsx", workbooks.macros, "use_xlsx_or_csv", "(.xlsm)"),
    Case("C48", "macros.xlsx.gz", workbooks.gzipped_macros, "use_xlsx_or_csv", "(.xlsm)"),
    Case("C48", "binary.xlsx", workbooks.binary_workbook, "use_xlsx_or_csv", "(.xlsb)"),
    Case("C48", "document.xlsx", workbooks.open_document, "use_xlsx_or_csv", "(.ods)"),
    Case("C48", "document.xlsx", workbooks.numbers_document, "use_xlsx_or_csv", "Numbers document"),
    Case("C48", "old.xlsx", workbooks.old_excel, "use_xlsx_or_csv", "(.xls)"),
    Case("C48", "link.xlsx", texts.written('{"url":"x","doc_id":"1"}'), "use_xlsx_or_csv", "Google sheet"),
    Case("C49", "secret.xlsx", workbooks.password, "encrypted_file", "password"),
    Case("C50", "page.xls", texts.written("<html><table><tr><td>id</td></tr></table></html>"), "not_a_table",
         "an HTML page"),
    Case("C50", "scan.csv", texts.written(b"%PDF-1.7\n..."), "not_a_table", "a PDF document"),
    Case("C52", "far.xlsx", workbooks.far_cell, "extent_too_large", "limits are 1,048,576 rows, 1,000 columns",
         {"sheet": "Data", "row": 1_048_576}),
    Case("C52", "far.xlsx", workbooks.far_row, "extent_too_large", "15,000,000 cells",
         {"sheet": "Data", "row": 1_048_576}),
    Case("C53", "strings.xlsx", workbooks.missing_strings, "corrupt_xlsx", "is damaged"),
    Case("C53", "strings.xlsx", workbooks.string_index_out_of_range, "corrupt_xlsx", "is damaged"),
    Case("C53", "twice.xlsx", workbooks.duplicate_entries, "corrupt_xlsx", "two entries of the same name"),
    Case("C53", "overlap.xlsx", workbooks.overlapping_entries, "corrupt_xlsx", "overlap"),
    Case("C53", "cut.xlsx", workbooks.truncated, "corrupt_xlsx", "zip directory"),
    Case("C54", "bomb.xlsx", workbooks.zip_bomb, "unpacks_too_large", "more than 100 times"),
    Case("C54", "liar.xlsx", workbooks.lying_size, "corrupt_xlsx", "cannot be unpacked"),
    Case("C54", "many.xlsx", workbooks.many_entries, "too_many_entries", "the limit is 2,000"),
    Case("C54", "nested.xlsx", workbooks.nested_zip, "nested_archive", "inner.zip"),
    Case("C55", "doctype.xlsx", workbooks.doctype, "dtd_refused", "sheet1.xml"),
    Case("C55", "entity.xlsx", workbooks.external_entity, "dtd_refused", "sharedStrings.xml"),
    Case("C56", "cut.csv.gz", texts.truncated_gzip, "corrupt_gzip", "damaged or cut off"),
    Case("C56", "bomb.csv.gz", texts.gzip_bomb, "unpacks_too_large", "limits: 1,073,741,824"),
    Case("C56", "files.tar.gz", texts.gzipped_tar, "not_a_table", "a tar archive"),
    Case("C57", "types.parquet", parquets.wrong_types, "schema_mismatch", "3 columns do not fit", {"column": "day"}),
    Case("C58", "cut.parquet", parquets.truncated, "corrupt_parquet", "damaged or cut off"),
    Case("C58", "footer.parquet", parquets.damaged_footer, "corrupt_parquet", "damaged or cut off"),
    Case("C58", "page.parquet", parquets.damaged_page, "corrupt_parquet", "CRC"),
    Case("C58", "secret.parquet", parquets.encrypted, "encrypted_file", "encrypted"),
    Case("C59", "pickle.parquet", parquets.pickled_extension, "refused_extension_type", "could run code"),
    Case("C60", "conflict.csv", texts.rows("a1,2025-02-01,1.5,one", "a1,2025-02-01,2.5,one"), "duplicate_keys",
         "the first is a1 in rows 2, 3", {"row": 3, "column": "id", "value": "a1"}),
    Case("C63", "broken.jsonl", texts.written('{"id": "a1", "day": "2025-02-01"}\n{"id": "a2",\n'), "invalid_json",
         "Line 2", {"row": 2}),
    Case("C63", "nan.jsonl", texts.written('{"id": "a1", "day": "2025-02-01", "amount": NaN}\n'), "invalid_json",
         "NaN is not JSON", {"row": 1}),
    Case("C63", "twice.jsonl", texts.written('{"id": "a1", "id": "a2"}\n'), "duplicate_json_key", "'id' twice",
         {"row": 1, "column": "id"}),
    Case("C63", "deep.jsonl", texts.written('{"id": ' + "[" * 10_000 + "]" * 10_000 + "}\n"), "json_too_deep",
         "deeper than 32", {"row": 1}),
    Case("B16", "cell.xlsx", workbooks.huge_shared_string, "cell_too_long", "longer than the 32,767 characters"),
    Case("B16", "link.xlsx", workbooks.symlink, "corrupt_xlsx", "a symbolic link"),
    Case("B17", "renamed.xlsx", workbooks.macros, "use_xlsx_or_csv", "macros"),
    Case("B21", "columns.parquet", parquets.many_columns, "too_many_columns", "50,000 columns, the limit is 1,000"),
    Case("B21", "rows.parquet", parquets.billion_rows, "too_many_rows", "1,000,000,000 rows, the limit is"),
)  # fmt: skip
