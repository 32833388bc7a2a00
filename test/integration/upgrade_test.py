"""A new process of the program on disk takes over: by SIGUSR2, the admin API and uvoy ctl."""

import concurrent.futures
import contextlib
import json
import os
import pathlib
import shutil
import signal
import tempfile
import threading
import time
import unittest

import harness
import wire
from harness import Uvoy, config, eventually, run_once
from origin import Origin, echo
from steady import Steady


class Upgradable(Uvoy):
    """Has a program of its own on disk, and ends whichever process serves last."""

    def __enter__(self):
        self.place = tempfile.TemporaryDirectory(prefix="uvoy-program-")
        self.program = pathlib.Path(self.place.name) / "uvoy"
        shutil.copy(harness.BINARY, self.program)
        self.file = pathlib.Path(self.place.name) / "uvoy.json"
        self.file.write_text(json.dumps(self.settings))
        self.binary, self.arguments = str(self.program), ["run", self.file]
        super().__enter__()
        self.pids = [self.process.pid]
        return self

    def pid(self):
        return self.json("/v1/status")["pid"]

    def upgrade(self, code=0):
        done = run_once("ctl", "--config", self.file, "upgrade")
        assert done.returncode == code, done.out + done.err
        if code == 0:
            self.pids.append(self.pid())
        return done

    def is_gone(self, pid):
        with contextlib.suppress(OSError):
            # Nobody's child may wait for a parent that does not ask.
            state = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
            return state == "Z"
        return True

    def stop(self):
        for pid in self.pids[1:]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT)
        for pid in self.pids[1:]:
            eventually(lambda p=pid: self.is_gone(p), f"process {pid} ends")
        super().stop()
        self.place.cleanup()


