"""Every expression of every panel and rule, asked of a real Prometheus that scrapes a uvoy under
load, gives data; and uvoy has no metric that nothing shows, but those that are named here."""

import pathlib
import re
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

import dashboards
import harness
import promql
import yaml
from nameserver import DNSMASQ
from prometheus import PROMETHEUS, PROMTOOL, RULES, SCRAPE, values
from scene import watched

STEP = 1
# Metrics that no panel and no rule asks for, and why.
UNUSED = {}
MADE_BY_PROMETHEUS = {"up"}


def rules():
    for path in RULES:
        for group in yaml.safe_load(path.read_text())["groups"]:
            yield from group["rules"]


@unittest.skipUnless(PROMETHEUS and PROMTOOL and DNSMASQ, "prometheus or dnsmasq is not installed")
class Live(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scene, cls.prometheus, cls.start, cls.end = cls.enterClassContext(watched())
        cls.uvoy = cls.scene.uvoy
        cls.dashboards = dashboards.load()
        cls.text = cls.uvoy.admin("/metrics").body.decode()
        cls.families = set(re.findall(r"^# TYPE (\S+)", cls.text, re.MULTILINE))

    def ask(self, expression, at_once=False):
        if at_once:
            return self.prometheus.at(expression, self.end)
        return self.prometheus.between(expression, self.start, self.end, STEP)

    def expressions(self):
        """(where, as it stands in the tree) of everything that is ever asked."""
        for name, dashboard in self.dashboards.items():
            for where, expression, _ in dashboards.expressions(dashboard):
                yield f"{name}: {where}", expression
        for rule in rules():
            yield rule.get("record") or rule["alert"], rule["expr"]

    def test_the_load_was_of_every_kind(self):
        self.assertEqual(self.scene.statuses["GET"], {200, 429, 503})
        # What an endpoint that dies has of a POST is not repeated elsewhere.
        self.assertEqual(self.scene.statuses["POST"] - {502}, {200})

    def test_every_expression_of_every_panel_gives_data(self):
        for name, dashboard in self.dashboards.items():
            for where, expression, at_once in dashboards.expressions(dashboard):
                with self.subTest(f"{name}: {where}: {expression}"):
                    asked = dashboards.substitute(expression, dashboard, STEP, SCRAPE)
                    self.assertTrue(values(self.ask(asked, at_once)))

    def test_legends_name_labels_that_there_are(self):
        for name, dashboard in self.dashboards.items():
            for panel in dashboards.panels(dashboard):
                for target in panel["targets"]:
                    named = set(re.findall(r"\{\{(\w+)\}\}", target.get("legendFormat", "")))
                    asked = dashboards.substitute(target["expr"], dashboard, STEP, SCRAPE)
                    with self.subTest(f"{name}: {panel['title']}"):
                        for series in self.ask(asked)["result"]:
                            self.assertLessEqual(named, series["metric"].keys())

    def test_variables_have_values(self):
        for name, dashboard in self.dashboards.items():
            for variable in list(dashboards.variables(dashboard).values())[1:]:
                with self.subTest(f"{name}: {variable['name']}"):
                    query = dashboards.substitute(variable["query"], dashboard, STEP, SCRAPE)
                    series, label = re.fullmatch(r"label_values\((.*), (\w+)\)", query).groups()
                    path = f"/api/v1/label/{label}/values"
                    self.assertTrue(self.prometheus.ask(path, **{"match[]": series}))

    def test_every_rule_gives_data(self):
        for rule in rules():
            with self.subTest(rule.get("record") or rule["alert"]):
                asked = rule["expr"]
                if "alert" in rule:
                    asked = promql.without_filters(asked)  # it is silent where all is well
                self.assertTrue(values(self.ask(asked)))

    def test_prometheus_works_out_every_rule(self):
        groups = self.prometheus.ask("/api/v1/rules")["groups"]
        states = {rule["name"]: rule["health"] for group in groups for rule in group["rules"]}
        wanted = {rule.get("record") or rule["alert"]: "ok" for rule in rules()}
        self.assertEqual(states, wanted)
        for rule in rules():
            if "record" in rule:
                with self.subTest(rule["record"]):
                    self.assertTrue(values(self.ask(rule["record"])))

    def test_the_alert_is_about_the_cluster_that_has_nobody(self):
        alerts = self.prometheus.ask("/api/v1/alerts")["alerts"]
        about = {
            alert["labels"].get("cluster")
            for alert in alerts
            if alert["labels"]["alertname"] == "UvoyNoHealthyEndpoint"
        }
        self.assertEqual(about, {"dead"})

    def test_every_metric_that_is_asked_for_exists(self):
        known = self.families | {rule.get("record") for rule in rules()} | MADE_BY_PROMETHEUS
        for where, expression in self.expressions():
            for metric in promql.metrics(expression):
                with self.subTest(f"{where}: {metric}"):
                    self.assertTrue({metric, promql.family(metric)} & known)

    def test_every_metric_that_exists_is_asked_for_or_said_not_to_be(self):
        asked = set()
        for _, expression in self.expressions():
            for metric in promql.metrics(expression):
                asked |= {metric, promql.family(metric)}
        self.assertEqual(self.families - asked, UNUSED.keys())

    def test_promtool_has_nothing_to_say_about_the_metrics(self):
        done = subprocess.run(
            [PROMTOOL, "check", "metrics"], input=self.text, capture_output=True, text=True
        )
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))


if __name__ == "__main__":
    harness.main()
