"""Endpoints that are processes of their own, ways to break one of them under a steady load, and
what clients saw of it. For ejection_test.py and scripts/ejection."""

import contextlib
import dataclasses
import json
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import time

import harness
from steady import Steady

RATE = 2000
BEFORE, AFTER = 1.5, 4.0  # seconds of load before and after the fault
CONNECT_TIMEOUT, TIMEOUT = 0.2, 0.4  # seconds that a connection and a try may take


class Server:
    """Answers every GET at once. `inside` names a network namespace with the address `host`."""

    def __init__(self, host="127.0.0.1", inside=None):
        self.host, self.port = host, harness.free_port()
        self.settings = {
            "workers": 1,
            "listeners": {"web": {"address": f"{host}:{self.port}"}},
            "routes": [{"respond": {"body": "hello"}}],
            "clusters": {},
            "admin": None,
        }
        self.prefix = ["ip", "netns", "exec", inside] if inside else []
        self.process = None

    @property
    def address(self):
        return f"{self.host}:{self.port}"

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="uvoy-server-")
        self.path = pathlib.Path(self.folder.name, "uvoy.json")
        self.path.write_text(json.dumps(self.settings))
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def start(self):
        """Also after kill()."""
        self.process = subprocess.Popen(
            [*self.prefix, harness.BINARY, "run", self.path],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        harness.eventually(self.takes_connections, "an endpoint takes connections")

    def takes_connections(self):
        with contextlib.suppress(OSError), socket.create_connection((self.host, self.port), 1):
            return True

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGSTOP)

    def __exit__(self, *_):
        self.kill()
        self.folder.cleanup()


class Namespace:
    """A network namespace behind a pair of interfaces, whose packets can be dropped."""

    def __init__(self):
        self.name = f"uvoy{os.getpid() % 10000}"
        network = f"10.213.{os.getpid() % 256}"
        self.host, self.inside = f"{network}.1", f"{network}.2"

    @staticmethod
    def why_not():
        """Why there can be none here, or nothing."""
        if os.geteuid() != 0:
            return "needs root"
        name = f"uvoyprobe{os.getpid() % 10000}"
        try:
            Namespace.run("ip", "netns", "add", name)
        except (OSError, subprocess.CalledProcessError) as error:
            return f"no network namespaces: {error}"
        try:
            inside = ["ip", "netns", "exec", name]
            Namespace.run(*inside, "iptables", "-A", "INPUT", "-j", "DROP")
        except (OSError, subprocess.CalledProcessError) as error:
            return f"no packet filter: {error}"
        finally:
            Namespace.run("ip", "netns", "del", name)
        return None

    @staticmethod
    def run(*command):
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True)

    def __enter__(self):
        out, inside = f"{self.name}a", f"{self.name}b"
        enter = ["ip", "netns", "exec", self.name]
        self.run("ip", "netns", "add", self.name)
        try:
            self.run("ip", "link", "add", out, "type", "veth", "peer", "name", inside)
            self.run("ip", "link", "set", inside, "netns", self.name)
            self.run("ip", "addr", "add", f"{self.host}/30", "dev", out)
            self.run("ip", "link", "set", out, "up")
            self.run(*enter, "ip", "addr", "add", f"{self.inside}/30", "dev", inside)
            self.run(*enter, "ip", "link", "set", inside, "up")
        except BaseException:
            self.__exit__()
            raise
        return self

    def drop(self):
        self.run("ip", "netns", "exec", self.name, "iptables", "-I", "INPUT", "-j", "DROP")

    def __exit__(self, *_):
        # Connections that nobody answers keep the namespace for a while, and its interfaces.
        subprocess.run(["ip", "link", "del", f"{self.name}a"], check=False, capture_output=True)
        self.run("ip", "netns", "del", self.name)


@dataclasses.dataclass
class Seen:
    """What clients saw of a fault. Times are seconds after it."""

    sent: int
    failed: int
    first: float  # error
    last: float  # error
    doomed: float  # when the last request was sent that came to nothing
    sent_at: list  # when each that failed was sent

    @staticmethod
    def of(result, fault):
        failures = result["failures"]
        ends = [end - fault for _, end, _ in failures]
        sent_at = [due - fault for due, _, _ in failures]
        return Seen(
            sent=result["sent"],
            failed=len(failures),
            first=min(ends, default=0.0),
            last=max(ends, default=0.0),
            doomed=max(sent_at, default=0.0),
            sent_at=sent_at,
        )

    def __str__(self):
        if not self.failed:
            return f"{self.sent} requests, none failed"
        return (
            f"{self.failed} of {self.sent} requests failed, the first at {self.first:.3f} s, the "
            f"last at {self.last:.3f} s; the last of them was sent at {self.doomed:.3f} s"
        )


@contextlib.contextmanager
def endpoints(fault, count=5):
    """The endpoints, the one that is to break first, and the call that breaks it."""
    with contextlib.ExitStack() as stack:
        if fault == "dropped":
            namespace = stack.enter_context(Namespace())
            first = Server(namespace.inside, inside=namespace.name)
            breaks = namespace.drop
        else:
            first = Server()
            breaks = {"killed": first.kill, "stopped": first.stop}[fault]
        servers = [first, *(Server() for _ in range(count - 1))]
        for server in servers:
            stack.enter_context(server)
        yield servers, breaks


def play(port, breaks, after=AFTER, rate=RATE):
    """Breaks an endpoint under load."""
    load = Steady(port, rate, BEFORE + after, patience=after)
    time.sleep(BEFORE)
    fault = time.monotonic()
    breaks()
    return Seen.of(load.result(), fault)


def milliseconds(seconds):
    return f"{seconds * 1000:.0f}ms"


# What is tried again by default.
RETRIED = ["connect_failure", "refused", "reset_before_response"]


def uvoy_settings(servers, retries=None, timeout=TIMEOUT, on=None, **cluster):
    """As an operator would write them: the defaults, but for the time-outs."""
    cluster["timeouts"] = {"connect": milliseconds(CONNECT_TIMEOUT)}
    route = {"cluster": "app", "retry": {"per_try_timeout": milliseconds(timeout)}}
    if retries is not None:
        route["retry"]["attempts"] = retries
    if on is not None:
        route["retry"]["on"] = on
    settings = harness.config(*servers, cluster=cluster, routes=[route])
    if "health_check" not in cluster:
        del settings["clusters"]["app"]["health_check"]
    return settings
