"""Endpoints lose half of their capacity and get it back: clients notice no longer than that.

The measurement beside nginx and HAProxy is scripts/brownout; here the bounds are wide.
"""

import pathlib
import sys
import tempfile
import unittest

import harness

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "bench"))
import brownout  # noqa: E402

TIMES = brownout.Times(before=2.0, brown=3.0, after=5.0)
SOON = 3.0  # seconds; some tenths on an idle machine


class BrownOut(unittest.TestCase):
    def measure(self, limited, blind=False):
        """Anew where the machine itself had not the time to serve the load that it is to lose."""
        for _ in range(3):
            with tempfile.TemporaryDirectory(prefix="uvoy-brownout-") as directory:
                measured = brownout.run("uvoy", directory, limited, blind, harness.BINARY, TIMES)
            if measured["before"] > 0.95:
                break
        return measured

    def test_with_limits_all_is_well_at_once_when_the_capacity_is_back(self):
        measured = self.measure(limited=True)
        self.assertGreater(measured["before"], 0.95, measured)
        # Half of the capacity is 59 % of the load; all of it should be of use to somebody.
        self.assertGreater(measured["meanwhile"], 0.4, measured)
        self.assertLess(measured["last bad"], SOON, measured)
        self.assertGreater(measured["then"], 0.98, measured)

    def test_without_limits_retries_add_next_to_nothing_to_what_is_too_much(self):
        # A budget of a fifth alone makes it 1.2, and more than the endpoints can do.
        measured = self.measure(limited=False)
        self.assertLess(measured["tries"], 1.1, measured)


if __name__ == "__main__":
    harness.main()
