"""Check constraints say yes or no: a comparison with NULL says neither, and the database takes such a row."""

import re

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import CheckConstraint

pytestmark = pytest.mark.django_db
SAMPLES = {
    "date": ["2025-01-01", "2025-02-01"],
    "timestamp with time zone": ["2025-01-01", "2025-02-01"],
    "time without time zone": ["08:00", "09:00"],
    "boolean": ["true", "false"],
}
OF_TYPE = """
    select a.attname, format_type(a.atttypid, null), a.attnotnull, pg_get_expr(c.conbin, c.conrelid)
    from pg_constraint c join pg_attribute a on a.attrelid = c.conrelid and a.attnum = any(c.conkey)
    where c.conname = %s and c.contype = 'c' order by a.attnum
"""


def undecided(name: str) -> list[tuple]:
    """Values of the constraint's columns, NULL among them where they may be, for which it says neither yes nor no."""
    with connection.cursor() as cursor:
        cursor.execute(OF_TYPE, [name])
        columns = cursor.fetchall()
        assert columns, f"the database has no constraint {name}"
        said = columns[0][3]
        words = sorted(set(re.findall(r"'([a-z_]*)'", said)) | {"", "another"})
        tables, values = [], []
        for column, kind, is_required, _ in columns:
            samples = words if kind.startswith(("character", "text")) else SAMPLES.get(kind, ["1", "2"])
            given = [*samples, *([] if is_required else [None])]
            tables.append(f'(select unnest(%s::text[])::{kind} as "{column}") as "of {column}"')
            values.append(given)
        cursor.execute(f"select * from {' cross join '.join(tables)} where ({said}) is null limit 3", values)
        return cursor.fetchall()


def constraints() -> list[str]:
    found = (one for model in apps.get_models() for one in model._meta.constraints)
    return sorted(one.name for one in found if isinstance(one, CheckConstraint))


def test_every_check_constraint_says_yes_or_no_whatever_is_null():
    names = constraints()
    assert len(names) > 60
    assert {name: rows for name in names if (rows := undecided(name))} == {}


def test_a_constraint_that_compares_with_null_is_found():
    with connection.cursor() as cursor:
        cursor.execute("create table probe (first date, last date, constraint probe_runs check (last > first))")
    assert len(undecided("probe_runs")) == 3
