"""A WebSocket client and server of others, with uvoy between them."""

import asyncio
import contextlib
import os
import signal
import sys
import threading
import unittest

import harness
from harness import Uvoy, config, eventually

try:
    import websockets
except ModuleNotFoundError:
    # Debian's package is there for Debian's interpreter only.
    DEBIAN = "/usr/bin/python3"
    if sys.executable == DEBIAN or not os.path.exists(DEBIAN):
        raise
    os.execv(DEBIAN, [DEBIAN, *sys.argv])

MIB = 1024 * 1024
SOCKETS = 200
BLOCK = bytes(range(256)) * 256
# What stands between the two: buffers of both kernels' sockets, and those of uvoy.
GROWTH = 48 * MIB if harness.SANITIZED else 4 * MIB


class Server:
    """Echoes messages; "/flood" sends many blocks, "/sink" reads them, one only when told to."""

    def __init__(self):
        self.sent = 0
        self.received = 0
        self.go = asyncio.Event()
        ready = threading.Event()
        self.thread = threading.Thread(target=lambda: asyncio.run(self.run(ready)), daemon=True)
        self.thread.start()
        ready.wait(harness.PATIENCE)

    async def run(self, ready):
        self.loop = asyncio.get_running_loop()
        self.over = asyncio.Event()
        quiet = {"ping_interval": None, "max_size": 4 * MIB, "max_queue": 4}
        async with websockets.serve(self.serve, "127.0.0.1", 0, **quiet) as server:
            self.address = "%s:%d" % server.sockets[0].getsockname()
            ready.set()
            await self.over.wait()

    async def serve(self, socket):
        with contextlib.suppress(websockets.ConnectionClosedError):
            await self.converse(socket)

    async def converse(self, socket):
        if socket.path == "/flood":
            for _ in range(1024):
                await socket.send(BLOCK)
                self.sent += 1
        elif socket.path == "/sink":
            await self.go.wait()
            async for _ in socket:
                self.received += 1
        else:
            async for message in socket:
                await socket.send(message)

    def tell_to_read(self):
        self.loop.call_soon_threadsafe(self.go.set)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.over.set)
        self.thread.join(harness.PATIENCE)


async def echo(socket, message):
    await socket.send(message)
    return await asyncio.wait_for(socket.recv(), harness.PATIENCE) == message


