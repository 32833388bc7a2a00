"""What systemd hears and gets (sd_notify(3), sd_listen_fds(3)); a socket here stands for it."""

import array
import json
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import threading
import unittest

import harness
import wire
from harness import Uvoy, config, eventually, free_port
from origin import Origin, slow


class Manager:
    """The notify socket, and the store of descriptors by name."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="uvoy-notify-")
        self.path = os.path.join(self.folder.name, "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.messages, self.store = [], []
        self.thread = threading.Thread(target=self.listen, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.socket.close()
        self.drop_store()
        self.folder.cleanup()

    def listen(self):
        while True:
            try:
                space = socket.CMSG_SPACE(4 * 16)
                data, control, *_ = self.socket.recvmsg(4096, space, socket.MSG_CMSG_CLOEXEC)
            except OSError:
                return
            if not data:
                return
            message = dict(line.split("=", 1) for line in data.decode().splitlines())
            fds = array.array("i")
            for level, kind, payload in control:
                if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                    fds.frombytes(payload[: len(payload) - len(payload) % fds.itemsize])
            self.store += [(message["FDNAME"], fd) for fd in fds]
            if message.get("FDSTOREREMOVE") == "1":
                gone = [fd for name, fd in self.store if name == message["FDNAME"]]
                self.store = [each for each in self.store if each[1] not in gone]
                for fd in gone:
                    os.close(fd)
            self.messages.append(message)

    def drop_store(self):
        for _, fd in self.store:
            os.close(fd)
        self.store = []

    def heard(self, key, value=None):
        return [m for m in list(self.messages) if key in m and value in (None, m[key])]


class Started(Uvoy):
    """By something that does what systemd does before it runs a program."""

    def __init__(self, settings, manager, fds=(), watchdog=None):
        super().__init__(settings)
        self.options["env"] = {**os.environ, "NOTIFY_SOCKET": manager.path}
        if watchdog:
            self.options["env"]["WATCHDOG_USEC"] = str(watchdog)
        if not fds:
            return
        copies = [os.dup(fd) for _, fd in fds]
        names = ":".join(name for name, _ in fds)
        spare = max(copies) + 100

        def place():
            for i, fd in enumerate(copies):
                os.dup2(fd, spare + i, inheritable=False)
            for i in range(len(copies)):
                os.dup2(spare + i, 3 + i, inheritable=True)

        self.options["preexec_fn"] = place
        self.options["close_fds"] = False
        # A process's number is not known before it runs.
        self.wrapper = ["/bin/sh", "-c", 'LISTEN_PID=$$ exec "$0" "$@"']
        self.options["env"].update(LISTEN_FDS=str(len(copies)), LISTEN_FDNAMES=names)
        self.copies = copies

    def __enter__(self):
        try:
            return super().__enter__()
        finally:
            for fd in getattr(self, "copies", ()):
                os.close(fd)


class Notify(unittest.TestCase):
    def setUp(self):
        self.manager = self.enterContext(Manager())
        self.origin = self.enterContext(Origin())

    def test_it_says_when_it_serves_and_when_it_ends(self):
        with Started(config(self.origin), self.manager) as uvoy:
            (ready,) = eventually(lambda: self.manager.heard("READY"))
            self.assertEqual(ready["MAINPID"], str(uvoy.process.pid))
        self.assertTrue(eventually(lambda: self.manager.heard("STOPPING")))

    def test_it_asks_for_time_while_requests_are_in_flight(self):
        origin = self.enterContext(Origin(slow(1.5)))
        settings = config(origin, cluster={"health_check": {"type": "none"}})
        with Started(settings, self.manager) as uvoy, uvoy.connect() as client:
            client.send(wire.head("GET", "/"))
            eventually(lambda: origin.requests)
            uvoy.signal(signal.SIGTERM)
            eventually(lambda: len(self.manager.heard("EXTEND_TIMEOUT_USEC")) >= 2)
            self.assertEqual(client.response().status, 200)
            self.assertEqual(uvoy.wait(), 0)

    def test_the_watchdog_is_fed_while_every_worker_turns_and_not_longer(self):
        with Started(config(self.origin), self.manager, watchdog=400_000) as uvoy:
            eventually(lambda: len(self.manager.heard("WATCHDOG")) >= 4, "it is fed")
            tasks = pathlib.Path(f"/proc/{uvoy.process.pid}/task")
            names = {p.name: (p / "comm").read_text().strip() for p in tasks.iterdir()}
            self.assertIn("worker 1", names.values())
            stuck = int(next(tid for tid, name in names.items() if name == "worker 1"))
            with stopped_thread(stuck) as could:
                if not could:
                    self.skipTest("no ptrace here")
                before = len(self.manager.heard("WATCHDOG"))
                eventually(lambda: uvoy.admin("/readyz").status == 200)
                threading.Event().wait(1)
                self.assertLessEqual(len(self.manager.heard("WATCHDOG")) - before, 1)
            fed = len(self.manager.heard("WATCHDOG"))
            eventually(lambda: len(self.manager.heard("WATCHDOG")) > fed, "it is fed again")

    def test_a_crash_loses_nobody_who_has_connected(self):
        settings = config(self.origin, workers=2)
        first = Started(settings, self.manager)
        first.__enter__()
        eventually(lambda: len(self.manager.store) == 3, "two workers' sockets and the admin's")
        first.process.kill()
        first.process.wait()
        waiting = [wire.connect(first.port) for _ in range(50)]
        for client in waiting:
            client.send(wire.head("GET", "/"))
        first.folder.cleanup()
        with Started(settings, self.manager, self.manager.store) as uvoy:
            # What systemd keeps, it keeps once: here the copies of the second process come on top.
            answers = [client.response().status for client in waiting]
            self.assertEqual(answers, [200] * 50)
            for client in waiting:
                client.close()
            self.assertEqual(uvoy.ask().status, 200)

    def test_what_no_listener_wants_any_more_is_given_back(self):
        first = config(self.origin)
        with Started(first, self.manager):
            eventually(lambda: len(self.manager.store) == 3)
        second = config(self.origin)
        old_name = first["listeners"]["web"]["address"].replace(":", "_")
        with Started(second, self.manager, self.manager.store):
            eventually(lambda: old_name not in [name for name, _ in self.manager.store])
            with self.assertRaises(ConnectionRefusedError):
                wire.connect(int(first["listeners"]["web"]["address"].rsplit(":")[-1]))

    def test_a_socket_unit_may_have_opened_it(self):
        settings = config(self.origin)
        port = int(settings["listeners"]["web"]["address"].rsplit(":")[-1])
        with socket.create_server(("127.0.0.1", port)) as opened:
            with Started(settings, self.manager, [("uvoy.socket", opened.fileno())]) as uvoy:
                self.assertEqual([uvoy.ask().status for _ in range(20)], [200] * 20)

    def test_an_upgrade_is_announced_with_the_successors_number(self):
        with Started(config(self.origin), self.manager, watchdog=2_000_000) as uvoy:
            done = harness.run_once("ctl", "--config", uvoy.process.args[-1], "upgrade")
            self.assertEqual(done.returncode, 0, done.err)
            pid = uvoy.json("/v1/status")["pid"]
            eventually(lambda: self.manager.heard("MAINPID", str(pid)))
            self.assertEqual(uvoy.wait(), 0)
            self.assertEqual(self.manager.heard("STOPPING"), [])
            fed = len(self.manager.heard("WATCHDOG"))
            eventually(lambda: len(self.manager.heard("WATCHDOG")) > fed, "the successor feeds it")
            os.kill(pid, signal.SIGTERM)
            eventually(lambda: self.manager.heard("STOPPING"))


class Named(unittest.TestCase):
    """Listeners at sockets that come with a name."""

    def setUp(self):
        self.manager = self.enterContext(Manager())
        self.origin = self.enterContext(Origin())
        self.sockets = [self.enterContext(socket.create_server(("127.0.0.1", 0))) for _ in "123"]
        self.ports = [each.getsockname()[1] for each in self.sockets]

    def passed(self, *names):
        return [(name, each.fileno()) for name, each in zip(names, self.sockets)]

    def settings(self, *addresses, **top):
        return config(self.origin, listener={"address": list(addresses)}, **top)

    def refused(self, settings, *names):
        started = Started(settings, self.manager, self.passed(*names))
        path = pathlib.Path(self.manager.folder.name) / "uvoy.json"
        path.write_text(json.dumps(settings))
        done = subprocess.run(
            [*started.wrapper, harness.BINARY, "run", path],
            capture_output=True, text=True, timeout=harness.PATIENCE, **started.options,
        )
        for fd in getattr(started, "copies", ()):
            os.close(fd)
        self.assertEqual(done.returncode, 1, done.stderr)
        return done.stderr

    def change(self, uvoy, *addresses):
        changed = {**uvoy.settings}
        changed["listeners"] = {"web": {"address": list(addresses)}}
        path = uvoy.process.args[-1]
        path.write_text(json.dumps(changed))
        # An address that is being closed cannot be opened yet.
        eventually(lambda: harness.run_once("ctl", "--config", path, "reload").returncode == 0)

    def answers(self, *ports):
        return [wire.ask(port).status for port in ports]

    def test_all_sockets_of_the_name_are_used_and_systemd_is_not_to_keep_them(self):
        fds = self.passed("web", "web", "other")
        with Started(self.settings("fd:web"), self.manager, fds) as uvoy:
            for _ in range(10):
                self.assertEqual(self.answers(*self.ports[:2]), [200, 200])
            (listener,) = uvoy.json("/v1/listeners")["listeners"]
            self.assertEqual(listener["addresses"], ["fd:web"])
            eventually(lambda: self.manager.store)
            self.assertEqual([name for name, _ in self.manager.store],
                             [f"127.0.0.1_{uvoy.admin_port}"])

    def test_a_name_that_is_not_there_is_told_with_those_that_are(self):
        told = self.refused(self.settings("fd:web"), "wbe", "api")
        self.assertIn("/listeners/web/address", told)
        self.assertIn('no listening socket of that name: passed are "api", "wbe"', told)
        self.assertIn("none was passed", self.refused(self.settings("fd:web")))

    def test_a_socket_does_not_serve_by_name_and_by_address(self):
        told = self.refused(self.settings("fd:web", f"127.0.0.1:{self.ports[0]}"), "web")
        self.assertIn("/listeners/web/address/1", told)
        self.assertIn("is the socket of fd:web", told)

    def test_check_needs_no_sockets(self):
        path = pathlib.Path(self.manager.folder.name) / "uvoy.json"
        path.write_text(json.dumps(self.settings("fd:web")))
        done = harness.run_once("check", path)
        self.assertEqual(done.returncode, 0, done.err)

    def test_one_that_a_reload_takes_away_waits_for_one_that_brings_it_back(self):
        web, other, unused = self.ports
        fds = self.passed("web", "other", "unused")
        with Started(self.settings("fd:web", "fd:other"), self.manager, fds) as uvoy:
            self.assertEqual(self.answers(web, other), [200, 200])
            self.change(uvoy, "fd:other")
            eventually(lambda: self.nobody_answers(web), "it is closed")
            with wire.connect(web) as client:
                client.send(wire.head("GET", "/"))
                self.assertEqual(self.answers(other), [200])
                self.change(uvoy, "fd:web", "fd:other", "fd:unused")
                self.assertEqual(client.response().status, 200)
            for _ in range(5):
                self.assertEqual(self.answers(web, other, unused), [200] * 3)

    def nobody_answers(self, port):
        with wire.connect(port) as client:
            client.send(wire.head("GET", "/", [("Connection", "close")]))
            client.sock.settimeout(0.5)
            try:
                client.response()
            except TimeoutError:
                return True
        return False

    def test_an_upgrade_gives_them_on_with_their_names(self):
        web, other, unused = self.ports
        fds = self.passed("web", "other", "other")
        with Started(self.settings("fd:web"), self.manager, fds) as uvoy:
            done = harness.run_once("ctl", "--config", uvoy.process.args[-1], "upgrade")
            self.assertEqual(done.returncode, 0, done.err)
            pid = uvoy.json("/v1/status")["pid"]
            try:
                self.assertEqual(uvoy.wait(), 0)
                self.assertEqual(self.answers(web), [200])
                self.change(uvoy, "fd:web", "fd:other")
                self.assertEqual(self.answers(web, other, unused), [200] * 3)
            finally:
                os.kill(pid, signal.SIGTERM)
                eventually(lambda: self.manager.heard("STOPPING"))

    def test_a_name_may_be_what_the_store_calls_another_socket(self):
        settings = self.settings("fd:placeholder")
        name = settings["admin"]["address"].replace(":", "_")
        settings["listeners"]["web"]["address"] = f"fd:{name}"
        with Started(settings, self.manager, self.passed(name)):
            eventually(lambda: self.manager.store)
        with Started(settings, self.manager, self.passed(name) + self.manager.store) as uvoy:
            self.assertEqual(self.answers(self.ports[0]), [200])
            self.assertEqual(uvoy.admin("/readyz").status, 200)


class stopped_thread:
    """Stops one thread by ptrace, which gdb does too."""

    def __init__(self, tid):
        import ctypes

        self.libc, self.tid = ctypes.CDLL(None, use_errno=True), tid

    def __enter__(self):
        seize, interrupt = 0x4206, 0x4207
        if self.libc.ptrace(seize, self.tid, None, None) != 0:
            return False
        self.libc.ptrace(interrupt, self.tid, None, None)
        os.waitpid(self.tid, 0x40000000)  # __WALL
        return True

    def __exit__(self, *_):
        detach = 17
        self.libc.ptrace(detach, self.tid, None, None)


if __name__ == "__main__":
    harness.main()
