"""The numbers of a result as one CSV: estimates first, then each table."""

from collections.abc import Iterator, Mapping

from doors.exports import Column, csv_response


def csv_of(name: str, result: Mapping):
    """A download, typed and neutralised."""
    width = max([4, *(len(table["headers"]) for table in result["tables"])])
    columns = [Column("Estimate"), Column("Value"), Column("Low"), Column("High")]
    columns += [Column("") for _ in range(width - len(columns))]
    return csv_response(name, columns, _rows(result))


def _rows(result: Mapping) -> Iterator[list]:
    for one in result["estimates"]:
        yield [one["name"], one["value"], one["low"], one["high"]]
    yield ["p", result["p"]]
    yield [result["method"], result["statistic"]]
    yield [result["verdict"]]
    for table in result["tables"]:
        yield []
        yield [table["title"]]
        yield list(table["headers"])
        yield from table["rows"]
