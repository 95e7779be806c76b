"""What all tests share."""

from datetime import datetime
from functools import wraps

import pytest
from django.test import Client
from hypothesis import HealthCheck, settings

from tests.markup import squeezed

# A law holds on a busy machine too; how long its examples take is for the benchmarks.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


DEMO = "tests/end_to_end/"  # a minute or more to load
LONGEST = "tests/faults/test_launcher.py"


@pytest.hookimpl(tryfirst=True)
def pytest_itemcollected(item):
    """What asks for no database, browser or process of its own is quick: `make quick` runs that."""
    apart = any(item.get_closest_marker(mark) for mark in ("django_db", "browser", "faults", "child_process"))
    apart = apart or item.nodeid.startswith(LONGEST)
    if not apart and not {"db", "transactional_db", "live_server"} & set(item.fixturenames):
        item.add_marker("quick")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """What is quick comes first, so that most mistakes show within minutes. Of the rest the longest file is begun
    first, so that no process ends much later than the other."""

    def slowness(item):
        if item.nodeid.startswith(LONGEST):
            return 1
        if item.nodeid.startswith(DEMO):
            return 2
        return 3 if item.get_closest_marker("faults") else 4 if item.get_closest_marker("browser") else 0

    items.sort(key=slowness)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """A process takes a file of tests at a time; those that share the demo are one, so that it is loaded once."""
    if config.getvalue("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class TogetherOverDemo(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return DEMO if nodeid.startswith(DEMO) else super()._split_scope(nodeid)

    return TogetherOverDemo(config, log)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """A transactional test empties all tables afterwards. The audit trail's own trigger would refuse that; and a worker
    or a request that still reads two of the tables may end in a deadlock with it, so it is tried again."""
    from django.db import OperationalError, connection
    from django.db.backends.postgresql.operations import DatabaseOperations

    once = DatabaseOperations.execute_sql_flush

    def until_done(operations, statements, attempts=5):
        try:
            once(operations, statements)
        except OperationalError:
            if attempts == 1:
                raise
            until_done(operations, statements, attempts - 1)

    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("alter table organization_auditentry disable trigger audit_stays")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "execute_sql_flush", until_done)
        yield


@pytest.fixture(autouse=True, scope="session")
def no_instant_without_a_clock():
    """No page of any test shows an instant but by `{% when %}`, which knows the clock of who looks."""
    from django.template import base, defaultfilters

    def guarded(once):
        @wraps(once)
        def shown(value, *args):
            assert not (isinstance(value, datetime) and value.tzinfo), f"{value} is shown by no clock: use {{% when %}}"
            return once(value, *args)

        return shown

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(base, "render_value_in_context", guarded(base.render_value_in_context))
        for name in ("date", "time", "timesince", "timeuntil"):
            patch.setitem(defaultfilters.register.filters, name, guarded(defaultfilters.register.filters[name]))
        yield


@pytest.fixture(autouse=True, scope="session")
def pages_as_they_are_read():
    """What tests read of a page says nothing of how its template is laid out."""
    asked = Client.request

    def request(self, **environ):
        answer = asked(self, **environ)
        if answer.get("Content-Type", "").startswith("text/html") and not answer.streaming:
            answer.content = squeezed(answer.content.decode()).encode()
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Client, "request", request)
        yield


@pytest.fixture(autouse=True, scope="session")
def cache_of_its_own(worker_id):
    """Each process of the suite has a database of its own, in which ids and tokens count from one as in the others':
    in a cache that they share, the calls of one would use up what another may call."""
    from django.conf import settings as django_settings
    from django.core.cache import caches

    django_settings.CACHES["default"]["KEY_PREFIX"] = f"perfmgr-{worker_id}"
    caches["default"].close()
    del caches["default"]  # made again with its name


@pytest.fixture
def in_this_process(monkeypatch):
    """The limited child process costs a second a call. That there is one, and what it limits, is shown by
    tests/lake/test_sandbox.py and by the tests with the mark `child_process`."""
    from lake import sandbox

    def run(function, *args, limits=None, on_progress=None, warm=(), without=(), **named):
        return function(*args, **named)

    monkeypatch.setattr(sandbox, "run", run)