class Upgrade(unittest.TestCase):
    def start(self, *endpoints, **options):
        return self.enterContext(Upgradable(config(*endpoints, **options)))

    def setUp(self):
        self.origin = self.enterContext(Origin())

    def test_ctl_upgrade_waits_until_the_other_process_serves(self):
        uvoy = self.start(self.origin)
        old = uvoy.process.pid
        self.assertIn("serving", uvoy.upgrade().out)
        self.assertNotEqual(uvoy.pid(), old)
        self.assertEqual(uvoy.wait(), 0)
        self.assertEqual(uvoy.ask().status, 200)
        self.assertIn(f"upgrade: process {uvoy.pid()} serves, this one ends", uvoy.log())

    def test_the_successor_is_nobodys_child(self):
        uvoy = self.start(self.origin)
        uvoy.upgrade()
        stat = pathlib.Path(f"/proc/{uvoy.pid()}/stat").read_text()
        self.assertNotEqual(int(stat.rsplit(")", 1)[1].split()[1]), uvoy.process.pid)

    def test_sigusr2_does_the_same(self):
        uvoy = self.start(self.origin)
        old = uvoy.process.pid
        uvoy.signal(signal.SIGUSR2)
        eventually(lambda: uvoy.pid() != old, "another process answers")
        uvoy.pids.append(uvoy.pid())
        self.assertEqual(uvoy.wait(), 0)

    def test_what_is_in_flight_is_answered_by_the_old_one(self):
        upgraded = threading.Event()

        def serve(origin, request, peer):
            upgraded.wait(wire.PATIENCE)
            echo(origin, request, peer)

        origin = self.enterContext(Origin(serve))
        uvoy = self.start(origin, cluster={"health_check": {"type": "none"}})
        with uvoy.connect() as client:
            client.send(wire.head("GET", "/"))
            eventually(lambda: origin.requests, "it is in flight")
            uvoy.upgrade()
            self.assertFalse(uvoy.is_gone(uvoy.process.pid))
            # The new one says that it serves before the old one hears it.
            eventually(lambda: "graceful shutdown" in uvoy.log(), "it drains")
            upgraded.set()
            answer = client.response()
            self.assertEqual((answer.status, answer.get("connection")), (200, "close"))
        self.assertEqual(uvoy.wait(), 0)

    def test_keys_stay_although_the_seed_is_random(self):
        origins = [self.enterContext(Origin()) for _ in range(4)]
        uvoy = self.start(*origins, hash_seed="")

        def owners():
            return [json.loads(uvoy.ask(f"/{i}").body)["endpoint"] for i in range(40)]

        before = owners()
        uvoy.upgrade()
        uvoy.wait()
        self.assertEqual(owners(), before)

    def test_a_successor_that_fails_leaves_the_old_one_serving(self):
        uvoy = self.start(self.origin)
        old = uvoy.process.pid
        uvoy.program.unlink()
        self.assertIn("ended before it was ready", uvoy.upgrade(code=1).err)
        uvoy.program.write_text("#!/bin/sh\nexit 3\n")
        uvoy.program.chmod(0o755)
        uvoy.upgrade(code=1)
        shutil.copy(harness.BINARY, str(uvoy.program) + ".new")
        os.rename(str(uvoy.program) + ".new", uvoy.program)
        file = uvoy.file.read_text()
        uvoy.file.write_text(json.dumps({**uvoy.settings, "nonsense": 1}))
        uvoy.upgrade(code=1)
        self.assertIn("/nonsense: unknown key", uvoy.log())
        self.assertEqual(uvoy.json("/v1/status")["upgrade"]["state"], "failed")
        self.assertEqual((uvoy.pid(), uvoy.ask().status), (old, 200))
        uvoy.file.write_text(file)
        uvoy.upgrade()
        self.assertNotEqual(uvoy.pid(), old)

    def test_an_endpoint_that_is_out_stays_out(self):
        """Without retries, and without checks that would find it out again."""
        dead = self.enterContext(Origin(name="dead"))
        uvoy = self.start(
            self.origin, dead,
            cluster={
                "health_check": {"type": "none"},
                "outlier_detection": {"eject": "1h", "max_eject": "1h"},
                "load_balancing": {"policy": "round_robin"},
            },
            routes=[{"cluster": "app", "retry": {"attempts": 0}}],
        )
        dead.kill()
        while uvoy.endpoints()[dead.address]["state"] == "healthy":
            uvoy.ask()
        why = uvoy.endpoints()[dead.address]["why"]

        def is_spared():
            return [uvoy.ask().status for _ in range(20)] == [200] * 20

        eventually(is_spared, "workers know it, too")
        for _ in range(2):
            uvoy.upgrade()
            self.assertTrue(is_spared())
        told = uvoy.endpoints()[dead.address]
        self.assertEqual((told["state"], told["why"]), ("unhealthy", why))

    def test_what_an_operator_told_is_known(self):
        others = [self.enterContext(Origin(name=name)) for name in ("b", "c")]
        uvoy = self.start(self.origin, *others, cluster={"health_check": {"type": "none"}})

        def tell(endpoint, *what):
            names = ("app", endpoint.address)
            done = run_once("ctl", "--config", uvoy.file, "endpoint", *names, *what)
            self.assertEqual(done.returncode, 0, done.err)

        tell(others[0], "--state", "maintenance")
        tell(others[1], "--weight", "7")
        self.assertEqual(run_once("ctl", "--config", uvoy.file, "drain").returncode, 0)
        uvoy.upgrade()
        told = uvoy.endpoints()
        self.assertEqual(told[others[0].address]["duty"], "maintenance")
        self.assertEqual(told[others[1].address]["weight"], 7)
        self.assertEqual(uvoy.admin("/readyz").status, 503)
        self.assertEqual(uvoy.ask().get("connection"), "close")
        self.assertEqual(run_once("ctl", "--config", uvoy.file, "undrain").returncode, 0)
        self.assertEqual(uvoy.admin("/readyz").status, 200)

    def test_upgrades_in_a_row_lose_nothing(self):
        uvoy = self.start(self.origin)
        over = threading.Event()
        failed, served = [], [0, 0]

        def ask(number, keeps):
            try:
                client = None
                while not over.is_set():
                    if client is None:
                        client = uvoy.connect()
                    fields = () if keeps else [("Connection", "close")]
                    client.send(wire.head("GET", "/", fields))
                    answer = client.response()
                    served[keeps] += answer.status == 200
                    if answer.status != 200:
                        failed.append(answer.status)
                    if not keeps or answer.get("connection") == "close":
                        client.close()
                        client = None
            except (OSError, wire.Truncated) as error:
                failed.append(repr(error))

        threads = [threading.Thread(target=ask, args=(i, i % 2 == 0)) for i in range(8)]
        for thread in threads:
            thread.start()
        rounds = 3 if harness.SANITIZED else 5
        for _ in range(rounds):
            uvoy.upgrade()
            time.sleep(0.1)
        over.set()
        for thread in threads:
            thread.join()
        self.assertEqual(failed, [])
        self.assertTrue(all(count > 20 for count in served), served)
        for pid in uvoy.pids[1:-1]:
            eventually(lambda p=pid: uvoy.is_gone(p), "the former ones end")


