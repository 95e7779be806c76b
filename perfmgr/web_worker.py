"""gunicorn's threads, none of which a client can keep by sending its request drop by drop (C64).

The head of a request must be there within PERFMGR_SLOW_REQUEST_SECONDS (20); after that the client is told 408 and cut
off. A body has as long, and one second more for each SLOWEST bytes of it, so that a large extract on a slow line still
comes through. An idle connection holds no thread: gunicorn puts it aside by itself.

What is loaded when a worker begins stays until it ends, so the garbage collector is told to leave it alone: to walk
through all of it takes longer than most pages. It also begins later than usual, since a page of thousands of numbers
makes many objects that are in no cycle.
"""

import contextlib
import gc
import os
import select
import signal
import socket
import threading
import time

from gunicorn.workers.gthread import ThreadWorker

from perfmgr.launch.children import die_with_parent

PATIENCE = float(os.environ.get("PERFMGR_SLOW_REQUEST_SECONDS") or 20)
SLOWEST = 5_000  # bytes a second
OBJECTS = 50_000  # that a collection waits for
TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


def spare_the_collector() -> None:
    gc.collect()
    gc.freeze()
    gc.set_threshold(OBJECTS, 10, 10)


class WebWorker(ThreadWorker):
    def init_process(self):
        die_with_parent(signal.SIGKILL)  # however gunicorn ends, it ends with it: else it would hold the port
        super().init_process()

    def load_wsgi(self):
        super().load_wsgi()
        spare_the_collector()

    def handle(self, conn):
        conn.head_deadline = threading.Timer(PATIENCE, cut_off, [conn.sock])
        conn.head_deadline.daemon = True
        conn.head_deadline.start()
        try:
            return super().handle(conn)
        finally:
            conn.head_deadline.cancel()

    def handle_request(self, req, conn):
        conn.head_deadline.cancel()
        conn.parser.unreader.sock = BodySocket(conn.sock)
        return super().handle_request(req, conn)


class BodySocket:
    """What gunicorn reads a body from. recv raises TimeoutError when the body comes too slowly."""

    def __init__(self, sock: socket.socket):
        self.sock, self.received, self.since = sock, 0, time.monotonic()

    def recv(self, size: int) -> bytes:
        left = self.since + PATIENCE + self.received / SLOWEST - time.monotonic()
        if left <= 0 or not select.select([self.sock], [], [], left)[0]:
            raise TimeoutError("The body of the request came too slowly.")
        data = self.sock.recv(size)
        self.received += len(data)
        return data


def cut_off(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.send(TOO_SLOW, socket.MSG_DONTWAIT)
        sock.shutdown(socket.SHUT_RDWR)
