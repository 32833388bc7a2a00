"""One chaos run: plan, processes, verdict. See scripts/chaos."""

import re
import time

import harness
import plan as planning
import report
import settings
import verdict
import world

# How long uvoy may take to be at rest again after the last client left.
REST = 15
LEFT = ("active_connections", "uvoy_connections_active", "uvoy_upstream_requests_active")


def at_rest(uvoy):
    """What must be as before when all clients have left."""
    found = {name: uvoy.metric(name) for name in (*LEFT, "uvoy_upstream_pending")}
    found["uvoy_upstream_connections"] = uvoy.metric("uvoy_upstream_connections")
    found["file descriptors"] = uvoy.descriptors()
    return found


def wait_for_rest(uvoy, before):
    """The numbers at the end; all endpoints must have been found well again, too."""
    deadline = time.monotonic() + REST
    while True:
        after = at_rest(uvoy)
        ill = [e["name"] for e in uvoy.endpoints().values() if e["state"] != "healthy"]
        if not ill and all(value <= before[name] for name, value in after.items()):
            return after, ""
        if time.monotonic() > deadline:
            return after, f"not back after {REST} s: {', '.join(ill)}" if ill else ""
        time.sleep(0.2)


def by_label(uvoy, name, label):
    """A counter's values by one of its labels."""
    found = {}
    for series, value in uvoy.metrics().items():
        match = re.match(rf'{name}\{{.*\b{label}="([^"]*)"', series)
        if match and value:
            found[match[1]] = found.get(match[1], 0) + value
    return found


def run(seed, seconds, endpoints, folder):
    """The summary, see report.summary()."""
    plan = planning.make(seed, seconds, endpoints)
    with world.World(plan, endpoints, folder) as here:
        told = {}
        try:
            with harness.Uvoy(settings.make(plan, here.endpoints)) as uvoy:
                before = at_rest(uvoy)
                # A health check may be under way whenever one looks.
                before["file descriptors"] += endpoints
                here.start_clients(uvoy.port)
                here.play()
                judged = verdict.Verdict(plan, list(here.records()), here.started)
                judged.judge_endpoints(*map(here.noted, ("seen", "whole", "wrong")))
                judged.judge_process(before, *wait_for_rest(uvoy, before))
                told = report.summary(
                    judged,
                    by_label(uvoy, "uvoy_endpoint_ejections_total", "cause"),
                    by_label(uvoy, "uvoy_upstream_retries_total", "result"),
                )
        except AssertionError as error:  # It died, or ended badly.
            told.setdefault("violations", []).append(str(error))
    return told
