"""Endpoints that DNS tells: they come and go while requests go on."""

import ctypes
import os
import pathlib
import random
import socket
import subprocess
import tempfile
import threading
import time
import unittest

import harness
import wire
from harness import Uvoy, config, eventually
from nameserver import DNSMASQ, Nameserver
from origin import Origin, answer

NAME = "api.internal"
PATHS = [f"/catalogue/{i}/item" for i in range(1000)]


def tell_name(origin, request, peer):
    peer.send(answer(origin.name.encode()))


def who_serves(uvoy, paths=PATHS):
    found = {}
    with uvoy.connect(keeps=False) as client:
        for path in paths:
            client.send(wire.head("GET", path))
            response = client.response()
            assert response.status == 200, response
            found[path] = response.body.decode()
    return found


def use_nameserver(ip):
    """This process and its children have another /etc/resolv.conf than all others."""
    new_namespace, bind, private = 0x20000, 0x1000, 0x44000  # CLONE_NEWNS, MS_BIND, MS_PRIVATE|REC
    libc = ctypes.CDLL(None, use_errno=True)
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
        pathlib.Path(file.name).write_text(f"nameserver {ip}\n")
        done = libc.unshare(new_namespace) == 0
        done = done and libc.mount(b"none", b"/", None, private, None) == 0
        done = done and libc.mount(file.name.encode(), b"/etc/resolv.conf", None, bind, None) == 0
        assert done, os.strerror(ctypes.get_errno())


class Load:
    """GETs of changing paths over a few connections, until told to stop."""

    def __init__(self, uvoy, clients=3):
        self.uvoy = uvoy
        self.results = []
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self.run, args=[i]) for i in range(clients)]

    def run(self, client):
        number = 0
        while not self.over.is_set():
            try:
                with self.uvoy.connect(keeps=False) as connection:
                    for _ in range(20):
                        number += 1
                        connection.send(wire.head("GET", f"/{client}/{number}"))
                        self.results.append(connection.response().status)
            except (OSError, wire.Truncated) as error:
                self.results.append(repr(error))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        self.goes_on()
        return self

    def goes_on(self, count=100):
        before = len(self.results)
        eventually(lambda: len(self.results) >= before + count, "the load goes on")

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()


