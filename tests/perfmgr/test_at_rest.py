"""A backup is restored where nothing runs yet: the command brings the embedded database up for itself."""

import fcntl

import psycopg2
import pytest
from django.core.management import CommandError, call_command

from perfmgr.launch.at_rest import Running, embedded_database
from perfmgr.launch.postgres import Postgres


@pytest.fixture
def embedded(monkeypatch):
    monkeypatch.delenv("DATABASE_URL")


def test_the_database_answers_inside_and_has_stopped_afterwards(embedded, tmp_path):
    url = Postgres(tmp_path / "pg").url.replace("postgres:", "postgresql:")
    with embedded_database(tmp_path, alone=True):
        psycopg2.connect(url).close()
    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect(url)


def test_while_perfmgr_runs_its_database_is_used_and_nobody_restores_over_it(embedded, tmp_path):
    with (tmp_path / "up.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with embedded_database(tmp_path):
            assert not (tmp_path / "pg").exists()
        with pytest.raises(Running, match="Stop it"), embedded_database(tmp_path, alone=True):
            pass


@pytest.mark.django_db
def test_what_is_no_backup_is_refused_in_words(tmp_path):
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear reader")
    for file, said in ((letter, "no backup of perfmgr"), (tmp_path / "none.tar.gz", "no file")):
        with pytest.raises(CommandError, match=said):
            call_command("restore", file)
