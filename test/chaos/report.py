"""The summary of a chaos run, as tables of text and as JSON."""

import math

HEAD = ["requests", "right", "retried", "cut", "failed", "behind", "p50 ms", "p99 ms"]


def percentile(sorted_values, share):
    if not sorted_values:
        return 0.0
    return sorted_values[min(len(sorted_values) - 1, math.floor(share * len(sorted_values)))]


def summarize(records):
    """What became of these requests; times are of the right ones."""
    outcomes = [record["outcome"] for record in records]
    right = [record for record in records if record["outcome"] == "right"]
    times = sorted(1e3 * (record["end"] - record["begin"]) for record in right)
    cut, behind = outcomes.count("cut"), outcomes.count("behind")
    return {
        "requests": len(records),
        "right": len(right),
        "retried": sum(record["tries"] > 1 for record in right),
        "cut": cut,
        "failed": len(records) - len(right) - cut - behind,
        "behind": behind,
        "p50 ms": round(percentile(times, 0.5), 1),
        "p99 ms": round(percentile(times, 0.99), 1),
    }


def table(title, rows):
    """In Markdown, whose columns also align as text."""
    lines = [[title, *HEAD]] + [[name, *map(str, row.values())] for name, row in rows.items()]
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    lines.insert(1, ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])])
    for line in lines:
        cells = [line[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(line[1:], widths[1:]))]
        print("| " + " | ".join(cells) + " |")


def summary(verdict, ejections, retries):
    times = {}
    for fault in verdict.plan.faults:
        times[fault.kind] = times.get(fault.kind, 0) + 1
    return {
        "seed": verdict.plan.seed,
        "seconds": verdict.plan.seconds,
        "policy": verdict.plan.policy,
        "faults": times,
        "kinds": {name: summarize(found) for name, found in verdict.by_kind().items()},
        "by_fault": {name: summarize(found) for name, found in verdict.by_fault().items()},
        "all": summarize(verdict.records),
        "ejections": ejections,
        "retries": retries,
        "violations": verdict.violations,
    }


def show(told, shown=10):
    print(f"seed {told['seed']}, {told['seconds']:g} s, policy {told['policy']}\n")
    table("kind", {**told["kinds"], "all": told["all"]})
    print()
    counted = {f"{k} x{told['faults'].get(k, 0)}": v for k, v in told["by_fault"].items()}
    table("meanwhile", counted)
    print()
    print("retries:", ", ".join(f"{k} {v:g}" for k, v in told["retries"].items()) or "none")
    print("ejections:", ", ".join(f"{k} {v:g}" for k, v in told["ejections"].items()) or "none")
    for violation in told["violations"][:shown]:
        print(f"VIOLATION: {violation}")
    if len(told["violations"]) > shown:
        print(f"... and {len(told['violations']) - shown} more")
