"""Files that every door must refuse, with the code of the refusal. None of them may load a single row."""

from dataclasses import dataclass
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
    """number: of the requirement; name: under which a person would upload the file; code: of the refusal."""

    number: str
    name: str
    build: Builder
    code: str

    def __str__(self) -> str:
        return f"{self.number}_{self.build.__name__ if self.build.__name__ != 'build' else self.name}_{self.code}"

    def write(self, folder: Path) -> Path:
        return self.build(folder / self.name)


CASES = (
    Case("C1", "empty.csv", texts.written(b""), "empty_file"),
    Case("C3", "blank.csv", texts.written(b" \n\t\n\r\n  "), "empty_file"),
    Case("C3", "blank.csv.gz", texts.gzipped(""), "empty_file"),
    Case("C4", "headerless.csv", texts.written("a1,2025-02-01,1.5,one\na2,2025-02-02,2,two\n"), "header_not_found"),
    Case("C12", "mixed.csv", texts.written(texts.GOOD.encode() + b"a3,2025-02-03,3,caf\xe9\n"), "encoding_error"),
    Case("C14", "nul.csv", texts.rows("a1,2025-02-01,1.5,o\0ne"), "nul_byte"),
    Case("C17", "unclosed.csv", texts.rows('a1,2025-02-01,1.5,"one', "a2,2025-02-02,2,two"), "unclosed_quote"),
    Case("C18", "backslash.csv", texts.rows(r'a1,2025-02-01,1.5,"say \"hi\""'), "bad_quote"),
    Case("C22", "ragged.csv", texts.rows("a1,2025-02-01,1.5,one,x", "a2,2025-02-02,2,two,x"), "too_many_rejects"),
    Case(
        "C23", "twice.csv", texts.written("id,day,amount,note,Note \na1,2025-02-01,1.5,one,two\n"), "duplicate_header"
    ),
    Case("C25", "unnamed.csv", texts.written("id,day,amount,note,\na1,2025-02-01,1.5,one,two\n"), "unnamed_column"),
    Case("C26", "missing.csv", texts.written("id,date,amount,note\na1,2025-02-01,1.5,one\n"), "missing_column"),
    Case("C27", "wide.csv", texts.wide, "too_many_columns"),
    Case("C28", "long.csv", texts.long_line, "line_too_long"),
    Case("C48", "macros.xlsx", workbooks.macros, "use_xlsx_or_csv"),
    Case("C48", "binary.xlsx", workbooks.binary_workbook, "use_xlsx_or_csv"),
    Case("C48", "document.xlsx", workbooks.open_document, "use_xlsx_or_csv"),
    Case("C48", "document.xlsx", workbooks.numbers_document, "use_xlsx_or_csv"),
    Case("C48", "old.xlsx", workbooks.old_excel, "use_xlsx_or_csv"),
    Case("C48", "link.xlsx", texts.written('{"url":"x","doc_id":"1"}'), "use_xlsx_or_csv"),
    Case("C49", "secret.xlsx", workbooks.password, "encrypted_file"),
    Case("C50", "page.xls", texts.written("<html><table><tr><td>id</td></tr></table></html>"), "not_a_table"),
    Case("C50", "scan.csv", texts.written(b"%PDF-1.7\n..."), "not_a_table"),
    Case("C52", "far.xlsx", workbooks.far_cell, "extent_too_large"),
    Case("C52", "far.xlsx", workbooks.far_row, "extent_too_large"),
    Case("C53", "strings.xlsx", workbooks.missing_strings, "corrupt_xlsx"),
    Case("C53", "strings.xlsx", workbooks.string_index_out_of_range, "corrupt_xlsx"),
    Case("C53", "twice.xlsx", workbooks.duplicate_entries, "corrupt_xlsx"),
    Case("C53", "overlap.xlsx", workbooks.overlapping_entries, "corrupt_xlsx"),
    Case("C53", "cut.xlsx", workbooks.truncated, "corrupt_xlsx"),
    Case("C54", "bomb.xlsx", workbooks.zip_bomb, "unpacks_too_large"),
    Case("C54", "liar.xlsx", workbooks.lying_size, "corrupt_xlsx"),
    Case("C54", "many.xlsx", workbooks.many_entries, "too_many_entries"),
    Case("C54", "nested.xlsx", workbooks.nested_zip, "nested_archive"),
    Case("C55", "doctype.xlsx", workbooks.doctype, "dtd_refused"),
    Case("C55", "entity.xlsx", workbooks.external_entity, "dtd_refused"),
    Case("C56", "cut.csv.gz", texts.truncated_gzip, "corrupt_gzip"),
    Case("C56", "bomb.csv.gz", texts.gzip_bomb, "unpacks_too_large"),
    Case("C56", "files.tar.gz", texts.gzipped_tar, "not_a_table"),
    Case("C57", "types.parquet", parquets.wrong_types, "schema_mismatch"),
    Case("C58", "cut.parquet", parquets.truncated, "corrupt_parquet"),
    Case("C58", "footer.parquet", parquets.damaged_footer, "corrupt_parquet"),
    Case("C58", "page.parquet", parquets.damaged_page, "corrupt_parquet"),
    Case("C58", "secret.parquet", parquets.encrypted, "encrypted_file"),
    Case("C59", "pickle.parquet", parquets.pickled_extension, "refused_extension_type"),
    Case("C60", "conflict.csv", texts.rows("a1,2025-02-01,1.5,one", "a1,2025-02-01,2.5,one"), "duplicate_keys"),
    Case("C63", "broken.jsonl", texts.written('{"id": "a1", "day": "2025-02-01"}\n{"id": "a2",\n'), "invalid_json"),
    Case("C63", "nan.jsonl", texts.written('{"id": "a1", "day": "2025-02-01", "amount": NaN}\n'), "invalid_json"),
    Case("C63", "twice.jsonl", texts.written('{"id": "a1", "id": "a2"}\n'), "duplicate_json_key"),
    Case("C63", "deep.jsonl", texts.written('{"id": ' + "[" * 10_000 + "]" * 10_000 + "}\n"), "json_too_deep"),
    Case("B16", "cell.xlsx", workbooks.huge_shared_string, "cell_too_long"),
    Case("B16", "link.xlsx", workbooks.symlink, "corrupt_xlsx"),
    Case("B17", "renamed.xlsx", workbooks.macros, "use_xlsx_or_csv"),
    Case("B21", "columns.parquet", parquets.many_columns, "too_many_columns"),
)
