"""Endpoints die and come back; clients do not notice."""

import shutil
import socket
import subprocess
import threading
import unittest

import harness
import wire
from harness import Uvoy, config, eventually
from origin import Origin


class Health(unittest.TestCase):
    def setUp(self):
        self.origins = [self.enterContext(Origin(name=name)) for name in "abc"]

    def start(self, **cluster):
        return self.enterContext(Uvoy(config(*self.origins, cluster=cluster)))

    def load(self, uvoy, results, until):
        """GETs of changing paths, each on a connection of its own, until told to stop."""
        number = 0
        while not until.is_set():
            number += 1
            try:
                results.append(uvoy.ask(f"/{number}").status)
            except (OSError, wire.Truncated) as error:
                results.append(repr(error))

    def test_no_request_is_lost_when_an_endpoint_dies_and_comes_back(self):
        uvoy = self.start()
        results, until = [], threading.Event()
        threads = [
            threading.Thread(target=self.load, args=[uvoy, results, until]) for _ in range(3)
        ]
        for thread in threads:
            thread.start()
        try:
            for _ in range(2):
                eventually(lambda before=len(results): len(results) > before + 50)
                self.origins[0].kill()
                uvoy.wait_for(self.origins[0], "unhealthy")
                eventually(lambda before=len(results): len(results) > before + 50)
                self.origins[0].start()
                uvoy.wait_for(self.origins[0], "healthy")
        finally:
            until.set()
            for thread in threads:
                thread.join()
        self.assertEqual({result for result in results if result != 200}, set())

    def test_a_dead_endpoint_is_found_without_any_traffic_and_told_with_the_reason(self):
        uvoy = self.start()
        self.origins[2].kill()
        uvoy.wait_for(self.origins[2], "unhealthy")
        told = lambda: uvoy.endpoints()[self.origins[2].address]
        self.assertIn("connect_refused", told()["why"])
        self.assertEqual(told()["ejections"], 1)
        eventually(lambda: told().get("ring_share") == 0, "its keys go to others")
        backend = f'backend="{self.origins[2].address}"'
        self.assertEqual(uvoy.metric("uvoy_endpoint_healthy", backend), 0)
        self.assertEqual(uvoy.metric("uvoy_endpoint_healthy"), 2)
        self.assertIn("is unhealthy (", uvoy.log())
        self.origins[2].start()
        uvoy.wait_for(self.origins[2], "healthy")
        self.assertEqual(uvoy.metric("uvoy_endpoint_healthy"), 3)
        self.assertIn("is healthy (", uvoy.log())

    def test_an_http_check_looks_at_the_status(self):
        uvoy = self.start(health_check={"path": "/healthz", "status": "200-299"})
        eventually(lambda: self.origins[0].health_checks > 2)
        self.origins[0].health_status = "503 Service Unavailable"
        uvoy.wait_for(self.origins[0], "unhealthy")
        self.assertIn("503", uvoy.endpoints()[self.origins[0].address]["why"])
        self.assertEqual(uvoy.metric("uvoy_endpoint_healthy"), 2)
        self.origins[0].health_status = "204 No Content"
        uvoy.wait_for(self.origins[0], "healthy")

    def test_an_endpoint_that_accepts_and_is_silent_fails_its_http_check(self):
        uvoy = self.start(health_check={"path": "/healthz", "timeout": "1s"})
        self.origins[1].kill()
        silent = socket.socket()
        self.addCleanup(silent.close)
        silent.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        silent.bind(("127.0.0.1", self.origins[1].port))
        silent.listen(64)
        told = lambda: uvoy.endpoints()[self.origins[1].address]
        eventually(lambda: told()["why"].find("first_byte_timeout") >= 0, "it says why")
        eventually(lambda: told()["state"] == "unhealthy")

    def test_without_checks_nothing_is_asked(self):
        uvoy = self.start(health_check={"type": "none"})
        self.assertEqual(uvoy.ask().status, 200)
        self.assertEqual(sum(len(o.peers) for o in self.origins), 1)
        self.assertEqual(uvoy.endpoints()[self.origins[0].address]["why"], "health checks are off")

    def test_when_all_are_dead_the_answer_is_503_and_later_200_again(self):
        uvoy = self.start()
        for each in self.origins:
            each.kill()
        for each in self.origins:
            uvoy.wait_for(each, "unhealthy")
        self.assertTrue(uvoy.json("/v1/clusters")["clusters"][0]["panic"])
        self.assertEqual(uvoy.ask().status, 503)
        for each in self.origins:
            each.start()
        eventually(lambda: uvoy.ask().status == 200)

    def test_requests_are_counted_by_endpoint_and_code(self):
        uvoy = self.start()
        for i in range(30):
            uvoy.ask(f"/{i}")
        total = 0
        for each in self.origins:
            labels = [f'backend="{each.address}"', 'cluster="app"', 'code="2xx"']
            count = uvoy.metric("requests_total", *labels)
            self.assertEqual(count, len(each.requests))
            total += count
        self.assertEqual(total, 30)
        self.assertEqual(uvoy.metric("request_duration_seconds_count", 'cluster="app"'), 30)
        self.assertEqual(uvoy.metric("active_connections", 'listener="web"'), 0)

    @unittest.skipUnless(shutil.which("promtool"), "promtool is not installed")
    def test_prometheus_finds_nothing_wrong_with_the_metrics(self):
        uvoy = self.start()
        self.origins[0].kill()
        uvoy.wait_for(self.origins[0], "unhealthy")
        uvoy.ask()
        done = subprocess.run(
            ["promtool", "check", "metrics"], input=uvoy.admin("/metrics").body,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=harness.PATIENCE
        )
        self.assertEqual((done.returncode, done.stdout.decode()), (0, ""))


if __name__ == "__main__":
    harness.main()