class WebSocket(unittest.IsolatedAsyncioTestCase):
    def start(self, upgrades=("websocket",), **top):
        self.server = self.enterContext(Server())
        route = {"cluster": "app", "upgrades": list(upgrades)}
        settings = config(
            self.server, cluster={"health_check": {"type": "none"}}, routes=[route], **top
        )
        return self.enterContext(Uvoy(settings))

    def connect(self, uvoy, path="/", **options):
        options = {"ping_interval": None, "max_size": 4 * MIB, "open_timeout": 60, **options}
        return websockets.connect(f"ws://127.0.0.1:{uvoy.port}{path}", **options)

    async def crowd(self, uvoy):
        """Sockets that have said something."""
        sockets = await asyncio.gather(*(self.connect(uvoy) for _ in range(SOCKETS)))
        await self.round(sockets, "first")
        self.assertEqual(uvoy.metric("active_connections"), SOCKETS)
        return sockets

    async def round(self, sockets, word):
        """Each socket gets its own message back."""
        echoes = await asyncio.gather(*(echo(s, f"{word} {i}") for i, s in enumerate(sockets)))
        self.assertEqual(echoes.count(True), len(sockets))

    async def begin_drain(self, uvoy):
        uvoy.signal(signal.SIGTERM)
        await asyncio.to_thread(eventually, lambda: self.is_refused(uvoy), "nobody new gets in")

    def is_refused(self, uvoy):
        try:
            uvoy.connect().close()
            return False
        except ConnectionRefusedError:
            return True

    async def test_two_hundred_sockets_live_through_a_drain(self):
        uvoy = self.start(shutdown={"drain_timeout": "60s"})
        sockets = await self.crowd(uvoy)
        await self.begin_drain(uvoy)
        for number in range(5):
            await self.round(sockets, f"while it drains, {number}")
            await asyncio.sleep(0.2)
        await asyncio.gather(*(s.close(reason="enough") for s in sockets[:100]))
        await self.round(sockets[100:], "half of us are gone")
        await asyncio.gather(*(s.close(reason="enough") for s in sockets[100:]))
        # The closing handshake came back through the tunnel.
        self.assertEqual({(s.close_code, s.close_reason) for s in sockets}, {(1000, "enough")})
        self.assertEqual(await asyncio.to_thread(uvoy.wait), 0)
        self.assertIn(f"graceful shutdown, {SOCKETS} requests in flight", uvoy.log())
        self.assertIn("all requests answered", uvoy.log())

    async def test_what_is_open_after_the_drain_timeout_is_cut(self):
        uvoy = self.start(shutdown={"drain_timeout": "2s"})
        uvoy.exit_code = 1
        sockets = await self.crowd(uvoy)
        await self.begin_drain(uvoy)
        await asyncio.gather(*(s.close() for s in sockets[:50]))
        await self.round(sockets[50:], "we stay")
        self.assertEqual(await asyncio.to_thread(uvoy.wait), 1)
        self.assertIn(f"{SOCKETS - 50} requests cut off", uvoy.log())
        for socket in sockets[50:]:
            with self.assertRaises(websockets.ConnectionClosedError):
                await asyncio.wait_for(socket.recv(), harness.PATIENCE)

    async def test_large_messages_pings_and_fragments_pass(self):
        uvoy = self.start()
        for compression in (None, "deflate"):
            async with self.connect(uvoy, compression=compression) as socket:
                self.assertTrue(await echo(socket, os.urandom(MIB)))
                self.assertTrue(await echo(socket, "ü" * (MIB // 2)))
                self.assertTrue(await echo(socket, b""))
                await asyncio.wait_for(await socket.ping(b"are you there"), harness.PATIENCE)
                await socket.send([b"in ", b"three ", b"fragments"])
                self.assertEqual(await socket.recv(), b"in three fragments")

    async def test_a_client_that_does_not_read_holds_up_the_server(self):
        uvoy = self.start(workers=1)
        async with self.connect(uvoy) as socket:
            await echo(socket, BLOCK)
        before = uvoy.memory()
        async with self.connect(uvoy, "/flood", compression=None, max_queue=1) as socket:
            await self.stands_still(lambda: self.server.sent)
            self.assertLess(self.server.sent, 1024)
            self.assertLess(uvoy.memory() - before, GROWTH)
            for _ in range(1024):
                self.assertEqual(await socket.recv(), BLOCK)

    async def test_a_server_that_does_not_read_holds_up_the_client(self):
        uvoy = self.start(workers=1)
        async with self.connect(uvoy) as socket:
            await echo(socket, BLOCK)
        before = uvoy.memory()
        sent = 0

        async def flood(socket):
            nonlocal sent
            for _ in range(1024):
                await socket.send(BLOCK)
                sent += 1

        async with self.connect(uvoy, "/sink", compression=None) as socket:
            task = asyncio.create_task(flood(socket))
            await self.stands_still(lambda: sent)
            self.assertLess(sent, 1024)
            self.assertLess(uvoy.memory() - before, GROWTH)
            self.server.tell_to_read()
            await asyncio.wait_for(task, harness.PATIENCE)
        await asyncio.to_thread(eventually, lambda: self.server.received == 1024)

    async def stands_still(self, count):
        last = -1
        while count() != last or last == 0:
            last = count()
            await asyncio.sleep(0.7)

    async def test_a_route_without_upgrades_has_none(self):
        uvoy = self.start(upgrades=[])
        with self.assertRaises(websockets.InvalidStatusCode) as refused:
            await self.connect(uvoy)
        self.assertEqual(refused.exception.status_code, 426)  # the server saw no Upgrade


if __name__ == "__main__":
    harness.main()
