"""Endpoints lose half of their capacity for a while and get it back: what clients see meanwhile,
and how long it lasts. See scripts/brownout."""

import contextlib
import dataclasses
import http.client
import json
import os
import pathlib
import subprocess
import sys
import time

import peers

HERE = pathlib.Path(__file__).resolve().parent
ENDPOINTS = 4
SLOTS = 6
SERVICE = 0.06  # seconds
CAPACITY = ENDPOINTS * SLOTS / SERVICE  # requests a second
LOAD = 0.85
DEADLINE = 1.0  # seconds within which an answer is worth something
# At each endpoint at once, and what may wait in the proxy for how long, where there are limits.
CONNECTIONS = SLOTS + 2
WAIT = "500ms"
# Of one try. Comfortable for an endpoint that is well.
TRY = "500ms"
RETRIES = 3

NGINX = """
daemon off; master_process on; worker_processes 1; pid {dir}/nginx.pid;
error_log {dir}/nginx.log crit;
events {{ worker_connections 8192; }}
http {{
    access_log off;
    proxy_temp_path {dir}/nginx-temp; client_body_temp_path {dir}/nginx-body;
    upstream app {{
        zone app 64k; least_conn; {servers}
        keepalive 256;
    }}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{
            proxy_pass http://app;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_connect_timeout 1s; proxy_read_timeout {try_};
            proxy_next_upstream error timeout http_502 http_503 http_504;
            proxy_next_upstream_tries {tries};
        }}
    }}
}}
"""

HAPROXY = """
global
    nbthread 1
    maxconn 8192
defaults
    mode http
    timeout connect 1s
    timeout client 1m
    timeout queue {wait}
    timeout server {try_}
    http-reuse always
    retries {retries}
    option redispatch
    retry-on conn-failure empty-response response-timeout 502 503 504
frontend web
    bind 127.0.0.1:{port} backlog 4096
    default_backend app
backend app
    balance leastconn
    option httpchk GET /healthz
{servers}
"""


def nginx(directory, port, ports, limited):
    limit = f" max_conns={CONNECTIONS}" if limited else ""
    servers = " ".join(f"server 127.0.0.1:{p}{limit};" for p in ports)
    text = NGINX.format(dir=directory, port=port, servers=servers, try_=TRY, tries=RETRIES + 1)
    (directory / "nginx.conf").write_text(text)
    return ["nginx", "-c", directory / "nginx.conf"]


def haproxy(directory, port, ports, limited):
    limit = f" maxconn {CONNECTIONS}" if limited else ""
    servers = "\n".join(f"    server e{p} 127.0.0.1:{p} check{limit}" for p in ports)
    text = HAPROXY.format(port=port, servers=servers, try_=TRY, wait=WAIT, retries=RETRIES)
    (directory / "haproxy.conf").write_text(text)
    return ["haproxy", "-f", directory / "haproxy.conf"]


def uvoy(directory, port, ports, limited, binary):
    cluster = {
        "endpoints": [f"127.0.0.1:{p}" for p in ports],
        "load_balancing": {"policy": "least_request"},
        "health_check": {"path": "/healthz"},
    }
    if limited:
        cluster["limits"] = {"connections": CONNECTIONS, "pending_timeout": WAIT}
    on = ["connect_failure", "refused", "reset_before_response", "gateway_error", "timeout"]
    settings = {
        "workers": 1,
        "listeners": {"web": {"address": f"127.0.0.1:{port}"}},
        "routes": [
            {"cluster": "app", "retry": {"attempts": RETRIES, "on": on, "per_try_timeout": TRY}}
        ],
        "clusters": {"app": cluster},
        "admin": {"address": f"127.0.0.1:{peers.free_port()}"},
    }
    (directory / "uvoy.json").write_text(json.dumps(settings, indent=1))
    return [binary, "run", directory / "uvoy.json"]


