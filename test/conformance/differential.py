#!/usr/bin/env python3
"""The same cases through uvoy, nginx and HAProxy in one run.

    test/conformance/differential.py [--markdown] [--uvoy PATH]

A peer is measured by what the RFCs and the literature ask of every proxy: cases that are choices of
ours are left out, any status that refuses is right, and so is an end without an answer.
"""

import argparse
import collections
import concurrent.futures
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

import cases
import harness
import proxies
import request_cases
import requests_runner
import response_cases
import responses_runner
import stage as stages
import strict

RIGHT = "right"
REPAIRED = "repaired"  # taken though it is invalid, but what comes out is clean
PASSED = "passed on"  # what comes out is as ambiguous as what came in
SPURNED = "spurned"  # valid, and refused
CHANGED = "changed"  # valid, and not the same behind the proxy
VERDICTS = (RIGHT, REPAIRED, PASSED, SPURNED, CHANGED)
# What a peer needs to answer on this machine, many times over; behind it the client gives up.
PATIENCE = 0.5
# Cases of a group that --markdown names.
SHOWN = 7


def request_verdict(case, seen):
    """(verdict, what was seen), by what the client and the origin saw of a request."""
    if seen.broken:
        return PASSED, f"the origin cannot read it: {seen.broken[0]}"
    if isinstance(case.expect, cases.Refused):
        if not seen.arrived:
            return RIGHT, ""
        starts = [message.start for message in seen.arrived]
        hidden = len(starts) > 2 or any(b"/hidden" in start for start in starts)
        return PASSED if hidden else REPAIRED, f"{starts}"
    if not seen.arrived or (seen.responses and seen.responses[0][1].status != 200):
        told = seen.responses[0][1].start if seen.responses else "no answer"
        return SPURNED, f"{told!r}"
    wrong = seen.broken_answer or requests_runner.changed(case, seen.arrived[0])
    if wrong is None and not case.expect.closes:
        wrong = requests_runner.markers_wrong(seen, seen.arrived[1:], seen.responses[1:])
    return (CHANGED, wrong) if wrong else (RIGHT, "")


def response_verdict(case, seen):
    if isinstance(case.expect, cases.Delivered):
        if seen.wrong or seen.next or seen.late:
            return CHANGED, seen.wrong or seen.next or "it waits until the endpoint closes"
        if seen.cut or (seen.answer[1].status >= 500 and case.expect.status < 500):
            return SPURNED, "no answer" if seen.cut else f"{seen.answer[1].start!r}"
        wrong = responses_runner.changed(case, seen)
        return (CHANGED, wrong) if wrong else (RIGHT, "")
    if seen.wrong:
        return PASSED, seen.wrong
    if seen.cut or seen.answer[1].status >= 500:
        return RIGHT, ""
    return REPAIRED, f"delivers {seen.answer[1].start!r} {seen.answer[1].body[:40]!r}"


def play_request(stage, port, case):
    pieces = [case.data]
    return request_verdict(case, requests_runner.play(stage, port, case, pieces, PATIENCE))


def play_response(stage, port, case):
    """In one piece; what is wrong in several is the matter of our own tests."""
    seen = responses_runner.play(stage, port, case, [case.data], False, PATIENCE)
    return response_verdict(case, seen)


def tables():
    for name, table in request_cases.TABLES.items():
        yield f"requests: {name}", table, play_request
    for name, table in response_cases.TABLES.items():
        yield f"responses: {name}", table, play_response


def measure(proxy, binary):
    """[(verdict, what was seen)] of the cases that are asked of every proxy."""
    harness.BINARY = binary
    strict.relaxed = True
    stage = stages.Stage()
    with proxies.running(proxy, stage.port) as port:
        return [play(stage, port, case) for _, table, play in tables() for case in shared(table)]


def shared(table):
    return [case for case in table if not case.ours]


def measure_all(binary):
    """[(table, case, {proxy: (verdict, seen)})]"""
    with concurrent.futures.ProcessPoolExecutor(len(proxies.NAMES)) as pool:
        waiting = {name: pool.submit(measure, name, binary) for name in proxies.NAMES}
        told = {name: future.result() for name, future in waiting.items()}
    rows = [(name, case) for name, table, _ in tables() for case in shared(table)]
    return [(*row, {name: told[name][at] for name in told}) for at, row in enumerate(rows)]


def counts(found):
    lines = ["| cases | proxy | " + " | ".join(VERDICTS) + " |"]
    lines.append("|---|---|" + "--:|" * len(VERDICTS))
    for kind in ("requests", "responses"):
        rows = [told for name, _, told in found if name.startswith(kind)]
        for proxy in proxies.NAMES:
            count = collections.Counter(told[proxy][0] for told in rows)
            cells = " | ".join(str(count[v]) for v in VERDICTS)
            lines.append(f"| {len(rows)} {kind} | {proxy} | {cells} |")
    return lines


def differences(found):
    """Grouped by table, and by who differs how."""
    groups = collections.OrderedDict()
    for name, case, told in found:
        key = tuple(told[proxy][0] for proxy in proxies.NAMES)
        if key != (RIGHT,) * len(proxies.NAMES):
            groups.setdefault((name, key), []).append(case.name)
    lines, last = [], None
    for (name, key), names in sorted(groups.items(), key=lambda group: group[0][0]):
        if name != last:
            lines += ["", f"**{name[0].upper() + name[1:]}**", ""]
            lines += ["| " + " | ".join(proxies.NAMES) + " | | cases |", "|---|---|---|--:|---|"]
            last = name
        shown = " · ".join(names[:SHOWN])
        more = f" · and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        lines.append("| " + " | ".join(key) + f" | {len(names)} | {shown}{more} |")
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--markdown", action="store_true", help="the tables of test/README.md")
    parser.add_argument("--uvoy", default=harness.BINARY, help="the binary")
    options = parser.parse_args()
    harness.BINARY = options.uvoy
    found = measure_all(options.uvoy)
    if options.markdown:
        versions = "; ".join(proxies.version(name).split(" - ")[0] for name in proxies.NAMES)
        print("\n".join([versions, "", *counts(found), *differences(found)]))
        return
    for name, case, told in found:
        for proxy in proxies.NAMES:
            verdict, seen = told[proxy]
            if verdict != RIGHT:
                print(f"{proxy} | {verdict} | {name} | {case.name} | {seen} | {case.data[:200]!r}")


if __name__ == "__main__":
    main()
