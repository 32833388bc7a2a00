"""Another configuration takes the place of the one in use: nothing is lost, and what did not change
stays as it is."""

import contextlib
import copy
import json
import os
import pathlib
import signal
import tempfile
import threading
import time
import unittest

import harness
import wire
from harness import Uvoy, config, eventually, free_port
from nameserver import DNSMASQ, Nameserver
from origin import Origin, answer, slow

NO_CHECKS = {"health_check": {"type": "none"}}


def named(name):
    def handler(_, request, peer):
        peer.send(answer(name.encode()))

    return handler


class Reloads(unittest.TestCase):
    def start(self, settings, **options):
        self.uvoy = self.enterContext(Uvoy(settings, **options))
        return self.uvoy

    def write(self, settings):
        path = pathlib.Path(self.uvoy.folder.name) / "uvoy.json"
        path.write_text(settings if isinstance(settings, str) else json.dumps(settings))

    def reload(self, settings, result="success"):
        before = self.count(result)
        self.write(settings)
        self.uvoy.signal(signal.SIGHUP)
        eventually(lambda: self.count(result) > before, f"a reload ends with {result}")

    def count(self, result):
        return self.uvoy.metric("uvoy_config_reloads_total", f'result="{result}"')

    def generations(self):
        return self.uvoy.json("/v1/status")["config"]["generations"]

    def settled(self):
        eventually(lambda: self.generations() == 1, "the former configurations end")


