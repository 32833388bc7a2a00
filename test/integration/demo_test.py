"""uvoy demo does what it prints, and leaves nothing behind. Needs its fixed ports."""

import contextlib
import json
import pathlib
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest
import urllib.request

import harness
from harness import Uvoy, eventually

PROMETHEUS = 9090
PORTS = (3000, 8081, 8082, 8083, 9901, PROMETHEUS)
SKIPPED = 77
SETTINGS = {
    "listeners": {"web": {"address": "127.0.0.1:3000"}},
    "admin": {"address": "127.0.0.1:9901"},
}


def prometheus(path):
    url = f"http://127.0.0.1:{PROMETHEUS}/api/v1/{path}"
    with urllib.request.urlopen(url, timeout=harness.PATIENCE) as answer:
        return json.load(answer)["data"]


def is_free(port):
    with socket.socket() as probe, contextlib.suppress(OSError):
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do
        probe.bind(("127.0.0.1", port))
        return True
    return False


def children(pid):
    found = []
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(stat.read_text().rsplit(")", 1)[1].split()[1]) == pid:
                found.append(int(stat.parent.name))
    return found


class Demo(unittest.TestCase):
    def setUp(self):
        self.uvoy = self.enterContext(Uvoy(SETTINGS, arguments=["demo"]))

    @unittest.skipUnless(shutil.which("curl"), "curl is not installed")
    def test_every_command_that_it_prints_works(self):
        commands = [
            line.strip().split("   ")[0]
            for line in self.uvoy.stdout().splitlines()
            if line.strip().startswith(("curl ", "for "))
        ]
        self.assertGreaterEqual(len(commands), 5)
        outputs = []
        for command in commands:
            done = subprocess.run(
                ["bash", "-c", command], capture_output=True, text=True, timeout=harness.PATIENCE
            )
            self.assertEqual(done.returncode, 0, f"{shlex.quote(command)}: {done.stderr}")
            self.assertNotEqual(done.stdout, "", command)
            outputs.append(done.stdout)
        self.assertTrue(any("endpoint 127.0.0.1:808" in output for output in outputs))
        self.assertTrue(any("200 " in output and "429 " in output for output in outputs))

    def test_an_endpoint_that_is_killed_comes_back_and_nobody_notices(self):
        commands = [line.split() for line in self.uvoy.stdout().splitlines() if "kill" in line]
        pid = int(commands[0][1])
        self.assertIn(pid, children(self.uvoy.process.pid))
        subprocess.run(["kill", str(pid)], check=True)
        for number in range(300):
            self.assertEqual(self.uvoy.ask(f"/{number}").status, 200)
        eventually(lambda: "is back" in self.uvoy.log())
        eventually(lambda: self.uvoy.metric("uvoy_endpoint_healthy") == 3)

    def test_ctrl_c_ends_everything(self):
        mine = children(self.uvoy.process.pid)
        self.assertEqual(len(mine), 3)
        self.uvoy.stop()
        for pid in mine:
            process = pathlib.Path(f"/proc/{pid}")
            eventually(lambda process=process: not process.exists(), "no child is left")
        eventually(lambda: all(map(is_free, PORTS)), "the ports are free again")


@unittest.skipUnless(shutil.which("prometheus"), "prometheus is not installed")
class WithPrometheus(unittest.TestCase):
    """As scripts/demo --prometheus starts it."""

    def start(self):
        before = set(pathlib.Path(tempfile.gettempdir()).iterdir())
        process = subprocess.Popen(
            [harness.ROOT / "scripts/with-prometheus", harness.BINARY, "demo"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        return process, before

    def test_it_is_scraped_and_judged_and_all_ends_together(self):
        process, before = self.start()
        eventually(lambda: not is_free(PROMETHEUS), "Prometheus listens")
        target = eventually(self.scraped, "the demo is scraped")
        self.assertEqual((target["labels"]["job"], target["lastError"]), ("uvoy", ""))
        groups = prometheus("rules")["groups"]
        self.assertGreater(sum(len(group["rules"]) for group in groups), 30)
        process.terminate()
        self.assertEqual(process.wait(timeout=harness.PATIENCE), 0)
        eventually(lambda: all(map(is_free, PORTS)), "the ports are free again")
        left = set(pathlib.Path(tempfile.gettempdir()).glob("tmp.*")) - before
        self.assertEqual([path for path in left if (path / "data").exists()], [])

    def scraped(self):
        with contextlib.suppress(OSError):
            targets = prometheus("targets")["activeTargets"]
            return next((target for target in targets if target["health"] == "up"), None)


if __name__ == "__main__":
    if not all(map(is_free, PORTS)):
        print("a port of the demo is taken")
        sys.exit(SKIPPED)
    harness.main()
