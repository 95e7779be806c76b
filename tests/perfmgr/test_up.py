"""`manage.py up` says at once when it cannot listen; and no worker that shall end waits for a queue that is gone."""

import socket
import subprocess
import sys

import pytest

from perfmgr.launch import up


@pytest.mark.parametrize("port", ["abc", "0", "65536", "-1", "", "²"])
def test_a_port_that_is_none_is_named(port):
    with pytest.raises(up.PlaceTaken, match=r"write a number from 1 to 65535"):
        up.listening_place("127.0.0.1", port)


def test_a_port_that_another_holds_is_refused_and_free_once_it_is_left(monkeypatch, tmp_path, capfd):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        with pytest.raises(up.PlaceTaken, match=rf"127\.0\.0\.1:{port} cannot be listened at .*Choose another"):
            up.listening_place("127.0.0.1", port)
        monkeypatch.setenv("PORT", port)
        monkeypatch.setenv("PERFMGR_VAR", str(tmp_path))
        assert up.main([]) == 1
        assert "Choose another" in capfd.readouterr().out
    assert up.listening_place("127.0.0.1", port) == ("127.0.0.1", int(port))


def test_a_host_that_is_not_this_machine_is_refused():
    with pytest.raises(up.PlaceTaken, match="Choose another"):
        up.listening_place("192.0.2.1", "8000")


STUCK = """
import threading
from celery.signals import worker_shutting_down
from perfmgr import celery

gone = threading.Lock()
gone.acquire()
celery.end_at_once(how="Warm", exitcode=3, patience=0.01)
for receiver in worker_shutting_down.send(sender="worker", sig="SIGQUIT", how="Cold", exitcode=4, patience=0.3):
    assert receiver[1] is None
gone.acquire()
"""


def test_a_worker_that_shall_end_at_once_does_not_wait_for_a_queue_that_is_gone():
    assert subprocess.run([sys.executable, "-c", STUCK], timeout=60).returncode == 4
