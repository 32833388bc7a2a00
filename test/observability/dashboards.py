"""The dashboards of etc/grafana, and what Grafana makes of their expressions."""

import json
import pathlib
import re

ETC = pathlib.Path(__file__).resolve().parents[2] / "etc"
FOLDER = ETC / "grafana/dashboards"
# What Grafana knows by itself, for the time range and the step of a test.
BUILT_IN = re.compile(r"\$__\w+|\$\{__[^}]*\}")
VARIABLE = re.compile(r"\$(?:\{(\w+)[^}]*\}|(\w+))")


def load():
    """File name to dashboard."""
    return {path.name: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}


def panels(dashboard):
    """All but rows, those inside collapsed rows included."""
    for panel in dashboard["panels"]:
        if panel["type"] == "row":
            yield from panel["panels"]
        else:
            yield panel


def variables(dashboard):
    return {variable["name"]: variable for variable in dashboard["templating"]["list"]}


def expressions(dashboard):
    """(where, expression, whether at one moment) of every panel and annotation."""
    for panel in panels(dashboard):
        for target in panel["targets"]:
            yield panel["title"], target["expr"], target.get("instant", False)
    for annotation in dashboard["annotations"]["list"]:
        yield f"annotation {annotation['name']}", annotation["expr"], False


def rate_interval(step, scrape):
    """Seconds; as Grafana's Prometheus data source reckons $__rate_interval."""
    return max(step + scrape, 4 * scrape)


def substitute(expression, dashboard, step, scrape):
    """As Grafana does it where everything is selected."""
    known = variables(dashboard)

    def built_in(match):
        assert match.group() == "$__rate_interval", match.group()
        return f"{round(1000 * rate_interval(step, scrape))}ms"

    def value(match):
        return known[match.group(1) or match.group(2)]["allValue"]

    return VARIABLE.sub(value, BUILT_IN.sub(built_in, expression))
