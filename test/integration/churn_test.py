"""Reloads and upgrades while wrk keeps 64 and 1,000 connections busy and others come and go."""

import copy
import json
import pathlib
import re
import signal
import subprocess
import sys
import time
import unittest

import harness
from harness import Uvoy, config, eventually, free_port
from upgrade_test import Upgradable

MIB = 1024 * 1024
RELOADS = 200
UPGRADES = 20
REMOVALS = 8
# Of the whole load; wrk is told in advance how long it shall run.
SECONDS = 60


class Comers:
    """Who has a connection for each request."""

    def __init__(self, port, count):
        program = pathlib.Path(__file__).with_name("churn_client.py")
        self.process = subprocess.Popen(
            [sys.executable, program, str(port), str(count)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )

    def stop(self):
        return json.loads(self.process.communicate("", timeout=harness.PATIENCE)[0])


class Load:
    """On one port.  `stop()` gives a line for each thing that was lost."""

    def __init__(self, port):
        url = f"http://127.0.0.1:{port}/kept"
        self.kept = [
            subprocess.Popen(
                ["wrk", "-t1", f"-c{connections}", "-d600s", "--timeout", "30s", url],
                stdout=subprocess.PIPE, text=True,
            )
            for connections in (64, 1000)
        ]
        self.anew = Comers(port, 16)

    def stop(self):
        lost, right = [], []
        for process in self.kept:
            process.send_signal(signal.SIGINT)
            told = process.communicate(timeout=harness.PATIENCE)[0]
            right.append(int(re.search(r"(\d+) requests in", told)[1]))
            lost += re.findall(r"Socket errors.*|Non-2xx.*", told)
        told = self.anew.stop()
        right.append(told["right"])
        lost += told["failed"].items()
        lost += ["refused"] * told["refused"]
        return right, lost

    def end(self):
        for process in [*self.kept, self.anew.process]:
            if process.poll() is None:
                process.kill()
            process.wait()


class Churn(unittest.TestCase):
    def setUp(self):
        # Another uvoy answers for the endpoints: quick, and none that could be what loses.
        self.ports = [free_port() for _ in range(4)]
        settings = {
            "workers": 1,
            "listeners": {f"p{port}": {"address": f"127.0.0.1:{port}"} for port in self.ports},
            "clusters": {},
            "routes": [{"respond": {"body": "x" * 100}}],
            "admin": {"address": f"127.0.0.1:{free_port()}"},
        }
        self.enterContext(Uvoy(settings))
        self.settings = config(
            *(f"127.0.0.1:{port}" for port in self.ports),
            cluster={
                "load_balancing": {"policy": "round_robin"},
                "limits": {"connections": 8192, "requests": 8192, "pending": 8192},
            },
        )

    def load(self, uvoy):
        load = Load(uvoy.port)
        self.addCleanup(load.end)
        eventually(lambda: uvoy.metric("uvoy_connections_active") > 1000, "all are there")
        return load

    def another(self, number):
        settings = copy.deepcopy(self.settings)
        some = self.ports[number % 4 :] + self.ports[: number % 4]
        app = settings["clusters"]["app"]
        app["endpoints"] = [f"127.0.0.1:{port}" for port in some[: 2 + number % 3]]
        settings["listeners"]["more"] = {"address": f"127.0.0.1:{self.more[number % 3]}"}
        settings["routes"] = [
            {"match": {"path": f"/{number}"}, "respond": {"body": "new"}},
            {"name": f"r{number % 2}", "cluster": "app"},
        ]
        return settings

    def test_two_hundred_reloads_lose_nothing(self):
        self.more = [free_port() for _ in range(3)]
        uvoy = self.enterContext(Uvoy(self.settings))
        path = pathlib.Path(uvoy.folder.name) / "uvoy.json"
        load = self.load(uvoy)
        memory, began = [], time.monotonic()
        for number in range(RELOADS):
            path.write_text(json.dumps(self.another(number)))
            self.reload(path)
            if number % 10 == 9:
                memory.append(uvoy.memory())
            time.sleep(max(0, began + SECONDS * (number + 1) / RELOADS - time.monotonic()))
        took = time.monotonic() - began
        right, lost = load.stop()
        print(f"{RELOADS} reloads in {took:.0f} s: {right} requests, memory "
              f"{[size // MIB for size in memory]}", file=sys.stderr)
        self.assertEqual(lost, [])
        self.assertEqual(uvoy.metric("uvoy_config_reloads_total", 'result="success"'), RELOADS)
        self.assertEqual(uvoy.metric("uvoy_responses_by_uvoy_total"), 0)
        self.assertTrue(all(count > 1000 for count in right), right)
        half = len(memory) // 2
        self.assertLess(max(memory[half:]) - max(memory[:half]), 4 * MIB)

    def reload(self, path):
        """Again while requests still run by too many former configurations."""
        def done():
            told = harness.run_once("ctl", "--config", path, "reload")
            assert told.returncode in (0, 1), told.err
            if told.returncode == 1:
                assert "former configurations" in told.err, told.err
            return told.returncode == 0
        eventually(done, "a reload")

    def test_twenty_upgrades_lose_nothing(self):
        uvoy = self.enterContext(Upgradable(self.settings))
        load = self.load(uvoy)
        began = time.monotonic()
        for number in range(UPGRADES):
            uvoy.upgrade()
            time.sleep(max(0, began + SECONDS * (number + 1) / UPGRADES - time.monotonic()))
        took = time.monotonic() - began
        right, lost = load.stop()
        print(f"{UPGRADES} upgrades in {took:.0f} s: {right} requests", file=sys.stderr)
        self.assertEqual(lost, [])
        self.assertTrue(all(count > 1000 for count in right), right)
        for pid in uvoy.pids[1:-1]:
            eventually(lambda p=pid: uvoy.is_gone(p), "the former ones end")


class Removal(unittest.TestCase):
    def test_whoever_is_let_in_at_an_address_that_goes_is_served(self):
        """The clients are as many as the workers' queues can hold, and do not let up."""
        settings = config(workers=4, routes=[{"respond": {"body": "x"}}])
        settings["clusters"] = {}
        uvoy = self.enterContext(Uvoy(settings))
        path, port = pathlib.Path(uvoy.folder.name) / "uvoy.json", free_port()
        more = copy.deepcopy(settings)
        more["listeners"]["more"] = {"address": f"127.0.0.1:{port}"}
        storm = [Comers(port, 64) for _ in range(3)]
        for comers in storm:
            self.addCleanup(comers.process.kill)
        for _ in range(REMOVALS):
            # The sockets are closed a second after their address is gone.
            for each, seconds in ((more, 0.3), (settings, 1.3)):
                path.write_text(json.dumps(each))
                told = harness.run_once("ctl", "--config", path, "reload")
                self.assertEqual(told.returncode, 0, told.err)
                time.sleep(seconds)
        told = [comers.stop() for comers in storm]
        print(f"{REMOVALS} removals of an address: {told}", file=sys.stderr)
        self.assertEqual([each["failed"] for each in told], [{}] * len(told))
        for key in ("right", "refused"):
            self.assertGreater(sum(each[key] for each in told), 1000)


if __name__ == "__main__":
    harness.main()