def addresses(net, count, port):
    """Of the loopback."""
    return [f"127.{net}.{i // 250}.{i % 250 + 1}:{port}" for i in range(count)]


class ManyOut(unittest.TestCase):
    """Most endpoints are dead: `app` finds that out by checks, `tried` by requests."""

    LIVING, DEAD = {"app": 100, "tried": 100}, {"app": 1000, "tried": 50}

    def setUp(self):
        self.port = harness.free_port()  # where nobody listens
        origin = self.enterContext(Origin(host="0.0.0.0"))
        once = {"retry": {"attempts": 0}}  # whoever asks a dead one gets 503
        settings = config(
            routes=[
                {"match": {"path": {"prefix": "/tried/"}}, "cluster": "tried", **once},
                {"cluster": "app", **once},
            ]
        )
        policy = {"policy": "round_robin", "panic_threshold": "100%"}
        settings["clusters"] = {
            "app": {"health_check": {"interval": "2s"}},
            "tried": {
                "health_check": {"type": "none"},
                "outlier_detection": {"eject": "1h", "max_eject": "1h", "max_ejected": "100%"},
            },
        }
        for number, (name, cluster) in enumerate(settings["clusters"].items()):
            cluster["load_balancing"] = policy
            places = addresses(10 + number, self.LIVING[name], origin.port)
            places += addresses(20 + number, self.DEAD[name], self.port)
            cluster["endpoints"] = [
                {"address": place, "name": f"{name}-{i:03}.rack-{i % 7}.zone-a.example.internal"}
                for i, place in enumerate(places)
            ]
        self.uvoy = self.enterContext(Upgradable(settings))

    def look(self):
        """The process that answers, and why each endpoint is out, as it says."""

        def ask():
            time.sleep(0.05)  # it answers no one who asks without end
            with wire.connect(self.uvoy.admin_port) as admin:
                for path in ("/v1/status", "/v1/clusters"):
                    admin.send(wire.head("GET", path, host="localhost"))
                answers = [admin.response(), admin.response()]
            if {answer.status for answer in answers} == {200}:
                return [json.loads(answer.body) for answer in answers]

        status, told = eventually(ask, "an answer")
        out = {
            (cluster["name"], endpoint["address"]): endpoint["why"]
            for cluster in told["clusters"]
            for endpoint in cluster["endpoints"]
            if endpoint["state"] != "healthy"
        }
        return status["pid"], out

    def take_out(self):
        """Both kinds; gives why each is out."""
        count = sum(self.DEAD.values())
        with self.uvoy.connect() as client:

            def are_out():
                statuses = set()
                for _ in range(200):
                    client.send(wire.head("GET", "/tried/"))
                    statuses.add(client.response().status)
                _, out = self.look()
                return out if len(out) == count and statuses == {200} else None

            return eventually(are_out, f"{count} endpoints are out")

    def watch(self, seen, over):
        """Adds what it looks at to `seen` whenever that is new; gives the statuses of `tried`."""
        statuses = set()
        while not over.is_set():
            now = self.look()
            if not seen or seen[-1] != now:
                seen.append(now)
            statuses.add(self.uvoy.ask("/tried/").status)
        return statuses

    def test_a_thousand_that_are_out_are_out_for_the_successor_from_the_beginning(self):
        out = self.take_out()
        over = threading.Event()
        steady = Steady(self.uvoy.port, 100 if harness.SANITIZED else 300, 5)
        seen, times = [], []
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            watched = pool.submit(self.watch, seen, over)
            try:
                for _ in range(2):
                    time.sleep(0.5)
                    start = time.monotonic()
                    self.uvoy.upgrade()
                    times.append(round(time.monotonic() - start, 2))
                    eventually(lambda: seen[-1][0] == self.uvoy.pids[-1], "it is looked at")
                failures = steady.result()["failures"]
            finally:
                over.set()
        self.assertEqual(failures, [])
        self.assertEqual(watched.result(), {200})
        self.assertEqual([pid for pid, _ in seen], self.uvoy.pids)
        for _, told in seen:
            self.assertEqual(told, out)
        print(f"upgrades with {len(out)} endpoints out took {times} s")
        # It goes on with their checks.
        alive = self.enterContext(Origin(host="127.20.0.1", port=self.port))
        eventually(lambda: ("app", alive.address) not in self.look()[1], "one is back")


if __name__ == "__main__":
    harness.main()
