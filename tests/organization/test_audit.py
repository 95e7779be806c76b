"""B31: whoever changes, cuts or rebuilds the audit trail is found, and the database refuses to begin with."""

import hashlib

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from organization import audit
from organization.models import AuditAnchor, AuditEntry
from tests.factories import UnitFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def trail(settings, tmp_path, django_capture_on_commit_callbacks):
    """Five entries, their end noted outside the database; and no trigger, as for one who owns the tables."""
    settings.AUDIT_ANCHOR = str(tmp_path / "anchor")
    unit = UnitFactory()
    with django_capture_on_commit_callbacks(execute=True):
        entries = [audit.record(None, f"step {step}", unit) for step in range(1, 6)]
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate; alter table organization_auditentry disable trigger user")
    return entries


def test_an_untouched_trail_holds(trail):
    assert audit.verify() == audit.Verdict(entries=5)
    call_command("verify_audit")


@pytest.mark.parametrize(
    "change",
    [{"action": "something else"}, {"actor_name": "somebody else"}, {"details": {"value": 7}}, {"object_name": ""}],
)
def test_b31_a_changed_entry_is_named(trail, change):
    AuditEntry.objects.filter(seq=3).update(**change)
    assert audit.verify().entries == 2
    assert audit.verify().fault.startswith("Entry 3 (")


def test_b31_an_entry_deleted_in_the_middle_is_missed(trail):
    AuditEntry.objects.filter(seq=3).delete()
    assert audit.verify().fault == "Entry 3 is missing: the next one found is 4."


def test_b31_a_cut_tail_is_missed(trail):
    AuditEntry.objects.filter(seq__gt=3).delete()
    assert "ends at entry 3, but the database knows of entry 5" in audit.verify().fault


def test_b31_a_cut_tail_is_missed_even_when_the_anchor_row_is_set_back(trail):
    AuditEntry.objects.filter(seq__gt=3).delete()
    AuditAnchor.objects.update(seq=3, hash=trail[2].hash)
    assert "ends at entry 3, but the anchor file knows of entry 5" in audit.verify().fault


def test_b31_a_chain_rebuilt_without_the_key_is_found(trail):
    previous = audit.FIRST
    for entry in AuditEntry.objects.order_by("seq"):
        entry.previous_hash = previous
        entry.action = f"forged {entry.seq}"
        entry.hash = previous = hashlib.sha256(repr((entry.action, previous)).encode()).hexdigest()
        entry.save()
    AuditAnchor.objects.update(hash=previous)
    assert "Entry 1 (" in audit.verify().fault


def test_b31_a_chain_rebuilt_with_the_key_disagrees_with_the_anchor_file(trail):
    previous = audit.FIRST
    for entry in AuditEntry.objects.order_by("seq"):
        entry.previous_hash, entry.action = previous, f"forged {entry.seq}"
        entry.hash = previous = audit.content_hash(entry)
        entry.save()
    AuditAnchor.objects.update(hash=previous)
    assert "not the one that the anchor file knows" in audit.verify().fault


def test_the_command_fails_with_the_first_bad_entry(trail):
    AuditEntry.objects.filter(seq=2).update(action="x")
    with pytest.raises(CommandError, match="Entry 2") as failure:
        call_command("verify_audit")
    assert failure.value.returncode == 1


def test_after_a_change_of_the_key_the_old_entries_still_hold(trail, settings):
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-key-" * 6
    audit.record(None, "step 6", UnitFactory())
    assert audit.verify() == audit.Verdict(entries=6)


@pytest.mark.parametrize(
    "statement",
    [
        "update organization_auditentry set action = 'x'",
        "delete from organization_auditentry",
        "truncate organization_auditentry",
    ],
)
def test_b31_the_database_refuses_to_change_the_trail(statement):
    audit.record(None, "step 1", UnitFactory())
    with connection.cursor() as cursor:
        cursor.execute(
            "set constraints all immediate; alter table organization_auditentry enable trigger audit_stays"
        )  # off for tests: see conftest
        with pytest.raises(DatabaseError, match="only ever added to"), transaction.atomic():
            cursor.execute(statement)
    assert AuditEntry.objects.count() == 1
