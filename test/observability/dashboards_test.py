"""The dashboards by the rules of Grafana's dashboard-linter and some of our own, and the files that
put them in place. Whether expressions give data is live_test.py's."""

import json
import re
import shutil
import subprocess
import unittest

import dashboards
import promql
import yaml
from dashboards import ETC

UNITS = {"Bps", "bool_yes_no", "bytes", "cps", "dtdurations", "none", "ops", "percentunit"}
UNITS |= {"reqps", "s", "short", "wps"}
# Those whose values are not numbers to read, or whose unit stands elsewhere.
WITHOUT_UNIT = {"heatmap", "state-timeline"}
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
SCHEMA = 39
COLUMNS = 24
COMPOSE = shutil.which("docker-compose")


class Dashboards(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dashboards = dashboards.load()

    def for_each_panel(self, check):
        for name, dashboard in self.dashboards.items():
            for panel in dashboards.panels(dashboard):
                with self.subTest(f"{name}: {panel['title']}"):
                    check(panel)

    def for_each_selector(self, check):
        for name, dashboard in self.dashboards.items():
            for where, expression, _ in dashboards.expressions(dashboard):
                for selector in promql.selectors(expression):
                    with self.subTest(f"{name}: {where}: {selector.metric}"):
                        check(selector, dashboards.variables(dashboard))

    def test_there_are_three(self):
        self.assertEqual(list(self.dashboards), ["clusters.json", "overview.json", "workers.json"])
        for name, dashboard in self.dashboards.items():
            self.assertEqual(dashboard["uid"], "uvoy-" + name.removesuffix(".json"))
            self.assertTrue(dashboard["description"], name)

    def test_they_load_into_any_grafana_as_they_are(self):
        for name, dashboard in self.dashboards.items():
            with self.subTest(name):
                self.assertEqual(dashboard["schemaVersion"], SCHEMA)
                self.assertFalse(dashboard["editable"])
                for key in ("__inputs", "__requires", "id"):
                    self.assertNotIn(key, dashboard)

    def test_the_data_source_is_a_variable(self):
        for name, dashboard in self.dashboards.items():
            with self.subTest(name):
                variable = dashboard["templating"]["list"][0]
                found = [variable[key] for key in ("name", "label", "type", "query")]
                self.assertEqual(found, ["datasource", "Data source", "datasource", "prometheus"])
                for annotation in dashboard["annotations"]["list"]:
                    self.assertEqual(annotation["datasource"], DATASOURCE)
        self.for_each_panel(lambda panel: self.assertEqual(panel["datasource"], DATASOURCE))

    def test_job_and_instance_and_whatever_else_is_chosen_are_variables(self):
        for name, dashboard in self.dashboards.items():
            variables = dashboards.variables(dashboard)
            self.assertEqual(list(variables)[:3], ["datasource", "job", "instance"])
            for variable in list(variables.values())[1:]:
                with self.subTest(f"{name}: {variable['name']}"):
                    self.assertEqual(variable["type"], "query")
                    self.assertEqual(variable["label"].lower(), variable["name"])
                    self.assertEqual(variable["datasource"], DATASOURCE)
                    self.assertEqual(variable["query"], variable["definition"])
                    self.assertTrue(variable["multi"] and variable["includeAll"])
                    self.assertEqual(variable["allValue"], ".+")
                    self.assertEqual(variable["refresh"], 2, "at a change of the time range")

    def test_panels_have_a_title_a_description_and_queries(self):
        def check(panel):
            self.assertTrue(panel["title"])
            self.assertRegex(panel["description"], r"^[A-Z0-9].*\.$")
            self.assertTrue(panel["targets"])
            refs = [target["refId"] for target in panel["targets"]]
            self.assertEqual(len(set(refs)), len(refs))

        self.for_each_panel(check)

    def test_titles_and_numbers_are_unique(self):
        for name, dashboard in self.dashboards.items():
            for key in ("id", "title"):
                found = [panel[key] for panel in dashboard["panels"]]
                self.assertEqual(len(set(found)), len(found), (name, key))

    def test_panels_have_a_unit(self):
        def check(panel):
            if panel["type"] not in WITHOUT_UNIT:
                self.assertIn(panel["fieldConfig"]["defaults"]["unit"], UNITS)

        self.for_each_panel(check)

    def test_series_have_a_name(self):
        """Of every label that the expression keeps, and of no other."""

        def check(panel):
            for target in panel["targets"]:
                if panel["type"] not in ("table", "heatmap"):
                    self.assert_legend_fits(target)

        self.for_each_panel(check)

    def assert_legend_fits(self, target):
        self.assertTrue(target["legendFormat"])
        shown = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
        kept = re.search(r"\bby \(([^)]*)\)", target["expr"])
        labels = set(kept[1].split(", ")) if kept else {"instance"} & shown
        if "histogram_quantile" in target["expr"]:
            labels.discard("le")
        self.assertEqual(shown, labels)

    def test_every_selector_is_limited_to_the_job_and_the_instance(self):
        def check(selector, variables):
            self.assertIn('job=~"$job", instance=~"$instance"', selector.matchers)
            for name in re.findall(r"\$(\w+)", selector.matchers):
                self.assertIn(name, variables)
                self.assertIn(f'{name}=~"${name}"', selector.matchers)

        self.for_each_selector(check)

    def test_counters_and_histograms_are_used_as_such(self):
        def check(selector, _):
            counts = selector.metric.endswith(("_total", "_bucket", "_sum", "_count"))
            self.assertEqual(selector.function in ("rate", "increase"), counts)
            self.assertEqual(selector.range, "$__rate_interval" if counts else "")

        self.for_each_selector(check)

    def test_panels_do_not_lie_on_each_other(self):
        for name, dashboard in self.dashboards.items():
            taken = {}
            for panel in dashboard["panels"]:
                place = panel["gridPos"]
                self.assertLessEqual(place["x"] + place["w"], COLUMNS)
                for x in range(place["x"], place["x"] + place["w"]):
                    for y in range(place["y"], place["y"] + place["h"]):
                        other = taken.setdefault((x, y), panel["title"])
                        self.assertEqual(other, panel["title"], name)

    def test_links_lead_to_dashboards_and_variables_that_there_are(self):
        by_uid = {dashboard["uid"]: dashboard for dashboard in self.dashboards.values()}
        for name, dashboard in self.dashboards.items():
            (link,) = dashboard["links"]
            self.assertEqual((link["type"], link["tags"]), ("dashboards", dashboard["tags"]))
            for uid, query in re.findall(r'"/d/([^?"]*)\?([^"]*)"', json.dumps(dashboard)):
                self.assertIn(uid, by_uid, name)
                for variable in re.findall(r"var-(\w+)=|\$\{(\w+):queryparam\}", query):
                    self.assertIn("".join(variable), dashboards.variables(by_uid[uid]))

    def test_thresholds_begin_with_everything(self):
        def check(panel):
            if thresholds := panel["fieldConfig"]["defaults"].get("thresholds"):
                steps = [step["value"] for step in thresholds["steps"]]
                self.assertIsNone(steps[0])
                self.assertEqual(steps[1:], sorted(steps[1:]))
            else:
                self.assertIn(panel["type"], {"timeseries", "table", "heatmap"})

        self.for_each_panel(check)


class InPlace(unittest.TestCase):
    """What Grafana and Prometheus find where etc/compose.yaml starts them."""

    @classmethod
    def setUpClass(cls):
        cls.compose = yaml.safe_load((ETC / "compose.yaml").read_text())
        cls.grafana = cls.compose["services"]["grafana"]
        cls.prometheus = cls.compose["services"]["prometheus"]

    def mounted(self, service, path):
        """The file of the tree that the container sees at `path`."""
        for mount in service["volumes"]:
            source, target = mount.split(":")[:2]
            if source.startswith("./") and f"{path}/".startswith(f"{target}/"):
                return ETC / source / path[len(target) + 1 :]
        return self.fail(f"nothing is mounted at {path}")

    @unittest.skipUnless(COMPOSE, "docker-compose is not installed")
    def test_compose_takes_the_file(self):
        done = subprocess.run(
            [COMPOSE, "-f", ETC / "compose.yaml", "config", "--quiet"],
            capture_output=True,
            text=True,
        )
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_every_mount_is_there_or_a_volume(self):
        for name, service in self.compose["services"].items():
            for mount in service["volumes"]:
                source = mount.split(":")[0]
                if source.startswith("./"):
                    self.assertTrue((ETC / source).is_dir(), (name, mount))
                    self.assertTrue(mount.endswith(":ro"), (name, mount))
                else:
                    self.assertIn(source, self.compose["volumes"])

    def test_images_have_a_version_and_listen_to_this_host_only(self):
        for service in self.compose["services"].values():
            self.assertRegex(service["image"], r"^[a-z]+/[a-z]+:v?\d+\.\d+\.\d+$")
            self.assertEqual(service["network_mode"], "host")
        self.assertEqual(self.grafana["environment"]["GF_SERVER_HTTP_ADDR"], "127.0.0.1")
        self.assertIn("--web.listen-address=127.0.0.1:9090", self.prometheus["command"])

    def test_prometheus_finds_its_configuration_and_its_rules(self):
        (option,) = (word for word in self.prometheus["command"] if "--config.file=" in word)
        path = self.mounted(self.prometheus, option.split("=")[1])
        for name in yaml.safe_load(path.read_text())["rule_files"]:
            self.assertTrue((path.parent / name).is_file(), name)

    def test_grafana_finds_prometheus_with_its_interval(self):
        folder = self.mounted(self.grafana, "/etc/grafana/provisioning/datasources")
        (path,) = folder.glob("*.yml")
        (source,) = yaml.safe_load(path.read_text())["datasources"]
        self.assertEqual((source["type"], source["isDefault"]), ("prometheus", True))
        self.assertEqual(source["url"], "http://localhost:9090")
        scraped = yaml.safe_load((ETC / "prometheus/prometheus.yml").read_text())
        self.assertEqual(source["jsonData"]["timeInterval"], scraped["global"]["scrape_interval"])

    def test_grafana_finds_the_dashboards(self):
        folder = self.mounted(self.grafana, "/etc/grafana/provisioning/dashboards")
        (path,) = folder.glob("*.yml")
        (provider,) = yaml.safe_load(path.read_text())["providers"]
        found = self.mounted(self.grafana, provider["options"]["path"])
        self.assertEqual(found.resolve(), dashboards.FOLDER.resolve())
        home = self.grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
        self.assertTrue(self.mounted(self.grafana, home).is_file())


if __name__ == "__main__":
    unittest.main()
