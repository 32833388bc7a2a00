"""Judges a chaos run by what clients and endpoints noted."""

import collections

# Of which a response that has begun may break off, and nobody can mend it.
BREAKING = {"kill", "restart", "cut", "half"}
# How long after the end of a fault a request may still meet it: it is struck when it arrives, and
# its answer may have to pass a slow client.
TRAIL = 1.5
# What may be sent again, so nothing is an excuse for it while one endpoint is well.
REPEATABLE = {"get", "head", "put", "pipelined"}
ALLOWED_FOR_OTHERS = {"error", "lost"}


class Verdict:
    """`violations` are the sentences that make a run a failure."""

    def __init__(self, plan, records, started):
        self.plan = plan
        self.records = records
        for record in records:
            record["begin"] -= started
            record["end"] -= started
        self.violations = []
        self.failed = []
        for record in records:
            self.judge(record)

    def faults_at(self, record, kinds=None):
        return {
            fault.kind
            for fault in self.plan.faults
            if fault.begin < record["end"] + 0.1 and record["begin"] < fault.end + TRAIL
            if kinds is None or fault.kind in kinds
        }

    def judge(self, record):
        outcome = record["outcome"]
        if outcome in ("right", "behind"):
            return
        if outcome == "cut":
            if not self.faults_at(record, BREAKING):
                self.violate(record, "cut, and nothing was there that cuts")
            return
        self.failed.append(record)
        if outcome not in ALLOWED_FOR_OTHERS or record["kind"] in REPEATABLE:
            self.violate(record, "failed")
        elif not self.faults_at(record):
            self.violate(record, "failed without any fault")

    def violate(self, record, what):
        self.violations.append(
            f"{record['kind']} {record['ident']} at {record['begin']:.2f}..{record['end']:.2f} s "
            f"{what}: {record['outcome']} {record['status'] or ''} {record['detail']}; "
            f"meanwhile {', '.join(sorted(self.faults_at(record))) or 'no fault'}"
        )

    def judge_endpoints(self, seen, whole, wrong):
        """Ids of requests with a body -> the endpoints that noted so."""
        for ident, names in wrong.items():
            self.violations.append(f"{ident} arrived wrong at {', '.join(names)}")
        posts = {r["ident"]: r for r in self.records if r["kind"] == "post"}
        for ident, record in posts.items():
            if len(names := seen.get(ident, [])) > 1:
                self.violate(record, f"was sent to {', '.join(names)}")
            if record["outcome"] == "right" and len(whole.get(ident, [])) != 1:
                self.violate(record, "was answered and not processed")

    def judge_process(self, before, after, told):
        """Numbers that must be as they were when nothing had been asked yet."""
        for name, value in after.items():
            if value > before[name]:
                self.violations.append(f"{name} is {value:g} at the end, not {before[name]:g}")
        if told:
            self.violations.append(told)

    def by_kind(self):
        groups = collections.defaultdict(list)
        for record in self.records:
            groups[record["kind"]].append(record)
        return dict(sorted(groups.items()))

    def by_fault(self):
        """A request counts under each fault that was in effect while it was under way."""
        groups = collections.defaultdict(list)
        for record in self.records:
            for kind in self.faults_at(record) or {"none"}:
                groups[kind].append(record)
        return dict(sorted(groups.items()))
