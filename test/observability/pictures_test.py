"""What an operator sees of a uvoy under load in the pages of a real Prometheus: the expressions of
every dashboard's panels as graphs, alerts that fire, and the rules. Pictures are kept."""

import pathlib
import re
import sys
import unittest

TEST = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TEST / "integration"), str(TEST / "ui")]

import browser
import dashboards
import harness
import yaml
from browser import Browser
from harness import eventually
from nameserver import DNSMASQ
from pages import Pages
from prometheus import ETC, PROMETHEUS, RULES, SCRAPE
from scene import watched

SKIPPED = 77
# Names that legends must have among others, by dashboard and panel. `dies`, `leaves` and `stays`
# are endpoints of the cluster app, `uvoy` and `full` instances; the latter is out of memory.
NAMES = {
    ("overview", "Requests by status"): ["2xx", "4xx", "5xx"],
    ("overview", "Requests by route"): ["rest", "dead", "here", "named", "refused", "trial"],
    ("overview", "Answers that uvoy made"): ["connect_refused", "rate_limited", "overload"],
    ("overview", "Failed tries by reason"): ["connect_refused"],
    ("overview", "Healthy endpoints by cluster"): ["app", "dead", "named"],
    ("overview", "Rate limits"): ["strict admitted", "strict refused", "trial would refuse"],
    ("clusters", "Requests by cluster"): ["app 2xx", "named 2xx", "dead 5xx"],
    ("clusters", "Latency"): ["app P50", "app P99", "app P99.9"],
    ("clusters", "Retries by result"): ["app success"],
    ("clusters", "Discovery"): ["named endpoints", "named success"],
    ("clusters", "States"): ["app {dies}", "app {leaves}", "app {stays}"],
    ("clusters", "Failures by endpoint"): ["app {dies} connect_refused"],
    ("clusters", "Ejections"): ["app {dies} health_check", "app {leaves} health_check"],
    ("workers", "Busy by worker"): ["{uvoy} 0", "{uvoy} 1", "{full} 0", "{full} 1"],
    ("workers", "Memory"): ["{uvoy} resident", "{full} resident", "{full} virtual"],
}
# Of two lines in a graph, the one that ends below the other.
LOWER = [
    ("overview", "Healthy endpoints by cluster", "dead", "app"),
    ("overview", "Healthy endpoints by cluster", "app", "named"),
    ("overview", "Alarms", "app panic", "dead panic"),
    ("overview", "Requests by status", "4xx", "2xx"),
    ("overview", "Requests by route", "dead", "rest"),
    ("clusters", "States", "app {dies}", "app {leaves}"),
    ("clusters", "Requests by endpoint", "app {dies}", "app {stays}"),
    ("workers", "CPU", "{full}", "{uvoy}"),
]
# What must fire, with some of its labels and its summary.
FIRING = {
    "UvoyNoHealthyEndpoint": (
        {"cluster": "dead", "instance": "{uvoy}", "severity": "critical"},
        "No endpoint of dead is healthy",
    ),
    "UvoyEndpointsOut": (
        {"cluster": "app", "instance": "{uvoy}", "severity": "warning"},
        "66.67% of app are healthy",
    ),
    "UvoyClusterPanic": (
        {"cluster": "dead", "instance": "{uvoy}", "severity": "critical"},
        "dead uses endpoints that are ill",
    ),
    "UvoyOverload": (
        {"instance": "{full}", "severity": "critical"},
        "{full} is out of memory or descriptors",
    ),
}


def label(series):
    """As the page writes it."""
    others = ",".join(f'{name}="{of}"' for name, of in series.items() if name != "__name__")
    return f"{series.get('__name__', '')}{{{others}}}"


def named(target, series):
    """As Grafana names it in its legend."""
    return re.sub(r"\{\{(\w+)\}\}", lambda match: series[match[1]], target["legendFormat"])


def has_missing():
    return not (browser.HERE and PROMETHEUS and DNSMASQ)


