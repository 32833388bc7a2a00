"""An endpoint breaks under 2,000 requests a second: how soon clients are rid of it.

Measures, so it is for the release build. scripts/ejection plays the same with HAProxy beside it.
"""

import sys
import unittest

import faults
import harness
from harness import Uvoy, eventually


class Ejection(unittest.TestCase):
    def play(self, fault, retries=None, check=None):
        with faults.endpoints(fault) as (servers, breaks):
            cluster = {"health_check": check} if check else {}
            with Uvoy(faults.uvoy_settings(servers, retries, **cluster)) as uvoy:
                seen = faults.play(uvoy.port, breaks)
                self.told = uvoy.endpoints()[servers[0].address]
                self.log = uvoy.log()
        words = f"{fault}, retries {'as by default' if retries is None else retries}"
        print(f"{words}: {seen}", file=sys.stderr)
        return seen

    def test_of_a_killed_endpoint_no_request_fails(self):
        self.assertEqual(self.play("killed").failed, 0)

    def test_without_retries_errors_of_a_killed_endpoint_end_within_300_ms(self):
        seen = self.play("killed", retries=0)
        self.assertGreater(seen.failed, 0)
        self.assertLessEqual(seen.last, 0.3)

    def expect_silence(self, seen, cause):
        self.assertGreater(seen.failed, 0)
        self.assertGreaterEqual(seen.first, faults.ROUTE_TIMEOUT - 0.1)
        # Those that are sent from then on are answered; what waits at the endpoint is not.
        self.assertLessEqual(seen.doomed, seen.first + 0.5)
        self.assertLessEqual(seen.last, seen.first + faults.ROUTE_TIMEOUT + 0.5)
        self.assertEqual(self.told["state"], "unhealthy")
        self.assertEqual(self.told["ejection"]["cause"], cause)

    def test_a_stopped_endpoint_gets_nothing_500_ms_after_the_first_timeout(self):
        self.expect_silence(self.play("stopped"), "consecutive_failures")
        self.assertIn("wait for an answer", self.log)

    def test_a_dropped_network_gets_nothing_500_ms_after_the_first_timeout(self):
        if why := faults.Namespace.why_not():
            self.skipTest(why)
        self.expect_silence(self.play("dropped"), "consecutive_failures")


if __name__ == "__main__":
    harness.main()
