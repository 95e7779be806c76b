"""What a backup says of a file is what it holds of it, whatever happens to the file meanwhile."""

import hashlib
import io
import tarfile

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
