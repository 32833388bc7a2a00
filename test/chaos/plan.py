"""What is done to whom, and when: all of it follows from a seed.

At any time one endpoint is the *anchor*, to which nothing is done. Its successor is well for
`overlap` seconds before it takes over, time enough for the proxy to have found that out. So at
least one endpoint is well, and known to be, at every moment of the run; all others may be ill.
"""

import dataclasses
import random

# How often, and for how long (seconds): name -> weight, shortest, longest.
FAULTS = {
    "kill": (16, 0.5, 3.0),  # SIGKILL, later started again
    "restart": (6, 0.0, 0.0),  # SIGKILL, started again at once
    "stop": (14, 0.3, 4.0),  # SIGSTOP, later SIGCONT
    "refuse": (10, 0.3, 2.5),  # its listening socket is closed, and some of its connections
    "reset": (10, 0.5, 3.0),  # RST instead of an answer
    "half": (8, 0.5, 3.0),  # ends or resets within the head of an answer
    "cut": (12, 0.5, 3.0),  # ends or resets within the body of an answer
    "unavailable": (10, 0.5, 3.0),  # 503 instead of an answer
    "slow": (8, 0.5, 3.0),  # answers late
    "drip": (6, 0.5, 3.0),  # answers in drops
}
# A process that was killed needs some time until it listens again.
REST = 1.0
POLICIES = ("ring_hash", "least_request", "round_robin", "random", "maglev", "peak_ewma")


@dataclasses.dataclass(frozen=True)
class Fault:
    endpoint: int
    kind: str
    begin: float  # seconds since the start of the run
    end: float
    amount: float  # 0..1: how late, how much of an answer, how many connections


@dataclasses.dataclass(frozen=True)
class Anchor:
    endpoint: int
    begin: float  # from here on it is well
    end: float


@dataclasses.dataclass(frozen=True)
class Plan:
    seed: int
    seconds: float
    policy: str
    anchors: list
    faults: list


def make_anchors(rng, seconds, endpoints):
    period = 12.0 if seconds > 30 else 7.0
    overlap = period / 2
    order = rng.sample(range(endpoints), endpoints)
    anchors, at = [], 0.0
    while at < seconds:
        # What is left of the last period belongs to the one before.
        end = at + period if seconds - at >= 1.5 * period else seconds
        endpoint = order[len(anchors) % endpoints]
        anchors.append(Anchor(endpoint, max(0.0, at - overlap), end))
        at = end
    return anchors


def make_faults(rng, endpoint, reserved, seconds):
    """Of one endpoint: none touches the times for which it is reserved, nor the run's end."""
    faults, at = [], rng.uniform(0.3, 2.0)
    last = seconds - 2 * REST
    while at < last:
        weights = [weight for weight, _, _ in FAULTS.values()]
        kind = rng.choices(list(FAULTS), weights)[0]
        _, shortest, longest = FAULTS[kind]
        end = at + rng.uniform(shortest, longest)
        amount = rng.random()
        busy = any(at < until and since < end + REST for since, until in reserved)
        if not busy and end < last:
            faults.append(Fault(endpoint, kind, round(at, 3), round(end, 3), round(amount, 3)))
            at = end + REST
        at += rng.expovariate(1.5)
    return faults


def make(seed, seconds=60.0, endpoints=5):
    rng = random.Random(f"chaos {seed}")
    policy = POLICIES[seed % len(POLICIES)]
    anchors = make_anchors(rng, seconds, endpoints)
    faults = []
    for endpoint in range(endpoints):
        reserved = [(a.begin, a.end) for a in anchors if a.endpoint == endpoint]
        faults += make_faults(rng, endpoint, reserved, seconds)
    return Plan(seed, seconds, policy, anchors, sorted(faults, key=lambda fault: fault.begin))
