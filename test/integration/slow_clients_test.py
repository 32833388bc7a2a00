"""Slow attackers by the thousand, and other clients who do not notice.

slowhttptest is Debian's; the endpoint is nginx, so that the machine's time goes to uvoy.
"""

import asyncio
import contextlib
import json
import pathlib
import resource
import socket
import subprocess
import sys
import tempfile
import time
import unittest

import harness
import wire
from harness import Uvoy, config, eventually, free_port
from origin import Origin

MIB = 1024 * 1024
FOLDER = pathlib.Path(__file__).parent
CONNECTIONS = 1000
IDLE = 5000
RATE = 200
SECONDS = 3  # of a measurement
TIMEOUTS = {"headers": "4s", "body": "4s", "keepalive": "4s", "write": "4s"}
# Of the 99th percentile: a machine of two cores has pauses of its own.
FLOOR = 0.025
# What the allocator keeps after the first thousand.
KEPT = 8 * MIB
NGINX = """
worker_processes 1; daemon off; pid nginx.pid; error_log stderr crit;
events {{ worker_connections 4096; }}
http {{
    access_log off; client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi; scgi_temp_path scgi; keepalive_requests 1000000;
    server {{
        listen 127.0.0.1:{port} backlog=4096; root {folder};
        location = /small {{ return 200 "small"; }}
    }}
}}
"""
# A mebibyte for each of a thousand would be more than the kernel has for TCP; the large file is
# more than it takes for one.
SIZES = {"medium": MIB // 16, "large": 16 * MIB}
MODES = {
    "slow headers": ["-H", "-i", "1"],
    "slow body": ["-B", "-i", "1", "-s", "8192"],
    "ranges": ["-R", "-a", "1", "-b", "1500"],
    "slow read": ["-X", "-w", "512", "-y", "1024", "-n", "1", "-z", "32"],
}


def raise_descriptor_limit():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


class Nginx:
    """`/small` is a word, the others are files of `SIZES`."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="uvoy-nginx-")
        folder = pathlib.Path(self.folder.name)
        folder.chmod(0o755)
        for name, size in SIZES.items():
            with open(folder / name, "wb") as file:
                file.truncate(size)
        port = free_port()
        (folder / "nginx.conf").write_text(NGINX.format(port=port, folder=folder))
        self.address = f"127.0.0.1:{port}"
        self.process = subprocess.Popen(["nginx", "-p", folder, "-c", folder / "nginx.conf"])
        eventually(lambda: self.is_up(port), "nginx")
        return self

    def is_up(self, port):
        try:
            return wire.ask(port, "/small").status == 200
        except OSError:
            return False

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.folder.cleanup()


class Drips:
    """Connections that send a byte a second; `answers` keeps (seconds, bytes) of each."""

    def __init__(self, port, request):
        self.port, self.request = port, request
        self.answers = []

    async def one(self):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        started = time.monotonic()
        writer.write(self.request)
        drip = asyncio.create_task(self.drip(writer))
        try:
            self.answers.append((await reader.read(), time.monotonic() - started))
        finally:
            drip.cancel()
            writer.transport.abort()

    async def drip(self, writer):
        while True:
            await asyncio.sleep(1)
            writer.write(b"x")

    async def all(self, count):
        await asyncio.gather(*(self.one() for _ in range(count)))


def tight_client(port, request):
    """One whose kernel takes next to nothing for it."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.connect(("127.0.0.1", port))
    sock.sendall(request)
    sock.setblocking(False)
    return sock


def p99(load):
    """In seconds; all requests have been answered."""
    out, _ = load.communicate(timeout=harness.PATIENCE)
    told = json.loads(out)
    assert not told["failures"], told["failures"][0]
    times = sorted(told["times"])
    assert len(times) == RATE * SECONDS
    return times[len(times) * 99 // 100]


class SlowClients(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        assert raise_descriptor_limit() > 2 * IDLE, "too few descriptors for this test"
        nginx, uploads = cls.enterClassContext(Nginx()), cls.enterClassContext(Origin())
        ample = {"limits": {"requests": 4096, "connections": 4096}}
        cls.settings = config(
            nginx,
            cluster=ample,
            listener={"timeouts": TIMEOUTS},
            clusters={"uploads": {"endpoints": [uploads.address], **ample}},
            routes=[
                {"match": {"path": "/upload"}, "cluster": "uploads", "timeout": "4s"},
                {"cluster": "app", "timeout": "4s"},
            ],
        )

    def setUp(self):
        self.uvoy = self.enterContext(Uvoy(self.settings))
        self.quiet = p99(self.load())
        self.before = self.uvoy.memory()

    def load(self):
        """Begins 200 requests a second."""
        command = [sys.executable, FOLDER / "load.py", str(self.uvoy.port), str(RATE), str(SECONDS)]
        return subprocess.Popen(command, stdout=subprocess.PIPE)

    def judge(self, what, load):
        attacked = p99(load)
        print(f"{what}: p99 {attacked * 1e3:.2f} ms, quiet {self.quiet * 1e3:.2f} ms", flush=True)
        self.assertLess(attacked, max(2 * self.quiet, self.quiet + FLOOR), what)

    def settled(self, what):
        """Everybody is gone, and memory is what it was."""
        eventually(lambda: self.uvoy.metric("uvoy_connections_active") == 0, "clients are gone")
        eventually(lambda: self.uvoy.metric("active_connections") == 0)
        grown = self.uvoy.memory() - self.before
        print(f"{what}: memory grew by {grown / MIB:.2f} MiB", flush=True)
        self.assertLess(grown, KEPT, what)
        self.assertEqual(self.uvoy.ask("/small").body, b"small")

    def attack(self, options):
        url = f"http://127.0.0.1:{self.uvoy.port}/medium"
        command = ["slowhttptest", "-u", url, "-c", str(CONNECTIONS), "-r", "1000", "-p", "20"]
        command += ["-l", str(SECONDS + 3), "-v", "0", *options]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL)

    def test_slowhttptest_in_all_its_modes(self):
        for what, options in MODES.items():
            with self.subTest(what):
                accepted = self.uvoy.metric("uvoy_connections_total")
                attack = self.attack(options)
                try:
                    eventually(
                        lambda: self.uvoy.metric("uvoy_connections_total") - accepted > 900,
                        "the attack is on",
                    )
                    self.judge(what, self.load())
                finally:
                    attack.terminate()
                    attack.wait()
                self.settled(what)

    def test_a_byte_a_second_is_over_in_time_in_a_head_and_in_a_body(self):
        head = Drips(self.uvoy.port, b"GET /small HTTP/1.1\r\nHost: test\r\nA: ")
        body = Drips(self.uvoy.port, wire.head("POST", "/upload", [("Content-Length", 1000)]))

        async def attack():
            half = CONNECTIONS // 2
            attackers = asyncio.gather(head.all(half), body.all(half))
            await asyncio.sleep(1)  # a thousand connects by one interpreter
            load = self.load()
            await attackers
            return load

        self.judge("a byte a second", asyncio.run(attack()))
        for drips in (head, body):
            starts = {answer.split(b"\r\n")[0] for answer, _ in drips.answers}
            self.assertEqual(starts, {b"HTTP/1.1 408 Request Timeout"})
            times = [seconds for _, seconds in drips.answers]
            self.assertGreater(min(times), 3.5)
            self.assertLess(max(times), 8)
        self.settled("a byte a second")

    def test_a_reader_of_a_byte_a_second_is_over_in_time(self):
        started = time.monotonic()
        request = wire.head("GET", "/large")
        clients = [tight_client(self.uvoy.port, request) for _ in range(20)]
        time.sleep(0.5)  # so much is copied before all buffers are full
        load = self.load()
        reason = 'reason="client_timeout"'
        while self.uvoy.metric("uvoy_connections_closed_total", reason) < len(clients):
            self.assertLess(time.monotonic() - started, 10)
            for client in clients:
                with contextlib.suppress(OSError):
                    client.recv(1)
            time.sleep(1)
        self.assertGreater(time.monotonic() - started, 3.5)
        self.judge("a reader of a byte a second", load)
        for client in clients:
            client.close()
        self.settled("a reader of a byte a second")

    def test_idle_connections_cost_little_and_are_closed(self):
        clients = [self.enterContext(self.uvoy.connect()) for _ in range(IDLE)]
        eventually(lambda: self.uvoy.metric("uvoy_connections_active") >= IDLE)
        each = (self.uvoy.memory() - self.before) / IDLE
        print(f"idle: {each:.0f} bytes of memory each", flush=True)
        self.assertLess(each, 8192)
        self.judge("idle", self.load())
        self.assertTrue(all(client.at_end() for client in clients))
        self.settled("idle")


if __name__ == "__main__":
    harness.main()
