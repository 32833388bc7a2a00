"""The configuration and the rules of etc/prometheus, by promtool; no uvoy is needed."""

import pathlib
import re
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

import harness
import yaml
from prometheus import ETC, PROMTOOL, RULES

HERE = pathlib.Path(__file__).resolve().parent
SEVERITIES = {"critical", "warning", "info"}


def promtool(*arguments):
    return subprocess.run(
        [PROMTOOL, *map(str, arguments)], capture_output=True, text=True, timeout=harness.PATIENCE
    )


def rules():
    for path in RULES:
        for group in yaml.safe_load(path.read_text())["groups"]:
            yield from group["rules"]


def alerts():
    return {rule["alert"]: rule for rule in rules() if "alert" in rule}


def labels(text):
    """Of a series as it is written, e.g. `up{job="uvoy"}`."""
    return dict(re.findall(r'(\w+)="([^"]*)"', text))


@unittest.skipUnless(PROMTOOL, "promtool is not installed")
class Rules(unittest.TestCase):
    def test_promtool_finds_nothing(self):
        done = promtool("check", "config", ETC / "prometheus/prometheus.yml")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        done = promtool("check", "rules", *RULES)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_alerts_fire_where_they_must_and_nowhere_else(self):
        done = promtool("test", "rules", HERE / "alerts.yml")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


class Cases(unittest.TestCase):
    """The cases of alerts.yml are about every alert, both ways."""

    @classmethod
    def setUpClass(cls):
        tests = yaml.safe_load((HERE / "alerts.yml").read_text())["tests"]
        cls.cases = {case["name"]: case for case in tests}

    def test_every_alert_has_a_case_of_its_own(self):
        self.assertEqual(list(self.cases), list(alerts()))

    def test_every_case_fires_late_enough_and_for_what_is_ill_alone(self):
        for name, case in self.cases.items():
            with self.subTest(name):
                early, late = case["promql_expr_test"]
                expected = f'ALERTS{{alertname="{name}", alertstate="firing"}}'
                self.assertEqual({early["expr"], late["expr"]}, {expected})
                self.assertNotIn("exp_samples", early)
                (sample,) = late["exp_samples"]
                self.assertIn("ill", labels(sample["labels"]).values())
                near = [labels(series["series"]).values() for series in case["input_series"]]
                self.assertTrue(any("well" in values for values in near), "nothing comes near")

    def test_texts_name_labels_that_the_alert_has(self):
        for name, rule in alerts().items():
            (sample,) = self.cases[name]["promql_expr_test"][1]["exp_samples"]
            named = set(re.findall(r"\$labels\.(\w+)", str(rule["annotations"])))
            self.assertLessEqual(named, labels(sample["labels"]).keys(), name)


class Runbook(unittest.TestCase):
    def test_every_alert_says_what_it_is_and_what_to_do(self):
        for name, rule in alerts().items():
            with self.subTest(name):
                self.assertIn(rule["labels"]["severity"], SEVERITIES)
                self.assertEqual(set(rule["annotations"]), {"summary", "description", "runbook"})
                path, anchor = rule["annotations"]["runbook"].split("#")
                self.assertEqual(anchor, name.lower())
                self.assertTrue((ETC.parent / path).is_file(), path)

    def test_the_runbook_has_a_chapter_with_text_for_every_alert_in_their_order(self):
        text = (ETC / "prometheus/README.md").read_text()
        chapters = re.findall(r"^## (\w+)\n(.+)", text, re.MULTILINE)
        self.assertEqual([title for title, _ in chapters], list(alerts()))


if __name__ == "__main__":
    harness.main()
