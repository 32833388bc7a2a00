"""The origin and the proxies under test: their configurations, their processes, their CPU time."""

import contextlib
import http.client
import ipaddress
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
from ports import free_port  # noqa: E402

BODIES = {"/small": 64, "/64k": 64 << 10, "/1m": 1 << 20}
TICKS = os.sysconf("SC_CLK_TCK")

ORIGIN = """
daemon off; master_process on; worker_processes 1; user root; pid {dir}/origin.pid;
error_log {dir}/origin.log crit; worker_rlimit_nofile {nofile};
events {{ worker_connections {nofile}; }}
http {{
    access_log off; sendfile on; tcp_nopush off; keepalive_requests 1000000000;
    keepalive_timeout 1h; open_file_cache max=16;
    server {{
        {listen}
        root {dir}/www;
        location = /small {{ return 200 "{small}"; }}
    }}
}}
"""

NGINX = """
daemon off; master_process on; worker_processes 1; user root; pid {dir}/nginx.pid;
error_log {dir}/nginx.log crit; worker_rlimit_nofile {nofile};
events {{ worker_connections {nofile}; }}
http {{
    access_log off; keepalive_requests 1000000000; keepalive_timeout 1h;
    proxy_temp_path {dir}/nginx-temp; client_body_temp_path {dir}/nginx-body;
    proxy_max_temp_file_size 0;
    upstream app {{
        server 127.0.0.1:{origin};
        keepalive 1024; keepalive_requests 1000000000; keepalive_timeout 1h;
    }}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{
            proxy_pass http://app;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
        }}
    }}
}}
"""

HAPROXY = """
global
    nbthread 1
    maxconn {clients}
defaults
    mode http
    timeout connect 5s
    timeout client 1h
    timeout server 1h
    http-reuse always
frontend web
    bind 127.0.0.1:{port} backlog 4096
    default_backend app
backend app
    server origin 127.0.0.1:{origin}
"""

# No statistics sinks, no access log, its default buffers and its default circuit breakers widened.
ENVOY_MANAGER = (
    "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
)
ENVOY = """
static_resources:
  listeners:
  - address: {{socket_address: {{address: 127.0.0.1, port_value: {port}}}}}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/{manager}
          stat_prefix: web
          route_config:
            virtual_hosts:
            - name: all
              domains: ["*"]
              routes: [{{match: {{prefix: "/"}}, route: {{cluster: app}}}}]
          http_filters:
          - name: envoy.filters.http.router
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
  clusters:
  - name: app
    type: STATIC
    circuit_breakers:
      thresholds: [{{max_connections: 8192, max_requests: 8192, max_pending_requests: 8192}}]
    load_assignment:
      cluster_name: app
      endpoints:
      - lb_endpoints:
        - endpoint: {{address: {{socket_address: {{address: 127.0.0.1, port_value: {origin}}}}}}}
"""


def loopback(number):
    """An address of the loopback network; the first one is 127.0.0.1."""
    return str(ipaddress.IPv4Address("127.0.0.1") + number)


def two_cpus():
    """One for the proxy and one for the load; the same one where there is no other."""
    cpus = sorted(os.sched_getaffinity(0))
    return cpus[0], cpus[-1]