class Pictures(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scene, cls.prometheus, cls.start, _ = cls.enterClassContext(watched(hold="1s"))
        cls.window = cls.enterClassContext(Browser("observability-screenshots"))
        cls.pages = Pages(cls.window, cls.prometheus.port)
        origins = zip(("dies", "leaves", "stays"), cls.scene.origins)
        cls.words = {name: origin.address for name, origin in origins}
        cls.words["uvoy"] = f"localhost:{cls.scene.uvoy.admin_port}"
        cls.words["full"] = f"localhost:{cls.scene.full.admin_port}"
        cls.dashboards = dashboards.load()

    def test_every_panel_of_the_dashboards_is_drawn(self):
        for file, dashboard in self.dashboards.items():
            name = file.removesuffix(".json")
            seen = self.pages.draw(dashboard, SCRAPE, self.start)
            self.window.picture(name, whole=True)
            lines = {}
            for panel in dashboards.panels(dashboard):
                for target in panel["targets"]:
                    with self.subTest(f"{name}: {panel['title']}: {target['expr']}"):
                        graph = seen.pop(0)
                        self.assertEqual(graph["complaints"], [])
                        if target.get("instant"):
                            self.assert_table_tells_of_all(graph)
                        else:
                            self.assert_drawn(graph, panel, target, lines)
            self.assertEqual(seen, [])
            with self.subTest(name):
                self.assert_scene_is_told(name, lines)
        print(f"screenshots are in {self.window.pictures}")

    def assert_table_tells_of_all(self, graph):
        """Of both instances."""
        self.assertEqual(len(graph["rows"]), 2)
        for instance in (self.words["uvoy"], self.words["full"]):
            (row,) = (row for row in graph["rows"] if f'instance="{instance}"' in row)
            self.assertNotEqual(row.split("}")[1].strip(), "")

    def assert_drawn(self, graph, panel, target, lines):
        """Its legend is that of its series, and at least one of them is a line; adds them to
        `lines` by what Grafana would call them."""
        found = graph["lines"]
        self.assertEqual(sorted(graph["legend"]), sorted(label(line["labels"]) for line in found))
        self.assertTrue(any(line["length"] > 0 for line in found))
        for line in found:
            name = (panel["title"], named(target, line["labels"]))
            self.assertFalse(name in lines, f"two lines have the name {name}")
            lines[name] = line

    def assert_scene_is_told(self, dashboard, lines):
        def line(panel, name):
            found = lines.get((panel, name.format(**self.words)))
            self.assertTrue(found and found["length"] > 0, (panel, name))
            return found

        for (where, panel), names in NAMES.items():
            for name in names if where == dashboard else []:
                line(panel, name)
        for where, panel, *names in LOWER:
            if where == dashboard:
                low, high = (line(panel, name)["end"] for name in names)
                self.assertGreater(low, high + 1, (panel, *names))  # pixels from above

    def fires(self):
        alerts = self.prometheus.ask("/api/v1/alerts")["alerts"]
        return {alert["labels"]["alertname"] for alert in alerts if alert["state"] == "firing"}

    def test_alerts_fire_and_tell_what_to_do(self):
        eventually(lambda: self.fires() >= FIRING.keys(), "alerts fire")
        alerts = self.pages.active_alerts()
        self.pages.fold_alerts(but=FIRING)
        self.window.picture("alerts", whole=True)
        for name, (labels, summary) in FIRING.items():
            with self.subTest(name):
                (alert,) = (alert for alert in alerts if alert["name"] == name)
                self.assertEqual(alert["state"], "FIRING")
                red, green, blue = map(int, re.findall(r"\d+", alert["color"])[:3])
                self.assertGreater(red, max(green, blue), alert["color"])
                for key, value in {"alertname": name, "job": "uvoy", **labels}.items():
                    self.assertIn(f'{key}="{value.format(**self.words)}"', alert["labels"])
                told = alert["annotations"].get("summary")
                self.assertEqual(told, summary.format(**self.words))
        chapters = re.findall(r"^## (\w+)$", (ETC / "prometheus/README.md").read_text(), re.M)
        for alert in alerts:
            with self.subTest(alert["name"]):
                told = alert["annotations"]
                self.assertEqual(told.keys(), {"summary", "description", "runbook"})
                self.assertNotRegex(" ".join(told.values()), r"\{\{|<no value>|<error")
                page, chapter = told["runbook"].split("#")
                self.assertEqual(page, "etc/prometheus/README.md")
                self.assertIn(chapter, [title.lower() for title in chapters])

    def test_rules_are_well(self):
        names = []
        for path in RULES:
            for group in yaml.safe_load(path.read_text())["groups"]:
                names += [rule.get("alert") or rule["record"] for rule in group["rules"]]
        rules = self.pages.rules()
        self.window.picture("rules", whole=True)
        shown = [re.match(r"(?:alert|record): (\S+)", rule)[1] for rule, _, _ in rules]
        self.assertEqual(sorted(shown), sorted(names))
        self.assertEqual({(state, error) for _, state, error in rules}, {("OK", "")})


if __name__ == "__main__":
    if has_missing():
        print("prometheus, dnsmasq, chromium, chromium-driver or python3-selenium is missing")
        sys.exit(SKIPPED)
    harness.main()
