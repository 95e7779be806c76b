"""`manage.py up` says at once when it cannot listen; and a worker's pool ends with it."""

import socket
import subprocess
import sys
import time
from pathlib import Path

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


POOL = """
import os, sys, time
from celery.signals import worker_process_init
from perfmgr import celery

read, write = os.pipe()
if os.fork() == 0:
    worker_process_init.send(sender=None)
    os.write(write, b"%d" % os.getpid())
    time.sleep(60)  # a job, say
print(os.read(read, 20).decode(), flush=True)
time.sleep(60)
"""


def test_a_process_of_the_pool_ends_with_its_worker_in_the_middle_of_a_job():
    with subprocess.Popen([sys.executable, "-c", POOL], stdout=subprocess.PIPE) as worker:
        child = int(worker.stdout.readline())
        assert is_alive(child)
        worker.kill()
        worker.wait()
        until = time.monotonic() + 10
        while is_alive(child) and time.monotonic() < until:
            time.sleep(0.01)
    assert not is_alive(child)


def is_alive(pid: int) -> bool:
    """Running, and no zombie that nobody has collected yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
