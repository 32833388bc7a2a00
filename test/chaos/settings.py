"""The configuration under test: what an operator would set who wants no failed request."""

import harness

RETRY = {
    "attempts": 4,
    "on": ["connect_failure", "refused", "reset_before_response", "gateway_error", "timeout"],
    "per_try_timeout": "1s",
}
CLUSTER = {
    "health_check": {"path": "/healthz", "interval": "200ms", "timeout": "500ms"},
    # Four of five endpoints may fail at once: then most requests are tries again.
    "retry_budget": {"ratio": "100%", "min": 64},
    # A run is short, and an endpoint that was ejected is to be back for the next fault.
    "outlier_detection": {"eject": "500ms", "max_eject": "2s"},
    "limits": {"pending_timeout": "5s"},
    "timeouts": {"connect": "1s", "idle": "3s"},
}


def make(plan, endpoints):
    settings = harness.config(
        cluster={**CLUSTER, "load_balancing": {"policy": plan.policy, "slow_start": "1s"}},
        hash_seed=f"chaos {plan.seed}",
        routes=[{"cluster": "app", "retry": RETRY}],
    )
    settings["clusters"]["app"]["endpoints"] = [
        {"name": e.name, "address": f"127.0.0.1:{e.port}"} for e in endpoints
    ]
    return settings
