"""An endpoint that is up for a second and down for a second: clients hardly notice, and it stays
out longer each time.

    flapping_test.py BINARY            # 20 s of it
    UVOY_FLAPPING_SECONDS=60 flapping_test.py BINARY
"""

import os
import sys
import threading
import time
import unittest

import faults
import harness
from harness import Uvoy
from steady import Steady

SECONDS = float(os.environ.get("UVOY_FLAPPING_SECONDS", "20"))
RATE = 1000
NAME = "uvoy_endpoint_ejection_seconds"


class Flapping(unittest.TestCase):
    def flap(self, server, until):
        while not until.wait(1):
            server.kill()
            if until.wait(1):
                break
            server.start()

    def watch(self, uvoy, server, until):
        """Every length of an ejection that the metrics show, in order."""
        series = f'{NAME}{{cluster="app",backend="{server.address}"}}'
        lengths = []
        while not until.wait(0.25):
            length = uvoy.metrics()[series]
            if not lengths or lengths[-1] != length:
                lengths.append(length)
        return lengths

    def test_clients_hardly_notice_and_it_stays_out_longer_each_time(self):
        with faults.endpoints("killed") as (servers, _):
            check = {"health_check": {"interval": "1s"}}
            with Uvoy(harness.config(*servers, cluster=check)) as uvoy:
                until = threading.Event()
                flapping = threading.Thread(target=self.flap, args=[servers[0], until])
                load = Steady(uvoy.port, RATE, SECONDS)
                ends = threading.Timer(SECONDS, until.set)
                flapping.start()
                ends.start()
                lengths = self.watch(uvoy, servers[0], until)
                result = load.result()
                flapping.join()
                told = uvoy.endpoints()[servers[0].address]
        failed, sent = len(result["failures"]), result["sent"]
        print(f"{failed} of {sent} requests failed; it was out for at least "
              f"{', '.join(f'{length:g}' for length in lengths if length)} s", file=sys.stderr)
        self.assertLess(failed, sent / 1000)
        timed = [length for length in lengths if length]
        self.assertGreater(len(timed), 1, lengths)
        for before, after in zip(timed, timed[1:]):
            self.assertEqual(after, 2 * before, lengths)
        self.assertGreaterEqual(told["ejections"], 2)


if __name__ == "__main__":
    harness.main()
