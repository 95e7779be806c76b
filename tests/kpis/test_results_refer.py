"""What a result refers to exists, as a foreign key would promise; checked once a statement (docs/decisions/0006)."""

import threading

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from kpis.models import Kpi, Result, Run
from tests.factories import KpiFactory, KpiVersionFactory, ResultFactory, UnitFactory

NOWHERE = 999_999_999
TABLES = {"kpi": "kpis_kpi", "version": "kpis_kpiversion", "unit": "organization_unit", "run": "kpis_run"}


def checked() -> None:
    """Ask now what is otherwise asked at the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def remove(name: str, pk: int) -> None:
    """Delete without Django, which would delete the results before."""
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {TABLES[name]} WHERE id = %s", [pk])


@pytest.fixture
def result(db) -> Result:
    return ResultFactory(run=Run.objects.create(started_at=timezone.now()))


@pytest.mark.parametrize("name", TABLES)
class TestEachReference:
    def test_of_an_insert_exists(self, result, name):
        row = {field.attname: getattr(result, field.attname) for field in Result._meta.fields}
        row |= {"id": None, "grain": "year", f"{name}_id": NOWHERE}
        with pytest.raises(IntegrityError, match=f"a row of {TABLES[name]} that does not exist"):
            Result.objects.create(**row)

    def test_holds_what_it_refers_to(self, result, name):
        # The versions of a KPI refer to it, too, by a foreign key that may speak first.
        fault = rf"Results refer to row \d+ of {TABLES[name]}|violates foreign key constraint"
        with pytest.raises(IntegrityError, match=fault), transaction.atomic():
            remove(name, getattr(result, f"{name}_id"))
            checked()
        result.refresh_from_db()

    def test_stays(self, result, name):
        with pytest.raises(IntegrityError, match="keeps its KPI, version, unit and run"), transaction.atomic():
            Result.objects.filter(pk=result.pk).update(**{f"{name}_id": NOWHERE})


def test_one_wrong_row_among_many_refuses_the_statement(result):
    units = [UnitFactory().pk for _ in range(20)]
    rows = [Result(kpi=result.kpi, version=result.version, unit_id=unit, grain="month") for unit in [*units, NOWHERE]]
    for row in rows:
        row.period_start = row.period_end = result.period_start
        row.recorded_at = result.recorded_at
    with pytest.raises(IntegrityError, match="a row of organization_unit"), transaction.atomic():
        Result.objects.bulk_create(rows)
    assert Result.objects.count() == 1


def test_what_nothing_refers_to_can_go(result):
    spare = KpiFactory(unit=result.unit)
    remove("version", spare.versions.get().pk)
    remove("kpi", spare.pk)
    checked()
    assert not Kpi.objects.filter(pk=spare.pk).exists()


def test_a_kpi_takes_its_results_with_it_and_a_run_does_not(result):
    result.run.delete()
    checked()
    result.refresh_from_db()
    assert result.run is None
    result.kpi.delete()
    checked()
    assert not Result.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_delete_waits_for_an_insert_that_refers_to_the_row_and_is_refused():
    kpi = KpiFactory()
    other = KpiVersionFactory(kpi=kpi, number=2, valid_from="2030-01-01")
    refused, asked = [], threading.Event()

    def rival() -> None:
        try:
            with transaction.atomic():
                asked.set()
                remove("version", other.pk)
        except IntegrityError as fault:
            refused.append(str(fault))
        finally:
            connection.close()

    with transaction.atomic():
        ResultFactory(kpi=kpi, version=other)
        thread = threading.Thread(target=rival)
        thread.start()
        assert asked.wait(10)
        thread.join(0.3)
        assert thread.is_alive()  # waits for the row
    thread.join(20)
    assert len(refused) == 1 and "Results refer to row" in refused[0]


@pytest.mark.django_db(transaction=True)
def test_an_insert_waits_for_a_delete_of_what_it_refers_to_and_is_refused():
    kpi = KpiFactory()
    other = KpiVersionFactory(kpi=kpi, number=2, valid_from="2030-01-01")
    refused, asked = [], threading.Event()

    def rival() -> None:
        try:
            asked.set()
            ResultFactory(kpi=kpi, version=other)
        except IntegrityError as fault:
            refused.append(str(fault))
        finally:
            connection.close()

    with transaction.atomic():
        remove("version", other.pk)
        thread = threading.Thread(target=rival)
        thread.start()
        assert asked.wait(10)
        thread.join(0.3)
        assert thread.is_alive()
    thread.join(20)
    assert len(refused) == 1 and "does not exist" in refused[0]
