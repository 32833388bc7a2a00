"""Every request case through the real binary, in one piece, byte by byte and cut in two."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

import cases
import harness
import request_cases
import requests_runner as runner
import settings
import stage as stages

# A case that is well answers in milliseconds; one that is not must not take the others' time.
PATIENCE = 10
MANY = 12


class Requests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stage = stages.Stage()
        cls.addClassCleanup(cls.stage.close)
        cls.uvoy = cls.enterClassContext(harness.Uvoy(settings.uvoy(cls.stage.port)))

    def play(self, case, seed):
        """The first thing that goes wrong, or None."""
        for way, pieces in runner.ways(case, seed):
            seen = runner.play(self.stage, self.uvoy.port, case, pieces, PATIENCE)
            if wrong := runner.problem_of(case, seen, len(pieces) == 1):
                return f"{case.name} ({case.source}), {way}: {wrong}\n{case.data[:400]!r}"
        return None

    def test_each_request_is_refused_or_arrives_as_one_message(self):
        wrongs = []
        for case in request_cases.CASES:
            if wrong := self.play(case, "conformance"):
                wrongs.append(wrong)
            if len(wrongs) == MANY:
                break
        self.assertEqual(wrongs, [], "\n".join(wrongs))

    def test_the_cases_are_many_and_each_stands_once(self):
        table = request_cases.CASES
        good = [case for case in table if not isinstance(case.expect, cases.Refused)]
        self.assertGreaterEqual(len(table), 700)
        self.assertGreaterEqual(len(good), 250)
        self.assertEqual(len({case.name for case in table}), len(table))
        self.assertEqual(len({case.data for case in table}), len(table))


if __name__ == "__main__":
    harness.main()