class Endpoint:
    def __init__(self, blind):
        self.port = peers.free_port()
        command = [sys.executable, HERE / "capacity.py", self.port, SLOTS, SERVICE]
        self.process = subprocess.Popen(
            [*map(str, command), *(["--blind"] if blind else [])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def set_slots(self, slots):
        self.process.stdin.write(f"{slots}\n")
        self.process.stdin.flush()

    def counts(self):
        """Ends it."""
        return json.loads(self.process.communicate(timeout=30)[0])


def wait_for_answer(port, seconds=20):
    """Until GET /healthz is 200."""
    deadline = time.monotonic() + seconds
    while True:
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
            with contextlib.closing(connection):
                connection.request("GET", "/healthz")
                if connection.getresponse().status == 200:
                    return
        if time.monotonic() > deadline:
            raise RuntimeError(f"nobody answers on port {port}")
        time.sleep(0.05)


@dataclasses.dataclass
class Times:
    before: float = 4.0
    brown: float = 5.0
    after: float = 8.0

    @property
    def whole(self):
        return self.before + self.brown + self.after


def measure(command, port, directory, times, endpoints):
    """What the clients saw while the endpoints lost and regained their capacity."""
    every_cpu = ",".join(map(str, sorted(os.sched_getaffinity(0))))
    proxy = peers.Process("proxy", command, every_cpu, directory / "proxy.out")
    try:
        wait_for_answer(port)
        arguments = map(str, [port, CAPACITY * LOAD, times.whole])
        load = subprocess.Popen(
            [sys.executable, HERE / "open_loop.py", *arguments], stdout=subprocess.PIPE
        )
        start = time.monotonic()
        for at, slots in ((times.before, SLOTS // 2), (times.before + times.brown, SLOTS)):
            time.sleep(max(0.0, start + at - time.monotonic()))
            for endpoint in endpoints:
                endpoint.set_slots(slots)
        restored = time.monotonic()
        told = json.loads(load.communicate(timeout=times.whole + 30)[0])
    finally:
        proxy.stop()
    counts = [endpoint.counts() for endpoint in endpoints]
    return summarize(told["results"], restored - told["started"], times, counts)


def share_of_good(results):
    good = sum(status == 200 and took <= DEADLINE for _, took, status in results)
    return good / max(1, len(results))


def summarize(results, restored, times, counts):
    """Shares of requests that were answered 200 in time; what is late or failed is bad."""
    span = lambda a, b: [r for r in results if a <= r[0] < b]  # noqa: E731
    bad = [due for due, took, status in results if status != 200 or took > DEADLINE]
    browned = restored - times.brown
    after = span(restored + 1, times.whole)
    took = sorted(took for _, took, _ in after)
    return {
        "before": share_of_good(span(0.5, browned)),
        "meanwhile": share_of_good(span(browned + 1, restored)),
        "second after": share_of_good(span(restored, restored + 1)),
        "then": share_of_good(after),
        "last bad": max([0.0, *(due - restored for due in bad if due >= restored)]),
        "p99 then": took[int(0.99 * len(took))] if took else 0.0,
        "tries": sum(count["came"] for count in counts) / max(1, len(results)),
        "wasted": sum(count["wasted"] for count in counts),
        "requests": len(results),
        "each second": [
            round(share_of_good(span(restored + i, restored + i + 1)), 3)
            for i in range(-int(times.brown) - 1, int(times.after))
        ],
    }


def run(name, directory, limited, blind, binary, times=None):
    directory = pathlib.Path(directory)
    port = peers.free_port()
    with contextlib.ExitStack() as stack:
        endpoints = [Endpoint(blind) for _ in range(ENDPOINTS)]
        for endpoint in endpoints:
            stack.callback(endpoint.process.kill)
        ports = [endpoint.port for endpoint in endpoints]
        for endpoint in endpoints:
            wait_for_answer(endpoint.port)
        if name == "uvoy":
            command = uvoy(directory, port, ports, limited, binary)
        else:
            command = {"nginx": nginx, "haproxy": haproxy}[name](directory, port, ports, limited)
        return measure(command, port, directory, times or Times(), endpoints)
