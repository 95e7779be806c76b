"""The database itself refuses to change or remove audit entries."""

from django.db import migrations

REFUSE = """
create function audit_is_insert_only() returns trigger language plpgsql as $$
begin
  raise exception 'The audit trail is only ever added to: % is refused.', tg_op using errcode = 'restrict_violation';
end $$;
create trigger audit_rows_stay before update or delete on organization_auditentry
  for each row execute function audit_is_insert_only();
create trigger audit_stays before truncate on organization_auditentry
  for each statement execute function audit_is_insert_only();
"""
ALLOW = """
drop trigger audit_rows_stay on organization_auditentry;
drop trigger audit_stays on organization_auditentry;
drop function audit_is_insert_only();
"""


class Migration(migrations.Migration):
    dependencies = [("organization", "0001_initial")]
    operations = [migrations.RunSQL(REFUSE, ALLOW)]
