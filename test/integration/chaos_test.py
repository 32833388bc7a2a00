"""A short run of scripts/chaos, in which each kind of fault happens."""

import json
import subprocess
import sys
import unittest

import harness

sys.path.append(str(harness.ROOT / "test" / "chaos"))
import plan  # noqa: E402

SEED = 137
SECONDS = 18


class Chaos(unittest.TestCase):
    def test_the_same_seed_gives_the_same_plan_and_another_one_another(self):
        self.assertEqual(plan.make(SEED), plan.make(SEED))
        self.assertNotEqual(plan.make(SEED).faults, plan.make(SEED + 1).faults)

    def test_in_every_plan_one_endpoint_is_well_at_any_time(self):
        for seed in range(300):
            made = plan.make(seed)
            for before, after in zip(made.anchors, made.anchors[1:]):
                self.assertLess(after.begin + 3, before.end)
            self.assertEqual((made.anchors[0].begin, made.anchors[-1].end), (0, made.seconds))
            for anchor in made.anchors:
                for fault in made.faults:
                    if fault.endpoint == anchor.endpoint:
                        apart = fault.end + plan.REST <= anchor.begin or fault.begin >= anchor.end
                        self.assertTrue(apart, (seed, anchor, fault))

    def test_no_byte_is_wrong_and_nothing_is_lost_while_one_endpoint_is_well(self):
        kinds = {fault.kind for fault in plan.make(SEED, SECONDS).faults}
        self.assertEqual(kinds, set(plan.FAULTS))
        command = [sys.executable, harness.ROOT / "scripts" / "chaos", "--json"]
        command += [f"--seed={SEED}", f"--seconds={SECONDS}", f"--binary={harness.BINARY}"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=200)
        self.assertTrue(done.stdout, done.stderr)
        told = json.loads(done.stdout)
        self.assertEqual(told["violations"], [], done.stderr)
        self.assertEqual(done.returncode, 0)
        self.assertGreater(told["all"]["retried"], 0)
        self.assertGreater(told["all"]["right"], 500)


if __name__ == "__main__":
    harness.main()