@unittest.skipUnless(DNSMASQ, "dnsmasq is not installed")
class Discovery(unittest.TestCase):
    def setUp(self):
        self.port = harness.free_port()
        self.origins = {}

    def origin(self, last, port=None):
        """An endpoint at 127.0.0.`last`."""
        host = f"127.0.0.{last}"
        origin = Origin(tell_name, name=host, host=host, port=port or self.port)
        self.origins[host] = self.enterContext(origin)
        return host

    def nameserver(self, *args, **options):
        return self.enterContext(Nameserver(*args, **options))

    def start(self, nameserver, cluster=None, **discovery):
        settings = config(hash_seed="discovery")
        app = settings["clusters"]["app"]
        del app["endpoints"]
        server = nameserver.address
        app["discovery"] = {"dns": f"{NAME}:{self.port}", "server": server, **discovery}
        app["load_balancing"] = {"slow_start": "1ms"}
        app.update(cluster or {})
        return self.enterContext(Uvoy(settings))

    def names(self, uvoy):
        return {told["name"].split(":")[0] for told in uvoy.endpoints().values()}

    def wait_for(self, uvoy, hosts):
        """Until these are the endpoints, all healthy, and have their whole share of the ring."""
        least = 0.8 / len(hosts)

        def told():
            endpoints = uvoy.endpoints().values()
            served = {e["name"].split(":")[0] for e in endpoints if e.get("ring_share", 0) > least}
            healthy = all(e["state"] == "healthy" for e in endpoints)
            return self.names(uvoy) == set(hosts) == served and healthy

        eventually(told, f"endpoints are {hosts}")

    def refreshes(self, uvoy, result):
        return uvoy.metric("uvoy_discovery_refreshes_total", f'result="{result}"')

    def wait_for_refreshes(self, uvoy, result, count=2):
        before = self.refreshes(uvoy, result)
        eventually(lambda: self.refreshes(uvoy, result) >= before + count, f"DNS: {result}")

    def test_all_addresses_of_a_name_are_endpoints_from_the_first_request_on(self):
        hosts = [self.origin(i) for i in (2, 3, 4)]
        uvoy = self.start(self.nameserver({NAME: hosts}))
        self.assertEqual(set(who_serves(uvoy).values()), set(hosts))
        self.assertEqual(self.names(uvoy), set(hosts))
        self.assertEqual(uvoy.metric("uvoy_discovery_endpoints", 'cluster="app"'), 3)
        self.assertEqual(uvoy.metric("uvoy_endpoint_healthy"), 3)
        self.wait_for_refreshes(uvoy, "success")

    def test_endpoints_come_and_go_under_load_and_no_key_of_another_moves(self):
        hosts = [self.origin(i) for i in (2, 3, 4)]
        dns = self.nameserver({NAME: hosts})
        uvoy = self.start(dns)
        before = who_serves(uvoy)
        new = self.origin(5)
        with Load(uvoy) as load:
            dns.set({NAME: [*hosts, new]})
            self.wait_for(uvoy, [*hosts, new])
            with_new = who_serves(uvoy)
            moved = {path for path in PATHS if with_new[path] != before[path]}
            self.assertEqual({with_new[path] for path in moved}, {new})
            self.assertLess(abs(len(moved) / len(PATHS) - 1 / 4), 0.06)
            load.goes_on()

            gone, kept = hosts[1], [hosts[0], hosts[2], new]
            dns.set({NAME: kept})
            self.wait_for(uvoy, kept)
            after = who_serves(uvoy)
            moved = {path for path in PATHS if after[path] != with_new[path]}
            self.assertEqual(moved, {path for path in PATHS if with_new[path] == gone})
            had = len(self.origins[gone].requests)
            load.goes_on()
        self.assertEqual(len(self.origins[gone].requests), had)
        self.assertEqual({result for result in load.results if result != 200}, set())
        backends = {s for s in uvoy.metrics() if f'"{gone}:' in s}
        self.assertEqual(backends, set())

    def test_a_request_under_way_at_an_endpoint_that_goes_is_answered(self):
        release = threading.Event()

        def wait_and_tell(origin, request, peer):
            release.wait(harness.PATIENCE)
            tell_name(origin, request, peer)

        one, two = self.origin(2), self.origin(3)
        dns = self.nameserver({NAME: [one]})
        uvoy = self.start(dns)
        self.origins[one].handler = wait_and_tell
        with uvoy.connect() as client:
            client.send(wire.head("GET", "/long"))
            eventually(lambda: self.origins[one].requests, "the request arrives")
            dns.set({NAME: [two]})
            self.wait_for(uvoy, [two])
            self.assertEqual(uvoy.ask().body, two.encode())
            release.set()
            response = client.response()
        self.assertEqual((response.status, response.body), (200, one.encode()))

    def test_a_new_endpoint_that_fails_its_checks_gets_no_request(self):
        hosts = [self.origin(i) for i in (2, 3)]
        dns = self.nameserver({NAME: hosts})
        uvoy = self.start(dns)
        before = who_serves(uvoy)
        dead = [f"127.0.0.{i}" for i in range(20, 26)]
        dns.set({NAME: [*hosts, *dead]})
        eventually(lambda: self.names(uvoy) == {*hosts, *dead})
        told = lambda: [uvoy.endpoints()[f"{host}:{self.port}"]["state"] for host in dead]
        eventually(lambda: set(told()) == {"unhealthy"}, "they are out")
        self.assertFalse(uvoy.json("/v1/clusters")["clusters"][0]["panic"])
        self.assertEqual(who_serves(uvoy), before)
        self.assertEqual(uvoy.metric("uvoy_upstream_failures_total"), 0)
        self.assertEqual(uvoy.metric("uvoy_endpoint_healthy"), 2)
        late = self.origin(20)
        self.wait_for_refreshes(uvoy, "success", 1)
        eventually(lambda: late in who_serves(uvoy).values(), "it is let in when it is well")

    def test_places_are_used_again_but_neither_connections_nor_counts(self):
        hosts = [self.origin(i) for i in (2, 3, 4, 5)]
        dns = self.nameserver({NAME: hosts[:1]})
        uvoy = self.start(dns, max_endpoints=1)
        for host in [*hosts, *hosts[:2]]:
            dns.set({NAME: [host]})
            self.wait_for(uvoy, [host])
            self.assertEqual({uvoy.ask(f"/{i}").body.decode() for i in range(40)}, {host})
            backend = f'backend="{host}:{self.port}"'
            eventually(lambda: uvoy.metric("requests_total", backend, 'code="2xx"') == 40)
            self.assertEqual(uvoy.metric("requests_total"), 40)

    def test_a_service_tells_ports_and_weights(self):
        ports = [harness.free_port() for _ in range(2)]
        one, two = self.origin(2, ports[0]), self.origin(3, ports[1])
        service = "_http._tcp.app.internal"
        dns = self.nameserver(
            {"one.internal": [one], "two.internal": [two]},
            [f"{service},one.internal,{ports[0]},0,1", f"{service},two.internal,{ports[1]},0,3"],
        )
        uvoy = self.start(dns, dns=service, record="SRV")
        told = uvoy.endpoints()
        self.assertEqual(set(told), {f"{one}:{ports[0]}", f"{two}:{ports[1]}"})
        self.assertEqual(told[f"{two}:{ports[1]}"]["weight"], 3)
        share = lambda host: uvoy.metric("uvoy_ring_share", f'backend="{host}:')
        self.assertAlmostEqual(share(one), 1 / 4, delta=0.02)
        self.assertEqual(set(who_serves(uvoy, PATHS[:100]).values()), {one, two})
        before = who_serves(uvoy)
        dns.kill()
        weights = [f"{service},{n}.internal,{p},0,3" for n, p in zip(("one", "two"), ports)]
        dns.start(weights)
        with Load(uvoy) as load:
            eventually(lambda: abs(share(one) - 1 / 2) < 0.02, "the new weights count")
        self.assertEqual({result for result in load.results if result != 200}, set())
        after = who_serves(uvoy)
        self.assertEqual({after[p] for p in PATHS if after[p] != before[p]}, {one})

    def test_addresses_of_both_families_are_endpoints(self):
        one, other = self.origin(2), "::1"
        try:
            self.enterContext(Origin(tell_name, name=other, host=other, port=self.port))
        except OSError:
            self.skipTest("there is no IPv6 here")
        uvoy = self.start(self.nameserver({NAME: [one, other]}))
        self.assertEqual(set(uvoy.endpoints()), {f"{one}:{self.port}", f"[::1]:{self.port}"})
        self.assertEqual(set(who_serves(uvoy, PATHS[:100]).values()), {one, other})

    def test_without_a_nameserver_the_last_good_answer_is_kept(self):
        hosts = [self.origin(i) for i in (2, 3)]
        dns = self.nameserver({NAME: hosts})
        uvoy = self.start(dns)
        before = who_serves(uvoy)
        dns.kill()
        self.wait_for_refreshes(uvoy, "failure")
        self.assertEqual(who_serves(uvoy), before)
        self.assertIn("the last ones are kept", uvoy.log())
        self.assertEqual(uvoy.log().count("DNS does not tell"), 1)
        new = self.origin(4)
        dns.write({NAME: [*hosts, new]})
        dns.start()
        self.wait_for(uvoy, [*hosts, new])

    def test_a_name_that_is_gone_takes_no_endpoint_away(self):
        hosts = [self.origin(i) for i in (2, 3)]
        dns = self.nameserver({NAME: hosts})
        uvoy = self.start(dns)
        before = who_serves(uvoy)
        dns.set({})
        self.wait_for_refreshes(uvoy, "empty")
        self.assertEqual(who_serves(uvoy), before)
        self.assertIn("DNS knows no endpoint", uvoy.log())
        dns.set({NAME: hosts[:1]})
        self.wait_for(uvoy, hosts[:1])

    def test_it_starts_without_dns_and_serves_when_dns_tells(self):
        host = self.origin(2)
        dns = self.nameserver({NAME: [host]}, starts=False)
        uvoy = self.start(dns)
        response = uvoy.ask()
        self.assertEqual(response.status, 503)
        self.assertIn("no_healthy_endpoint", response.get("proxy-status"))
        self.assertIn("503 until it does", uvoy.log())
        dns.start()
        eventually(lambda: uvoy.ask().status == 200)

    def test_a_silent_nameserver_delays_the_start_by_seconds_only(self):
        with socket.socket(type=socket.SOCK_DGRAM) as silent:
            silent.bind(("127.0.0.1", 0))
            began = time.monotonic()
            settings = config("127.0.0.1:1")
            app = settings["clusters"]["app"]
            del app["endpoints"]
            server = "127.0.0.1:%d" % silent.getsockname()[1]
            app["discovery"] = {"dns": "api.internal:1", "server": server}
            uvoy = self.enterContext(Uvoy(settings))
            self.assertLess(time.monotonic() - began, harness.PATIENCE)
            self.assertEqual(uvoy.ask().status, 503)
            self.assertIn("no answer in time", uvoy.log())

    def test_of_too_many_addresses_the_first_are_used(self):
        hosts = [self.origin(i) for i in (2, 3, 10)]
        uvoy = self.start(self.nameserver({NAME: hosts}), max_endpoints=2)
        self.assertEqual(self.names(uvoy), set(hosts[:2]))
        self.assertIn("DNS tells 3 endpoints, the first 2 are used", uvoy.log())

    def test_a_name_among_the_endpoints_is_followed_and_no_request_is_lost(self):
        if os.getuid() != 0:
            self.skipTest("needs to be root: a resolv.conf and port 53 of its own")
        release = threading.Event()

        def wait_and_tell(origin, request, peer):
            release.wait(harness.PATIENCE)
            tell_name(origin, request, peer)

        one, two = self.origin(2), self.origin(3)
        self.origins[one].handler = wait_and_tell
        ip = f"127.53.{random.randrange(256)}.{random.randrange(1, 255)}"
        dns = self.nameserver({NAME: [one]}, ip=ip, port=53)
        settings = config(f"{NAME}:{self.port}", workers=1)
        try:
            uvoy = self.enterContext(Uvoy(settings, preexec_fn=lambda: use_nameserver(ip)))
        except subprocess.SubprocessError:
            self.skipTest("may not have a resolv.conf of its own")
        with uvoy.connect() as client:
            client.send(wire.head("GET", "/long"))
            eventually(lambda: self.origins[one].requests, "the request arrives")
            dns.set({NAME: [two]})
            eventually(lambda: f"is at {two}:{self.port} now, no longer at {one}" in uvoy.log())
            self.assertEqual(uvoy.ask().body, two.encode())
            release.set()
            response = client.response()
        self.assertEqual((response.status, response.body), (200, one.encode()))
        dns.set({NAME: [one, two]})
        dns.kill()
        eventually(lambda: "DNS does not tell where that is" in uvoy.log())
        self.origins[one].kill()
        eventually(lambda: uvoy.ask().body == two.encode())
        self.assertEqual(uvoy.metric("uvoy_endpoint_ejections_total"), 0)


if __name__ == "__main__":
    harness.main()
