"""What all tests share."""

import pytest
from hypothesis import HealthCheck, settings

# A law holds on a busy machine too; how long its examples take is for the benchmarks.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """A transactional test empties all tables afterwards; the audit trail's own trigger would refuse that."""
    from django.db import connection

    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("alter table organization_auditentry disable trigger audit_stays")
