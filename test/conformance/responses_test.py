"""Every response case through the real binary, in one piece and in several."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

import cases
import harness
import response_cases
import responses_runner as runner
import settings
import stage as stages

# See requests_test.py.
PATIENCE = 10
MANY = 12


class Responses(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stage = stages.Stage()
        cls.addClassCleanup(cls.stage.close)
        cls.uvoy = cls.enterClassContext(harness.Uvoy(settings.uvoy(cls.stage.port)))

    def play(self, case):
        """The first thing that goes wrong, or None."""
        for way, pieces, pipelined in runner.ways(case, "conformance"):
            seen = runner.play(self.stage, self.uvoy.port, case, pieces, pipelined, PATIENCE)
            if wrong := runner.problem_of(case, seen, len(pieces) == 1):
                return f"{case.name} ({case.source}), {way}: {wrong}\n{case.data[:400]!r}"
        return None

    def test_each_response_is_refused_or_delivered_as_it_is(self):
        wrongs = []
        for case in response_cases.CASES:
            if wrong := self.play(case):
                wrongs.append(wrong)
            if len(wrongs) == MANY:
                break
        self.assertEqual(wrongs, [], "\n".join(wrongs))

    def test_the_cases_are_many_and_each_has_a_name_of_its_own(self):
        good = [case for case in response_cases.CASES if isinstance(case.expect, cases.Delivered)]
        self.assertGreaterEqual(len(response_cases.CASES), 220)
        self.assertGreaterEqual(len(good), 80)
        names = {case.name for case in response_cases.CASES}
        self.assertEqual(len(names), len(response_cases.CASES))


if __name__ == "__main__":
    harness.main()
