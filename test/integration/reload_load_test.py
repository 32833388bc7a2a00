"""Reloads one after the other under load: no request and no connection fails, memory stays flat,
and a WebSocket that began with the first configuration lives on."""

import copy
import json
import pathlib
import signal
import threading
import time
import unittest

import harness
import wire
from harness import Uvoy, config, eventually, free_port
from origin import Origin, answer

RELOADS = 60
MIB = 1024 * 1024
UPGRADE = [("Upgrade", "websocket"), ("Connection", "Upgrade")]


def serve(_, request, peer):
    """Echoes the bytes of a tunnel; else the length of the request's body."""
    if request.get("upgrade"):
        peer.send(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                  b"Connection: Upgrade\r\n\r\n")
        while bytes_ := peer.exact(4):
            peer.send(bytes_)
    else:
        peer.read_body(request)
        peer.send(answer(b"%d" % len(request.body)))


class Client(threading.Thread):
    """Asks until it is told to stop; what went wrong is in `wrong`."""

    def __init__(self, port, keeps, body=None):
        super().__init__()
        self.port, self.keeps, self.body = port, keeps, body
        self.over, self.right, self.wrong = False, 0, []
        self.start()

    def run(self):
        peer = None
        while not self.over:
            try:
                peer = peer or wire.connect(self.port)
                peer = self.ask(peer)
            except Exception as error:  # whatever it is, it is a request that failed
                self.wrong.append(repr(error))
                return
        if peer:
            peer.close()

    def ask(self, peer):
        body = self.body or b""
        fields = [("Content-Length", str(len(body)))] if body else []
        peer.send(wire.head("POST" if body else "GET", f"/{self.right}", fields) + body)
        response = peer.response()
        if (response.status, response.body) != (200, b"%d" % len(body)):
            self.wrong.append((response.status, response.body))
        self.right += 1
        if self.keeps and response.get("connection") != "close":
            return peer
        peer.close()
        return None


class ReloadUnderLoad(unittest.TestCase):
    def setUp(self):
        self.origins = [self.enterContext(Origin(serve)) for _ in range(4)]
        self.settings = config(*self.origins[:3], cluster={"health_check": {"type": "none"}})
        self.uvoy = self.enterContext(Uvoy(self.settings))
        self.path = pathlib.Path(self.uvoy.folder.name) / "uvoy.json"

    def another(self, number):
        settings = copy.deepcopy(self.settings)
        some = self.origins[number % 4 :] + self.origins[: number % 4]
        settings["clusters"]["app"]["endpoints"] = [origin.address for origin in some[:3]]
        settings["clusters"]["app"]["limits"] = {"pending": 1000 + number % 5}
        settings["listeners"]["more"] = {"address": f"127.0.0.1:{self.more[number % 3]}"}
        settings["routes"] = [{"name": f"r{number % 2}", "cluster": "app"}]
        settings["rate_limits"] = {f"l{number % 3}": {"rate": "1000/s"}}
        return settings

    def reload(self, text):
        before = self.reloads()
        self.path.write_text(text)
        self.uvoy.signal(signal.SIGHUP)
        eventually(lambda: self.reloads() > before, "a reload ends")

    def reloads(self):
        return self.uvoy.metric("uvoy_config_reloads_total")

    def generations(self):
        return self.uvoy.json("/v1/status")["config"]["generations"]

    def tunnel(self):
        tunnel = self.enterContext(self.uvoy.connect())
        tunnel.send(wire.head("GET", "/socket", UPGRADE))
        self.assertEqual(tunnel.response_head().status, 101)
        return tunnel

    def test_nothing_is_lost(self):
        self.more = [free_port() for _ in range(3)]
        tunnel = self.tunnel()
        port = self.uvoy.port
        clients = [Client(port, keeps) for keeps in (True, True, True, False, False)]
        clients += [Client(port, keeps, b"x" * 100_000) for keeps in (True, False)]
        memory = None
        for number in range(RELOADS):
            self.reload("{" if number % 7 == 3 else json.dumps(self.another(number)))
            tunnel.send(b"%04d" % number)
            self.assertEqual(tunnel.exact(4), b"%04d" % number)
            if number == RELOADS // 2:
                memory = self.uvoy.memory()
            time.sleep(0.02)
        for client in clients:
            client.over = True
        for client in clients:
            client.join()
        self.assertEqual([client.wrong for client in clients], [[]] * len(clients))
        self.assertTrue(all(client.right > 10 for client in clients))
        self.assertLess(self.uvoy.memory() - memory, 4 * MIB)
        failures = sum(1 for number in range(RELOADS) if number % 7 == 3)
        self.assertEqual(
            self.uvoy.metric("uvoy_config_reloads_total", 'result="failure"'), failures
        )
        # The tunnel's generation is there, and no other but the present one.
        eventually(lambda: self.generations() == 2, "those between end")
        # The cluster was there all the time, and so is all that it counted.
        counted = self.uvoy.metric("request_duration_seconds_count", 'cluster="app"')
        self.assertEqual(counted, sum(client.right for client in clients))
        tunnel.shut()
        eventually(lambda: self.generations() == 1, "the first one ends")


if __name__ == "__main__":
    harness.main()
