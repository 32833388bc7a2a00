"""What systemd hears and gets (sd_notify(3), sd_listen_fds(3)); a socket here stands for it."""

import array
import os
import pathlib
import signal
import socket
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
