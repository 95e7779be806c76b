"""What a backup says of a file is what it holds of it, whatever happens to the file meanwhile."""

import hashlib
import io
import tarfile

import pytest
from django.utils import timezone

from perfmgr import backup


def test_a_file_that_grows_while_it_is_copied_proves_itself_all_the_same(tmp_path):
    file, kept = tmp_path / "extract.csv", io.BytesIO()
    file.write_bytes(b"a,b\n")

    class Busy(tarfile.TarFile):
        def addfile(self, *arguments):
            super().addfile(*arguments)
            with file.open("ab") as stream:
                stream.write(b"1,2\n")

    manifest = {"files": {}}
    with Busy.open(fileobj=kept, mode="w") as tar:
        backup._add(tar, "uploads/extract.csv", file, manifest)
        backup._add(tar, "uploads/gone.csv", tmp_path / "gone.csv", manifest)
    with tarfile.open(fileobj=io.BytesIO(kept.getvalue())) as tar:
        content = tar.extractfile("uploads/extract.csv").read()
    assert content == b"a,b\n"
    assert manifest["files"] == {"uploads/extract.csv": {"size": 4, "sha256": hashlib.sha256(content).hexdigest()}}


@pytest.fixture
def somewhere(tmp_path, monkeypatch):
    """A folder to write to; the database is dumped as a text, beside it is nothing."""
    monkeypatch.setattr(backup, "_row_counts", dict)
    monkeypatch.setattr(backup, "folders", dict)
    monkeypatch.setattr(backup, "_run", lambda command, purpose: _dumped(command))
    return tmp_path


def _dumped(command):
    with open(next(part for part in command if part.startswith("--file=")).removeprefix("--file="), "w") as file:
        file.write("all of it")


def test_only_its_owner_may_read_a_backup_since_it_holds_what_signs_people_in(somewhere):
    backup.backup(somewhere / "b.tar.gz", timezone.now())
    assert [(file.name, file.stat().st_mode & 0o777) for file in somewhere.iterdir()] == [("b.tar.gz", 0o600)]


@pytest.mark.parametrize(("name", "said"), [("nowhere/b.tar.gz", "There is no folder"), (".", "is a folder")])
def test_a_place_that_is_none_is_named_before_anything_is_dumped(somewhere, name, said):
    with pytest.raises(backup.BackupFault, match=said):
        backup.backup(somewhere / name, timezone.now())
    assert list(somewhere.iterdir()) == []


def test_a_backup_that_fails_on_the_way_leaves_nothing_and_the_one_before(somewhere, monkeypatch):
    (somewhere / "b.tar.gz").write_bytes(b"yesterday's")

    def full(command, purpose):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backup, "_run", full)
    with pytest.raises(backup.BackupFault, match=r"could not be written to .*b.tar.gz: No space left on device"):
        backup.backup(somewhere / "b.tar.gz", timezone.now())
    assert [(file.name, file.read_bytes()) for file in somewhere.iterdir()] == [("b.tar.gz", b"yesterday's")]


def test_what_is_no_backup_or_a_damaged_one_is_told_in_words(tmp_path):
    with pytest.raises(backup.BackupFault, match="is a folder: name the backup's file in it"):
        backup._unpack(tmp_path, tmp_path / "into")
    with pytest.raises(
        backup.BackupFault, match=r"no backup of perfmgr, or it is damaged.*nothing was restored"
    ) as told:
        backup._verified(tmp_path)
    assert str(tmp_path) not in str(told.value)