class Change(Reloads):
    def test_an_endpoint_replaces_another_one(self):
        first = self.enterContext(Origin(named("first"), name="first"))
        second = self.enterContext(Origin(named("second"), name="second"))
        settings = config(first, cluster=NO_CHECKS)
        uvoy = self.start(settings)
        with uvoy.connect() as client:
            client.send(wire.head("GET", "/"))
            self.assertEqual(client.response().body, b"first")
            changed = copy.deepcopy(settings)
            changed["clusters"]["app"]["endpoints"] = [second.address]
            before = uvoy.json("/v1/status")["config"]
            self.reload(changed)
            # The connection stays, and its next request goes by what is written now.
            client.send(wire.head("GET", "/"))
            self.assertEqual(client.response().body, b"second")
        status = uvoy.json("/v1/status")["config"]
        self.assertNotEqual(status["hash"], before["hash"])
        self.assertEqual(list(uvoy.endpoints()), [second.address])
        self.assertIn("cluster app changed", uvoy.log())
        self.settled()

    def test_what_an_operator_told_of_an_endpoint_stays(self):
        origins = [self.enterContext(Origin(name=name)) for name in "abcd"]
        settings = config(*origins[:3], cluster=NO_CHECKS)
        uvoy = self.start(settings)
        file = pathlib.Path(uvoy.folder.name) / "uvoy.json"

        def tell(endpoint, *what):
            names = ("app", endpoint.address)
            done = harness.run_once("ctl", "--config", file, "endpoint", *names, *what)
            self.assertEqual(done.returncode, 0, done.err)

        def told(endpoint):
            found = uvoy.endpoints()[endpoint.address]
            return found["duty"], found["weight"]

        tell(origins[0], "--state", "maintenance")
        tell(origins[1], "--weight", "7")
        for number in range(3):
            # The endpoints' order and number change, and a limit of the cluster.
            changed = copy.deepcopy(settings)
            some = [origins[i] for i in ((1, 3, 0), (0, 1), (3, 0, 1))[number]]
            changed["clusters"]["app"]["endpoints"] = [origin.address for origin in some]
            changed["clusters"]["app"]["limits"] = {"pending": 1000 + number}
            self.reload(changed)
            self.assertEqual(told(origins[0]), ("maintenance", 1))
            self.assertEqual(told(origins[1]), ("ready", 7))
        answered = {json.loads(uvoy.ask(f"/{i}").body)["endpoint"] for i in range(40)}
        self.assertNotIn("a", answered)

    def test_a_request_ends_as_it_began(self):
        origin = self.enterContext(Origin(slow(1)))
        settings = config(origin, cluster=NO_CHECKS)
        uvoy = self.start(settings)
        with uvoy.connect() as client:
            client.send(wire.head("GET", "/"))
            eventually(lambda: origin.requests, "the request is at the endpoint")
            changed = copy.deepcopy(settings)
            changed["routes"] = [{"name": "all", "respond": {"status": 418}}]
            changed["clusters"] = settings["clusters"]
            self.reload(changed)
            self.assertEqual(self.generations(), 2)
            response = client.response()
            self.assertEqual(response.status, 200)
            self.assertNotEqual(response.get("connection"), "close")
            client.send(wire.head("GET", "/"))
            self.assertEqual(client.response().status, 418)
        self.settled()

    def test_what_did_not_change_stays_as_it_was(self):
        origin = self.enterContext(Origin())
        dead = f"127.0.0.1:{free_port()}"
        settings = config(origin, dead, rate_limits={"few": {"rate": "1/h", "burst": 3}})
        settings["routes"] = [{"name": "all", "cluster": "app", "rate_limits": ["few"]}]
        settings["clusters"]["app"]["load_balancing"] = {"panic_threshold": "100%"}
        uvoy = self.start(settings)
        eventually(lambda: uvoy.endpoints()[dead]["state"] == "unhealthy", "one is out")
        self.assertEqual([uvoy.ask("/").status for _ in range(2)], [200, 200])
        out = uvoy.endpoints()[dead]
        total = uvoy.metric("requests_total")
        changed = copy.deepcopy(settings)
        changed["clusters"]["app"]["endpoints"].insert(0, f"127.0.0.1:{free_port()}")
        changed["rate_limits"]["another"] = {"rate": "5/s"}
        changed["rate_limits"] = dict(reversed(changed["rate_limits"].items()))
        changed["routes"].insert(0, {"match": {"path": "/x"}, "respond": {"status": 204}})
        self.reload(changed)
        kept = uvoy.endpoints()[dead]
        self.assertEqual((kept["state"], kept["ejections"]), ("unhealthy", out["ejections"]))
        self.assertGreaterEqual(kept["for_seconds"], out["for_seconds"])
        self.assertGreaterEqual(kept["checks_failed"], out["checks_failed"])
        self.assertEqual(uvoy.metric("requests_total"), total)
        # One token is left of three.
        self.assertEqual([uvoy.ask("/").status for _ in range(3)].count(429), 2)
        self.assertGreater(uvoy.metric("requests_total"), total)
        self.assertEqual(uvoy.metric("requests_dropped_total", 'limit="few"'), 2)
        self.settled()
        self.assertEqual(uvoy.metric("requests_dropped_total", 'limit="few"'), 2)

    def test_idle_connections_to_endpoints_stay(self):
        origin = self.enterContext(Origin())
        settings = config(origin, cluster=NO_CHECKS, workers=1)
        uvoy = self.start(settings)
        self.assertEqual(uvoy.ask("/").status, 200)
        changed = copy.deepcopy(settings)
        changed["routes"] = [{"name": "everything", "cluster": "app"}]
        self.reload(changed)
        self.settled()
        self.assertEqual(uvoy.ask("/").status, 200)
        self.assertEqual(uvoy.metric("uvoy_upstream_connects_total", 'result="ok"'), 1)
        self.assertEqual(uvoy.metric("uvoy_upstream_reuses_total"), 1)


    def test_series_of_what_went_are_told_once_more_and_when_its_last_request_ends(self):
        kept, went = self.enterContext(Origin()), self.enterContext(Origin(slow(1.5)))
        settings = config(kept, cluster=NO_CHECKS)
        before = copy.deepcopy(settings)
        before["clusters"]["old"] = {"endpoints": [went.address], **NO_CHECKS}
        before["routes"] = [
            {"name": "old", "match": {"path": "/old"}, "cluster": "old"},
            {"name": "all", "cluster": "app"},
        ]
        uvoy = self.start(before)

        def told():
            return [
                value
                for series, value in uvoy.metrics().items()
                if series.startswith("requests_total{") and 'cluster="old",code="2xx"' in series
            ]

        self.assertEqual(uvoy.ask("/old").status, 200)
        self.assertEqual(told(), [1])
        with uvoy.connect() as client:
            client.send(wire.head("GET", "/old"))
            eventually(lambda: len(went.requests) == 2, "the request is at the endpoint")
            self.write(settings)
            uvoy.signal(signal.SIGHUP)
            eventually(lambda: "cluster old removed" in uvoy.log(), "it is removed")
            self.assertEqual((told(), told()), ([1], []))
            self.assertEqual(client.response().status, 200)
        self.settled()
        self.assertEqual((told(), told()), ([2], []))


