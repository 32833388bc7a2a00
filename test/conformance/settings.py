"""The configuration of uvoy that the cases are made for."""

import harness


def uvoy(origin):
    """One worker and no checks: every byte that comes to the endpoint is of a case."""
    whole = {"cluster": "app", "retry": {"attempts": 0}}
    routes = [
        {"name": "sockets", "match": {"path": {"prefix": "/ws"}}, **whole,
         "upgrades": ["websocket"]},
        {"name": "all", **whole, "upgrades": []},
    ]  # fmt: skip
    return harness.config(
        f"127.0.0.1:{origin}",
        cluster={"health_check": {"type": "none"}},
        workers=1,
        routes=routes,
    )
