"""Large bodies pass through a proxy that holds little of them, whoever is slow."""

import threading
import time
import unittest
import zlib

import harness
import wire
from harness import Uvoy, config, eventually
from origin import Origin

MIB = 1024 * 1024
SIZE = (64 if harness.SANITIZED else 1024) * MIB
BLOCK = bytes(range(251)) * 4096  # its length is no power of two
# Under a sanitizer freed memory stays resident for a while, that is what finds its use.
GROWTH = 64 * MIB if harness.SANITIZED else MIB


def blocks(size):
    while size > 0:
        yield BLOCK[:size]
        size -= len(BLOCK)


class Pace:
    """Full speed in turn with naps, so that the other side fills every buffer on the way."""

    def __init__(self, naps=12):
        self.step = SIZE // naps
        self.next = self.step
        self.done = 0

    def passed(self, size):
        self.done += size
        if self.done >= self.next:
            self.next += self.step
            time.sleep(0.15)


def send_all(peer, pace):
    total = 0
    for block in blocks(SIZE):
        peer.sock.sendall(block)
        total = zlib.crc32(block, total)
        pace.passed(len(block))
    return total


def receive_all(peer, size, pace):
    total = zlib.crc32(peer.buffer)
    size -= len(peer.buffer)
    peer.buffer = b""
    room = memoryview(bytearray(MIB))
    while size > 0:
        count = peer.sock.recv_into(room, min(size, len(room)))
        if count == 0:
            raise wire.Truncated(f"{size} bytes are missing")
        total = zlib.crc32(room[:count], total)
        size -= count
        pace.passed(count)
    return total


def send_chunks(peer, size):
    total = 0
    for block in blocks(size):
        peer.send(f"{len(block):x}\r\n".encode() + block + b"\r\n")
        total = zlib.crc32(block, total)
    peer.send("0\r\n\r\n")
    return total


def receive_chunks(peer):
    total = 0
    while size := int(peer.line(), 16):
        while size > 0:
            data = peer.exact(min(size, 65536))
            size -= len(data)
            total = zlib.crc32(data, total)
        peer.line()
    peer.fields()
    return total


class Streaming(unittest.TestCase):
    def start(self, handler):
        def light(which, request, peer):
            peer.keeps = False
            peer.received.clear()
            handler(which, request, peer)

        origin = self.enterContext(Origin(light))
        return self.enterContext(Uvoy(config(origin, workers=1)))

    def watch(self, uvoy, work):
        """Runs `work`, and asserts that resident memory does not grow by it."""
        uvoy.ask("/warm")
        samples, until = [], threading.Event()

        def sample():
            while not until.wait(0.05):
                samples.append(uvoy.memory())

        before = uvoy.memory()
        thread = threading.Thread(target=sample)
        thread.start()
        try:
            work()
        finally:
            until.set()
            thread.join()
        grown = max([uvoy.memory("VmHWM"), *samples]) - before
        self.assertLess(grown, GROWTH, f"grew by {grown / MIB:.2f} MiB from {before / MIB:.2f}")

    def test_a_large_upload_arrives_whole_and_leaves_no_trace(self):
        sums = {}

        def handler(_, request, peer):
            if request.target != "/warm":
                sums["origin"] = receive_all(peer, SIZE, Pace())
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

        uvoy = self.start(handler)

        def work():
            with uvoy.connect(keeps=False) as client:
                client.send(wire.head("PUT", "/up", [("Content-Length", SIZE)]))
                sums["client"] = send_all(client, Pace(7))
                self.assertEqual(client.response().status, 200)

        self.watch(uvoy, work)
        eventually(lambda: "origin" in sums)
        self.assertEqual(sums["origin"], sums["client"])

    def test_a_large_upload_in_chunks_arrives_whole(self):
        sums = {}

        def handler(_, request, peer):
            if request.target != "/warm":
                sums["origin"] = receive_chunks(peer)
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

        uvoy = self.start(handler)

        def work():
            with uvoy.connect(keeps=False) as client:
                client.send(wire.head("PUT", "/up", [("Transfer-Encoding", "chunked")]))
                sums["client"] = send_chunks(client, SIZE // 16)
                self.assertEqual(client.response().status, 200)

        self.watch(uvoy, work)
        eventually(lambda: "origin" in sums)
        self.assertEqual(sums["origin"], sums["client"])

    def test_a_large_download_arrives_whole_and_leaves_no_trace(self):
        sums = {}

        def handler(_, request, peer):
            size = 0 if request.target == "/warm" else SIZE
            peer.send(f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n")
            if size:
                sums["origin"] = send_all(peer, Pace(7))

        uvoy = self.start(handler)

        def work():
            with uvoy.connect(keeps=False) as client:
                client.send(wire.head("GET", "/down"))
                head = client.response_head()
                self.assertEqual(head.get("content-length"), str(SIZE))
                sums["client"] = receive_all(client, SIZE, Pace())

        self.watch(uvoy, work)
        eventually(lambda: "origin" in sums)
        self.assertEqual(sums["origin"], sums["client"])

    def test_a_large_download_in_chunks_arrives_whole(self):
        sums = {}

        def handler(_, request, peer):
            peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            total = send_chunks(peer, 0 if request.target == "/warm" else SIZE // 16)
            if request.target != "/warm":
                sums["origin"] = total

        uvoy = self.start(handler)

        def work():
            with uvoy.connect(keeps=False) as client:
                client.send(wire.head("GET", "/down"))
                client.response_head()
                sums["client"] = receive_chunks(client)

        self.watch(uvoy, work)
        eventually(lambda: "origin" in sums)
        self.assertEqual(sums["origin"], sums["client"])

    def test_a_client_that_never_reads_makes_nothing_grow(self):
        sent = []

        def handler(_, request, peer):
            size = 0 if request.target == "/warm" else SIZE
            peer.send(f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n")
            for block in blocks(size):
                peer.send(block)
                sent.append(len(block))

        uvoy = self.start(handler)

        def work():
            clients = [self.enterContext(uvoy.connect()) for _ in range(5)]
            for client in clients:
                client.send(wire.head("GET", "/down"))
            count = -1
            while count != len(sent):
                count = len(sent)
                time.sleep(0.5)
            for client in clients:
                client.reset()

        self.watch(uvoy, work)
        self.assertLess(sum(sent), 5 * SIZE)


if __name__ == "__main__":
    harness.main()