def body_of(path):
    return (b"uvoy-bench-body-" * (BODIES[path] // 16))[: BODIES[path]]


class Process:
    """A server on one CPU: its own process and, of nginx, its worker's."""

    def __init__(self, name, command, cpu, log):
        self.name = name
        self.log = log
        with open(log, "wb") as out:
            self.child = subprocess.Popen(
                ["taskset", "-c", str(cpu), *map(str, command)],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    def pids(self):
        children = pathlib.Path(f"/proc/{self.child.pid}/task/{self.child.pid}/children")
        return [self.child.pid, *map(int, children.read_text().split())]

    def cpu_seconds(self):
        """User and system time of all threads (proc(5), fields 14 and 15 of stat)."""
        ticks = 0
        for pid in self.pids():
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / TICKS

    def resident_bytes(self):
        """Of all processes together (proc(5), VmRSS of status)."""
        total = 0
        for pid in self.pids():
            for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
                if line.startswith("VmRSS:"):
                    total += int(line.split()[1]) * 1024
        return total

    def wait_until_open(self, port, seconds=10):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.child.poll() is not None:
                break
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            time.sleep(0.05)
        said = pathlib.Path(self.log).read_text(errors="replace")[-2000:]
        raise RuntimeError(f"{self.name} does not listen on port {port}:\n{said}")

    def stop(self):
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
        try:
            self.child.wait(3)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()


class Proxy(Process):
    def __init__(self, name, command, cpu, log, port):
        super().__init__(name, command, cpu, log)
        self.port = port

    def check_bytes(self):
        """One request a path: what comes through is byte for byte what the origin has."""
        for path in BODIES:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
            connection.request("GET", path)
            response = connection.getresponse()
            body = response.read()
            connection.close()
            if response.status != 200 or body != body_of(path):
                raise RuntimeError(
                    f"{self.name}: GET {path}: {response.status}, {len(body)} bytes, another body"
                )


class Bench:
    """Everything that runs, in a directory of its own; `stop` ends all of it."""

    def __init__(self, directory, programs, proxy_cpu, load_cpu, nofile):
        self.directory = pathlib.Path(directory)
        self.programs = programs
        self.proxy_cpu = proxy_cpu
        self.load_cpu = load_cpu
        self.nofile = nofile
        self.running = []
        self.origin = None
        self.origin_port = free_port()

    def write(self, name, text):
        path = self.directory / name
        path.write_text(text)
        return path

    def start_origin(self, addresses=1):
        www = self.directory / "www"
        www.mkdir(exist_ok=True)
        for path in BODIES:
            (www / path[1:]).write_bytes(body_of(path))
        small = body_of("/small").decode()
        config = self.write(
            "origin.conf",
            ORIGIN.format(
                dir=self.directory,
                port=self.origin_port,
                nofile=self.nofile,
                small=small,
                listen=" ".join(
                    f"listen {loopback(i)}:{self.origin_port} backlog=4096;"
                    for i in range(addresses)
                ),
            ),
        )
        log = self.directory / "origin.out"
        self.origin = Process("origin", ["nginx", "-c", config], self.load_cpu, log)
        self.running.append(self.origin)
        self.origin.wait_until_open(self.origin_port)

    def stop_origin(self):
        self.running.remove(self.origin)
        self.origin.stop()

    def command(self, name, port):
        values = {
            "dir": self.directory,
            "port": port,
            "origin": self.origin_port,
            "nofile": self.nofile,
            "clients": self.nofile // 2 - 100,  # each wants a descriptor to the origin, too
        }
        if name == "relay":
            return [self.programs["relay"], port, self.origin_port]
        if name == "nginx":
            return ["nginx", "-c", self.write("nginx.conf", NGINX.format(**values))]
        if name == "haproxy":
            return ["haproxy", "-f", self.write("haproxy.cfg", HAPROXY.format(**values))]
        if name == "envoy":
            config = self.write("envoy.yaml", ENVOY.format(manager=ENVOY_MANAGER, **values))
            quiet = ["--log-level", "error", "--disable-hot-restart"]
            return [self.programs["envoy"], "-c", config, "--concurrency", "1", *quiet]
        config = {
            "workers": 1,
            "listeners": {"web": {"address": f"127.0.0.1:{port}"}},
            "clusters": {"app": {"endpoints": [f"127.0.0.1:{self.origin_port}"]}},
            "admin": {"address": f"127.0.0.1:{free_port()}"},
        }
        return [self.programs["uvoy"], "run", self.write("uvoy.json", json.dumps(config))]

    def start_proxy(self, name):
        port = free_port()
        log = self.directory / f"{name}.out"
        proxy = Proxy(name, self.command(name, port), self.proxy_cpu, log, port)
        self.running.append(proxy)
        proxy.wait_until_open(port)
        proxy.check_bytes()
        return proxy

    def stop(self):
        for process in reversed(self.running):
            process.stop()