@unittest.skipUnless(DNSMASQ, "dnsmasq is not installed")
class Discovered(Reloads):
    def test_members_stay_and_a_new_cluster_is_not_found_empty(self):
        host = "127.0.7.1"
        origin = self.enterContext(Origin(named("it"), host=host))
        dns = self.enterContext(Nameserver({"api.internal": [host]}))
        port = origin.address.rsplit(":")[-1]
        settings = config(cluster=NO_CHECKS)
        app = settings["clusters"]["app"]
        del app["endpoints"]
        app["discovery"] = {"dns": f"api.internal:{port}", "server": dns.address}
        uvoy = self.start(settings)
        self.assertEqual(uvoy.ask("/").body, b"it")
        changed = copy.deepcopy(settings)
        changed["clusters"]["new"] = copy.deepcopy(app)
        changed["routes"] = [
            {"match": {"path": {"prefix": "/new"}}, "cluster": "new"},
            {"name": "all", "cluster": "app"},
        ]
        self.reload(changed)
        self.assertEqual(uvoy.ask("/new").body, b"it")
        self.assertEqual(uvoy.ask("/").body, b"it")
        self.settled()
        dns.kill()  # who is known stays known, without a question
        self.reload(settings)
        self.assertEqual(uvoy.ask("/").body, b"it")
        # Counted when all of the answer has left, which is when the client may ask already.
        eventually(
            lambda: uvoy.metric("requests_total", 'cluster="app"', 'code="2xx"') >= 3,
            "all answers are counted",
        )


