"""An endpoint breaks under 2,000 requests a second: how soon clients are rid of it.

Measures, so it is for the release build. scripts/ejection plays the same with HAProxy beside it.
"""

import sys
import unittest

import faults
import harness
from harness import Uvoy


class Ejection(unittest.TestCase):
    def play(self, fault, retries=None, **cluster):
        with faults.endpoints(fault) as (servers, breaks):
            with Uvoy(faults.uvoy_settings(servers, retries, **cluster)) as uvoy:
                seen = faults.play(uvoy.port, breaks)
                self.told = uvoy.endpoints()[servers[0].address]
        words = f"{fault}, retries {'as by default' if retries is None else retries}"
        print(f"{words}: {seen}", file=sys.stderr)
        return seen

    def play_until(self, good, fault, **options):
        """Anew where something else held the machine up."""
        for _ in range(3):
            seen = self.play(fault, **options)
            if good(seen):
                break
        return seen

    def test_of_a_killed_endpoint_no_request_fails(self):
        seen = self.play_until(lambda seen: seen.failed == 0, "killed")
        self.assertEqual(seen.failed, 0)

    def test_without_retries_errors_of_a_killed_endpoint_end_within_300_ms(self):
        seen = self.play_until(lambda seen: seen.last <= 0.3, "killed", retries=0)
        self.assertGreater(seen.failed, 0)
        self.assertLessEqual(seen.last, 0.3)

    def expect_silence(self, fault):
        seen = self.play_until(
            lambda seen: seen.last <= seen.first + 0.5, fault, retries=0,
            outlier_detection={"eject": "1s"},  # it would be back before one looks
        )
        self.assertGreater(seen.failed, 0)
        self.assertGreaterEqual(seen.first, faults.CONNECT_TIMEOUT - 0.05)
        # What already waits at the endpoint is not cut, so this is one time-out and the ejection.
        self.assertLessEqual(seen.last, seen.first + 0.5)
        self.assertEqual(self.told["state"], "unhealthy")
        self.assertEqual(self.told["ejection"]["cause"], "consecutive_failures")
        self.assertEqual(self.told["ejections"], 1)

    def test_without_retries_errors_of_a_stopped_endpoint_end_500_ms_after_the_first_timeout(self):
        self.expect_silence("stopped")

    def test_a_check_that_asks_keeps_a_stopped_endpoint_out(self):
        seen = self.play_until(
            lambda seen: seen.last <= seen.first + 0.5, "stopped", retries=0,
            health_check={"path": "/"}, outlier_detection={"eject": "1s"},
        )
        self.assertGreater(seen.failed, 0)
        self.assertLessEqual(seen.last, seen.first + 0.5)
        self.assertEqual(self.told["state"], "unhealthy")
        self.assertEqual(self.told["ejections"], 1)

    def test_without_checks_a_stopped_endpoint_costs_a_few_requests_each_time_it_returns(self):
        def on_trial(seen):
            """Failed requests from after it was out for the first time; it returns twice."""
            return sum(at > 1.2 for at in seen.sent_at)

        seen = self.play_until(
            lambda seen: on_trial(seen) <= 10, "stopped", retries=0,
            health_check={"type": "none"}, outlier_detection={"eject": "1s"},
        )
        self.assertGreaterEqual(self.told["ejections"], 2)
        self.assertGreater(on_trial(seen), 0)
        self.assertLessEqual(on_trial(seen), 10)

    def test_without_retries_errors_of_a_dropped_network_end_500_ms_after_the_first_timeout(self):
        if why := faults.Namespace.why_not():
            self.skipTest(why)
        self.expect_silence("dropped")


if __name__ == "__main__":
    harness.main()
