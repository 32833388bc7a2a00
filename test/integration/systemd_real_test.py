"""etc/systemd/uvoy.service as it is, under a real systemd: see managers.py."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import threading
import time
import unittest

import managers
import wire
from harness import PATIENCE, config, eventually
from managers import UNITS
from origin import Origin, slow
from systemd_test import stopped_thread

UNIT = "uvoy.service"
CONFIG = pathlib.Path("/etc/uvoy/uvoy.json")
LOG = pathlib.Path("/run/log-of-uvoy")
PROGRAM = pathlib.Path("/usr/bin/uvoy")


class Asking(threading.Thread):
    """One connection for each request, until it is told to stop."""

    def __init__(self, port):
        super().__init__()
        self.port, self.over, self.right, self.wrong = port, False, 0, []
        self.start()

    def run(self):
        while not self.over:
            try:
                status = wire.ask(self.port).status
                self.right += status == 200
                if status != 200:
                    self.wrong.append(status)
            except (OSError, wire.Truncated) as error:
                self.wrong.append(repr(error))

    def stop(self):
        self.over = True
        self.join()


class Service(unittest.TestCase):
    def setUp(self):
        self.origin = self.enterContext(Origin())
        self.addCleanup(self.clean)
        self.drop_in()
        self.configure(config(self.origin))

    def clean(self):
        self.systemctl("stop", UNIT, "uvoy.socket", code=None)
        self.systemctl("reset-failed", code=None)
        with contextlib.suppress(FileNotFoundError):
            (UNITS / "uvoy.socket").unlink()
        log = LOG.read_text() if LOG.exists() else ""
        LOG.unlink(missing_ok=True)
        if any(broken for _, broken in self._outcome.result.failures + self._outcome.result.errors):
            print(f"-- log of uvoy:\n{log[-4000:]}")

    def systemctl(self, *arguments, code=0):
        done = subprocess.run(
            [*managers.systemctl(managers.KIND), *arguments],
            capture_output=True, text=True, timeout=PATIENCE,
        )
        if code is not None:
            self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout

    def drop_in(self, *lines):
        """Settings beside the unit's; the log goes where it can be read."""
        folder = UNITS / "uvoy.service.d"
        folder.mkdir(exist_ok=True)
        text = "\n".join(["[Service]", f"StandardError=append:{LOG}", *lines, ""])
        (folder / "test.conf").write_text(text)
        self.systemctl("daemon-reload")

    def configure(self, settings):
        self.settings = settings
        CONFIG.write_text(json.dumps(settings))

    def start(self):
        self.systemctl("start", UNIT)
        return int(self.show("MainPID"))

    def show(self, name):
        return self.systemctl("show", "--property", name, "--value", UNIT).strip()

    @property
    def port(self):
        return int(self.settings["listeners"]["web"]["address"].rsplit(":")[-1])

    @property
    def admin_port(self):
        return int(self.settings["admin"]["address"].rsplit(":")[-1])

    def status(self):
        return json.loads(wire.ask(self.admin_port, "/v1/status", host="localhost").body)

    def waiting(self, count):
        """Clients that have sent a request which nobody reads yet."""
        clients = [self.enterContext(wire.connect(self.port)) for _ in range(count)]
        for client in clients:
            client.send(wire.head("GET", "/", [("Connection", "close")]))
        return clients

    def stands_still(self, pid):
        tasks = pathlib.Path(f"/proc/{pid}/task")
        states = [(t / "stat").read_text().rsplit(")", 1)[1].split()[0] for t in tasks.iterdir()]
        return set(states) == {"T"}

    def upgrade(self):
        new = str(PROGRAM) + ".new"
        shutil.copy(PROGRAM, new)
        os.rename(new, PROGRAM)
        subprocess.run([PROGRAM, "ctl", "--config", CONFIG, "upgrade"], check=True,
                       stdout=subprocess.DEVNULL, timeout=PATIENCE)

    def test_start_is_over_when_it_serves_and_stop_when_it_has_ended(self):
        pid = self.start()
        self.assertEqual(wire.ask(self.port).status, 200)
        self.assertEqual(self.show("StatusText"), "serving")
        self.assertEqual(self.status()["pid"], pid)
        owner = pathlib.Path(f"/proc/{pid}").owner()
        self.assertEqual(owner, "uvoy" if managers.KIND == "system" else "root")
        self.systemctl("stop", UNIT)
        self.assertEqual((self.show("Result"), self.show("ActiveState")), ("success", "inactive"))
        with self.assertRaises(ConnectionRefusedError):
            wire.connect(self.port)

    def test_a_wrong_configuration_is_tried_once(self):
        CONFIG.write_text("{")
        self.systemctl("start", UNIT, code=1)
        self.assertEqual(self.show("ExecMainStatus"), "78")
        time.sleep(0.5)
        self.assertEqual((self.show("ActiveState"), self.show("NRestarts")), ("failed", "0"))

    def test_reload_returns_when_it_is_done_or_refused(self):
        pid = self.start()
        route = {"match": {"path": "/new"}, "respond": {"body": "new"}}
        self.configure({**self.settings, "routes": [route, {"cluster": "app"}]})
        self.systemctl("reload", UNIT)
        self.assertEqual(wire.ask(self.port, "/new").body, b"new")
        good = CONFIG.read_text()
        CONFIG.write_text(json.dumps({**self.settings, "nonsense": 1}))
        self.systemctl("reload", UNIT, code=1)
        self.assertEqual(wire.ask(self.port, "/new").body, b"new")
        self.assertIn("/nonsense: unknown key", self.show("StatusText"))
        self.assertEqual((self.show("ActiveState"), int(self.show("MainPID"))), ("active", pid))
        CONFIG.write_text(good)
        self.systemctl("reload", UNIT)
        self.assertEqual(self.show("StatusText"), "serving")

    def test_a_restart_loses_nobody(self):
        first = self.start()
        clients = [Asking(self.port) for _ in range(4)]
        for _ in range(3):
            time.sleep(0.2)
            self.systemctl("restart", UNIT)
        time.sleep(0.2)
        for client in clients:
            client.stop()
        self.assertNotEqual(int(self.show("MainPID")), first)
        self.assertEqual([client.wrong for client in clients], [[]] * 4)
        self.assertTrue(all(client.right > 10 for client in clients))

    def test_a_crash_loses_none_of_fifty_who_wait(self):
        pid = self.start()
        eventually(lambda: int(self.show("NFileDescriptorStore")) == 3, "the sockets are kept")
        os.kill(pid, signal.SIGSTOP)
        eventually(lambda: self.stands_still(pid), "nobody accepts any more")
        clients = self.waiting(50)
        os.kill(pid, signal.SIGKILL)
        answers = [client.response().status for client in clients]
        self.assertEqual(answers, [200] * 50)
        self.assertEqual(self.show("NRestarts"), "1")

    def test_an_upgraded_process_is_the_main_one_and_ends_by_itself(self):
        origin = self.enterContext(Origin(slow(2)))
        self.configure(config(origin, cluster={"health_check": {"type": "none"}}))
        before = self.start()
        for _ in range(2):
            self.upgrade()
        pid = self.status()["pid"]
        self.assertNotEqual(pid, before)
        eventually(lambda: int(self.show("MainPID")) == pid, "systemd follows")
        self.assertEqual((self.show("ActiveState"), self.show("NRestarts")), ("active", "0"))
        (client,) = self.waiting(1)
        eventually(lambda: origin.requests, "it is in flight")
        self.systemctl("stop", UNIT)
        self.assertEqual(client.response().status, 200)
        self.assertEqual((self.show("Result"), self.show("ExecMainStatus")), ("success", "0"))

    def test_a_stop_takes_the_time_that_requests_need(self):
        self.drop_in("TimeoutStopSec=2s")
        origin = self.enterContext(Origin(slow(5)))
        self.configure(config(origin, cluster={"health_check": {"type": "none"}}))
        self.start()
        (client,) = self.waiting(1)
        eventually(lambda: origin.requests, "it is in flight")
        self.systemctl("stop", UNIT)
        self.assertEqual(client.response().status, 200)
        self.assertEqual((self.show("Result"), self.show("ExecMainStatus")), ("success", "0"))

    def test_a_worker_that_hangs_is_seen_and_the_service_started_anew(self):
        self.drop_in("WatchdogSec=1s")
        pid = self.start()
        time.sleep(2)
        self.assertEqual((self.show("NRestarts"), int(self.show("MainPID"))), ("0", pid))
        tasks = pathlib.Path(f"/proc/{pid}/task")
        wait_all = 0x40000000
        (stuck,) = [t.name for t in tasks.iterdir()
                    if (t / "comm").read_text().strip() == "worker 1"]
        with stopped_thread(int(stuck)) as stopped:
            self.assertTrue(stopped)
            # The dead thread is this process's to bury.
            eventually(lambda: os.waitpid(int(stuck), os.WNOHANG | wait_all) != (0, 0),
                       "systemd ends it")
        eventually(lambda: self.show("NRestarts") == "1", "systemd starts it anew")
        eventually(lambda: self.show("StatusText") == "serving")
        self.assertEqual(wire.ask(self.port).status, 200)

    def test_a_socket_unit_starts_it(self):
        (UNITS / "uvoy.socket").write_text(f"[Socket]\nListenStream=127.0.0.1:{self.port}\n")
        self.systemctl("daemon-reload")
        self.systemctl("start", "uvoy.socket")
        self.assertEqual(self.show("ActiveState"), "inactive")
        self.assertEqual(wire.ask(self.port).status, 200)
        self.assertEqual(self.show("ActiveState"), "active")

    def test_a_listener_may_be_at_a_socket_units_name(self):
        port = self.port
        self.configure(config(self.origin, listener={"address": "fd:web"}))
        (UNITS / "uvoy.socket").write_text(
            f"[Socket]\nListenStream=127.0.0.1:{port}\nFileDescriptorName=web\n")
        self.systemctl("daemon-reload")
        self.systemctl("start", "uvoy.socket")
        self.assertEqual(wire.ask(port).status, 200)
        for change in ("reload", "restart"):
            self.systemctl(change, UNIT)
            self.assertEqual(wire.ask(port).status, 200)
        self.upgrade()
        self.assertEqual(wire.ask(port).status, 200)


if __name__ == "__main__":
    managers.main()
