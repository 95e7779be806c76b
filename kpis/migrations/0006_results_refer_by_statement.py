"""What a result refers to is checked once a statement, not once a row (docs/decisions/0006).

As a foreign key does, an insert locks what it refers to, so that a delete at the same time waits and is then refused.
"""

import django.db.models.deletion
from django.db import migrations, models

CHECK = """
create function results_need(referred regclass, ids bigint[]) returns void language plpgsql as $$
declare standing bigint;
begin
  execute format('select count(*) from (select from %s where id = any($1) for key share) as held', referred)
    into standing using ids;
  if standing < cardinality(ids) then
    raise exception 'A result refers to a row of % that does not exist.', referred using errcode = 'foreign_key_violation';
  end if;
end $$;

create function results_refer() returns trigger language plpgsql as $$
declare
  kpis bigint[]; versions bigint[]; units bigint[]; runs bigint[];
begin
  select array_agg(distinct kpi_id), array_agg(distinct version_id), array_agg(distinct unit_id),
    array_agg(distinct run_id) filter (where run_id is not null)
    into kpis, versions, units, runs
    from (select distinct kpi_id, version_id, unit_id, run_id from added) as named;
  perform results_need('kpis_kpi', kpis), results_need('kpis_kpiversion', versions),
    results_need('organization_unit', units), results_need('kpis_run', runs);
  return null;
end $$;
create trigger results_refer after insert on kpis_result referencing new table as added
  for each statement execute function results_refer();

create function result_keeps_its_references() returns trigger language plpgsql as $$
begin
  raise exception 'A result keeps its KPI, version, unit and run.' using errcode = 'restrict_violation';
end $$;
create trigger result_keeps_its_references before update on kpis_result for each row
  when (new.kpi_id <> old.kpi_id or new.version_id <> old.version_id or new.unit_id <> old.unit_id
    or (new.run_id is not null and new.run_id is distinct from old.run_id))
  execute function result_keeps_its_references();

create function no_result_refers() returns trigger language plpgsql as $$
declare referred boolean;
begin
  execute format('select exists (select from kpis_result where %I = $1)', tg_argv[0]) into referred using old.id;
  if referred then
    raise exception 'Results refer to row % of %.', old.id, tg_table_name using errcode = 'foreign_key_violation';
  end if;
  return null;
end $$;
create constraint trigger no_result_refers after delete on kpis_kpi
  deferrable initially deferred for each row execute function no_result_refers('kpi_id');
create constraint trigger no_result_refers after delete on kpis_kpiversion
  deferrable initially deferred for each row execute function no_result_refers('version_id');
create constraint trigger no_result_refers after delete on organization_unit
  deferrable initially deferred for each row execute function no_result_refers('unit_id');
create constraint trigger no_result_refers after delete on kpis_run
  deferrable initially deferred for each row execute function no_result_refers('run_id');
"""
UNCHECK = """
drop trigger no_result_refers on kpis_run;
drop trigger no_result_refers on organization_unit;
drop trigger no_result_refers on kpis_kpiversion;
drop trigger no_result_refers on kpis_kpi;
drop trigger result_keeps_its_references on kpis_result;
drop trigger results_refer on kpis_result;
drop function no_result_refers, result_keeps_its_references, results_refer, results_need;
"""


def reference(name: str, to: str, on_delete, **more) -> migrations.AlterField:
    field = models.ForeignKey(to, on_delete, related_name="results", db_constraint=False, **more)
    return migrations.AlterField("result", name, field)


class Migration(migrations.Migration):
    dependencies = [
        ("kpis", "0005_fewer_result_indexes"),
        ("organization", "0003_people_manager"),
    ]
    operations = [
        reference("kpi", "kpis.kpi", django.db.models.deletion.CASCADE, db_index=False),
        reference("version", "kpis.kpiversion", django.db.models.deletion.CASCADE),
        reference("unit", "organization.unit", django.db.models.deletion.CASCADE, db_index=False),
        reference("run", "kpis.run", django.db.models.deletion.SET_NULL, null=True),
        migrations.RunSQL(CHECK, UNCHECK),
    ]