class Listeners(Reloads):
    def test_one_comes_and_another_goes(self):
        origin = self.enterContext(Origin())
        settings = config(origin, cluster=NO_CHECKS)
        uvoy = self.start(settings)
        kept = self.enterContext(uvoy.connect())
        added = free_port()
        changed = copy.deepcopy(settings)
        changed["listeners"]["more"] = {"address": f"127.0.0.1:{added}"}
        self.reload(changed)
        self.assertEqual(wire.ask(added, "/").status, 200)
        leaving = self.enterContext(wire.connect(added))
        leaving.send(wire.head("GET", "/"))
        self.assertEqual(leaving.response().status, 200)
        self.reload(settings)
        self.assertTrue(leaving.at_end())  # in good order
        eventually(lambda: refused(added), "the address is closed")
        kept.send(wire.head("GET", "/"))
        self.assertEqual(kept.response().status, 200)
        self.settled()
        self.reload(changed)
        self.assertEqual(wire.ask(added, "/").status, 200)

    def test_one_that_goes_may_come_back_at_once(self):
        origin = self.enterContext(Origin())
        settings = config(origin, cluster=NO_CHECKS)
        uvoy = self.start(settings)
        port = uvoy.port
        changed = copy.deepcopy(settings)
        changed["listeners"]["web"]["address"] = f"127.0.0.1:{free_port()}"
        for _ in range(3):
            self.reload(changed)
            self.reload(settings)
            self.assertEqual(wire.ask(port, "/").status, 200)


    def test_everyone_who_is_let_in_is_served(self):
        settings = config(self.enterContext(Origin()), cluster=NO_CHECKS)
        self.start(settings)
        port = free_port()
        more = copy.deepcopy(settings)
        more["listeners"]["more"] = {"address": f"127.0.0.1:{port}"}
        self.wrong, self.right = [], 0
        self.reload(more)
        threads = [threading.Thread(target=self.come, args=[port]) for _ in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(0.2)
        self.reload(settings)
        for thread in threads:
            thread.join()
        self.assertEqual(self.wrong, [])
        self.assertGreater(self.right, 10)

    def come(self, port):
        """Until nobody is let in any more."""
        while True:
            try:
                client = wire.connect(port)
            except ConnectionRefusedError:
                return
            with client:
                try:
                    client.send(wire.head("GET", "/"))
                    self.assertEqual(client.response().status, 200)
                    self.right += 1
                except Exception as error:  # whatever it is, it was let in and not served
                    self.wrong.append(repr(error))


def refused(port):
    try:
        wire.connect(port).close()
    except ConnectionRefusedError:
        return True
    return False


class Logs(Reloads):
    def test_another_access_log_takes_the_place_of_the_one_in_use(self):
        origin = self.enterContext(Origin())
        settings = config(origin, cluster=NO_CHECKS)
        uvoy = self.start(settings)
        folder = pathlib.Path(uvoy.folder.name)
        one, two = folder / "one", folder / "two"

        def reads(path, text):
            eventually(lambda: path.read_text() == text, f"{path.name} has {text!r}")

        uvoy.ask("/0")
        settings["access_log"] = {"path": str(one), "format": "%{path}"}
        self.reload(settings)
        with uvoy.connect() as client:
            client.send(wire.head("GET", "/1"))
            client.response()
            reads(one, "/1\n")
            settings["access_log"] = [{"path": str(two), "format": "<%{path}>"},
                                      {"path": str(one), "format": "%{path}", "only": "errors"}]
            self.reload(settings)
            client.send(wire.head("GET", "/2"))
            client.response()
            reads(two, "</2>\n")
            settings["routes"] = [{"name": "changed", "cluster": "app"}]
            self.reload(settings)  # and the log stays
            two.rename(folder / "old")
            uvoy.signal(signal.SIGUSR1)
            eventually(two.exists, "a new file")
            client.send(wire.head("GET", "/3"))
            client.response()
            reads(two, "</3>\n")
        reads(one, "/1\n")
        self.settled()
        settings["access_log"] = None
        self.reload(settings)
        uvoy.ask("/4")
        self.settled()
        eventually(
            lambda: not {str(one), str(two)} & self.open_files(), "the former ones are closed"
        )
        reads(two, "</3>\n")

    def open_files(self):
        found = set()
        for link in pathlib.Path(f"/proc/{self.uvoy.process.pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):
                found.add(os.readlink(link))
        return found

    def test_a_request_is_logged_where_its_configuration_says(self):
        origin = self.enterContext(Origin(slow(1)))
        settings = config(origin, cluster=NO_CHECKS)
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        settings["access_log"] = {"path": str(folder / "one"), "format": "%{path}"}
        uvoy = self.start(settings)
        with uvoy.connect() as client:
            client.send(wire.head("GET", "/slow"))
            eventually(lambda: origin.requests, "it has come")
            settings["access_log"]["path"] = str(folder / "two")
            self.reload(settings)
            client.response()
        self.settled()
        self.assertEqual((folder / "one").read_text(), "/slow\n")
        self.assertEqual((folder / "two").read_text(), "")


class AdminAddress(Reloads):
    def test_it_moves_and_the_one_before_ends_when_it_has_answered(self):
        origin = self.enterContext(Origin())
        settings = config(origin, cluster=NO_CHECKS)
        uvoy = self.start(settings)
        path, before = uvoy.process.args[-1], uvoy.admin_port
        told = f"127.0.0.1:{before}"
        taken = {**settings, "admin": {"address": origin.address}}
        path.write_text(json.dumps(taken))
        done = harness.run_once("ctl", "--admin", told, "reload")
        self.assertEqual(done.returncode, 1)
        self.assertIn("/admin/address", done.err)
        moved = {**settings, "admin": {"address": f"127.0.0.1:{free_port()}"}}
        with wire.connect(before) as stays:
            path.write_text(json.dumps(moved))
            done = harness.run_once("ctl", "--admin", told, "reload")
            self.assertEqual((done.returncode, done.err), (0, ""))
            self.assertIn("admin", done.out)
            uvoy.settings = moved
            self.assertEqual(uvoy.admin("/readyz").status, 200)
            eventually(lambda: self.refuses(before), "the former address is closed")
            self.assertTrue(stays.at_end())
        path.write_text(json.dumps({**settings, "admin": None}))
        uvoy.signal(signal.SIGHUP)
        eventually(lambda: self.refuses(uvoy.admin_port), "there is none")
        path.write_text(json.dumps(settings))
        uvoy.signal(signal.SIGHUP)
        uvoy.settings = settings
        eventually(lambda: not self.refuses(before), "it is back")
        self.assertEqual(uvoy.admin("/readyz").status, 200)

    def refuses(self, port):
        try:
            wire.connect(port).close()
        except ConnectionRefusedError:
            return True
        return False


class Mistakes(Reloads):
    def test_the_configuration_in_use_stays(self):
        origin = self.enterContext(Origin())
        taken = self.enterContext(Origin())
        settings = config(origin, cluster=NO_CHECKS)
        uvoy = self.start(settings)
        before = uvoy.json("/v1/status")["config"]
        elsewhere = copy.deepcopy(settings)
        elsewhere["listeners"]["more"] = {"address": taken.address}
        restart = copy.deepcopy(settings)
        restart["workers"] = 3
        unknown = copy.deepcopy(settings)
        unknown["clusters"]["app"]["endpoints"] = ["nowhere.invalid:80"]
        unwritable = {**settings, "access_log": {"path": "/no/such/folder/log"}}
        for wrong, why in (
            (unwritable, "/access_log/path: cannot write to /no/such/folder/log"),
            ("{", "error:"),
            ({**settings, "listenerz": {}}, "listenerz"),
            (elsewhere, "address already in use"),
            (restart, "/workers: a reload cannot change it"),
            (unknown, "/clusters/app/endpoints/0"),
        ):
            with self.subTest(why):
                self.reload(wrong, "failure")
                self.assertIn(why, uvoy.log())
                self.assertEqual(uvoy.metric("uvoy_config_last_reload_successful"), 0)
                self.assertEqual(uvoy.ask("/").status, 200)
                status = uvoy.json("/v1/status")["config"]
                self.assertTrue(status.pop("last_reload_failed"))
                self.assertEqual(status, {key: before[key] for key in status})
        self.reload(settings)
        self.assertEqual(uvoy.metric("uvoy_config_last_reload_successful"), 1)


class ByHand(Reloads):
    """`uvoy ctl reload` and `uvoy ctl diff`."""

    def ctl(self, *arguments, code=0):
        told = f"127.0.0.1:{self.uvoy.admin_port}"
        done = harness.run_once("ctl", "--admin", told, *arguments)
        self.assertEqual(done.returncode, code, done.out + done.err)
        return done

    def test_diff_tells_what_reload_then_does(self):
        origins = [self.enterContext(Origin()) for _ in range(4)]
        settings = config(*origins[:3], cluster=NO_CHECKS)
        uvoy = self.start(settings)
        self.assertEqual(self.ctl("reload").out, "nothing changes\n")
        changed = copy.deepcopy(settings)
        changed["clusters"]["app"]["endpoints"].append(origins[3].address)
        changed["clusters"]["more"] = settings["clusters"]["app"]
        changed["routes"] = [{"name": "all", "cluster": "app"}]
        other = pathlib.Path(uvoy.folder.name) / "other.json"
        other.write_text(json.dumps(changed))
        lines = self.ctl("diff", other).out.splitlines()
        said = ["cluster app changed", "cluster more added", "route default removed",
                "route all added"]
        self.assertEqual(lines[:-1], said)
        before = uvoy.json("/v1/status")["config"]["hash"]
        moved = float(lines[-1].removeprefix("cluster app: ").removesuffix("% of the keys move"))
        self.assertAlmostEqual(moved, 25, delta=1.5)
        self.assertEqual(len(uvoy.endpoints()), 3)
        self.write(changed)
        self.assertEqual(self.ctl("reload").out.splitlines(), said)
        # It is done when it says so.
        self.assertEqual(len(uvoy.endpoints()), 4)
        self.assertNotEqual(uvoy.json("/v1/status")["config"]["hash"], before)

    def test_every_mistake_is_told_and_the_exit_code_says_that_nothing_was_done(self):
        settings = config(self.enterContext(Origin()), cluster=NO_CHECKS)
        uvoy = self.start(settings)
        wrong = json.dumps({**settings, "listenerz": {}, "wrkers": 1})
        self.write(wrong)
        told = self.ctl("reload", code=1).err
        self.assertIn("listenerz", told)
        self.assertIn("wrkers", told)
        other = pathlib.Path(uvoy.folder.name) / "other.json"
        other.write_text(wrong)
        self.assertIn("wrkers", self.ctl("diff", other, code=1).err)
        self.assertEqual(self.count("failure"), 1)


class Crowd(Reloads):
    """Clients ask all the time, over connections that stay and over new ones."""

    SECONDS = 2

    def ask_for_ever(self, port, keeps):
        client = None
        while not self.over:
            try:
                client = client or wire.connect(port)
                client.send(wire.head("GET", "/"))
                response = client.response()
                if response.status != 200:
                    self.wrong.append(response.status)
                self.right += 1
                if not keeps or response.get("connection") == "close":
                    client.close()
                    client = None
            except (OSError, wire.Truncated, IndexError) as error:
                self.wrong.append(repr(error))
                client = None
        if client:
            client.close()

    def test_no_request_is_lost(self):
        origins = [self.enterContext(Origin()) for _ in range(3)]
        settings = config(*origins[:2], cluster=NO_CHECKS, shutdown={"drain_timeout": "5s"})
        uvoy = self.start(settings)
        self.over, self.wrong, self.right = False, [], 0
        threads = [
            threading.Thread(target=self.ask_for_ever, args=(uvoy.port, keeps))
            for keeps in (True, True, True, False, False)
        ]
        for thread in threads:
            thread.start()
        end = time.monotonic() + self.SECONDS
        number = 0
        while time.monotonic() < end or number < 4:
            number += 1
            changed = copy.deepcopy(settings)
            some = origins[number % 3 :] + origins[: number % 3]
            changed["clusters"]["app"]["endpoints"] = [origin.address for origin in some[:2]]
            changed["listeners"][f"l{number}"] = {"address": f"127.0.0.1:{free_port()}"}
            changed["routes"] = [{"name": f"r{number % 2}", "cluster": "app"}]
            self.reload(changed)
        self.over = True
        for thread in threads:
            thread.join()
        self.assertEqual(self.wrong, [])
        self.assertGreater(self.right, 20)
        self.assertGreaterEqual(number, 4)
        self.settled()
        self.assertEqual(uvoy.metric("requests_total", 'cluster="app"') > 0, True)


if __name__ == "__main__":
    harness.main()
