"""Runs the real binary. The path comes as the first argument of a test script, see meson.build."""

import contextlib
import copy
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import wire
from ports import free_port

ROOT = pathlib.Path(__file__).resolve().parents[2]
SANITIZED = os.environ.get("UVOY_SANITIZED", "") != ""
BINARY = str(ROOT / "build/release/src/uvoy")
# How long something may take that is a matter of milliseconds on an idle machine.
PATIENCE = 60
COMPLAINTS = ("Sanitizer", "runtime error:", "Assertion", "terminate called")


def main():
    global BINARY
    if len(sys.argv) > 1 and os.path.sep in sys.argv[1]:
        BINARY = sys.argv.pop(1)
    unittest.main(module="__main__", verbosity=1)


def eventually(condition, what="the condition", patience=PATIENCE):
    """Polls until `condition` gives something true, and returns that."""
    deadline = time.monotonic() + patience
    while True:
        if result := condition():
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {patience} s")
        time.sleep(0.02)


def settled(value):
    """Polls until `value` gives the same twice, and returns that."""
    seen = [value()]

    def same():
        seen.append(value())
        return seen[-1] == seen[-2]

    time.sleep(0.05)
    eventually(same, "an end of the changes")
    return seen[-1]


@contextlib.contextmanager
def stopped(uvoy):
    """What happens meanwhile comes to uvoy all at once."""
    uvoy.signal(signal.SIGSTOP)
    os.waitpid(uvoy.process.pid, os.WUNTRACED)  # until its last thread has stopped
    try:
        yield
    finally:
        uvoy.signal(signal.SIGCONT)


def merge(base, more):
    result = copy.deepcopy(base)
    for key, value in more.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merge(result[key], value) if both else value
    return result


def config(*endpoints, cluster=None, listener=None, **top):
    """One listener `web`, one cluster `app`; health checks are quick."""
    base = {
        "workers": 2,
        "hash_seed": "integration",
        "listeners": {"web": {"address": f"127.0.0.1:{free_port()}"}},
        "clusters": {
            "app": {
                "endpoints": [getattr(endpoint, "address", endpoint) for endpoint in endpoints],
                "health_check": {"interval": "200ms", "timeout": "5s"},
            }
        },
        "admin": {"address": f"127.0.0.1:{free_port()}"},
    }
    more = {"clusters": {"app": cluster or {}}, "listeners": {"web": listener or {}}, **top}
    return merge(base, more)


def run_once(*arguments, text=None, **options):
    """A command that ends by itself, for example check."""
    done = subprocess.run(
        [BINARY, *map(str, arguments)], capture_output=True, timeout=PATIENCE, input=text, **options
    )
    done.out = done.stdout.decode(errors="replace")
    done.err = done.stderr.decode(errors="replace")
    return done


class Uvoy:
    """A running uvoy. Leaving the context ends it by SIGINT and asserts that it ends well."""

    wrapper = ()  # a command that runs the command behind it
    binary = None  # another one than BINARY

    def __init__(self, settings, arguments=None, **options):
        self.settings = settings
        self.options = options
        self.arguments = arguments
        self.exit_code = 0
        self.stopped = False

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="uvoy-test-")
        folder = pathlib.Path(self.folder.name)
        (folder / "uvoy.json").write_text(json.dumps(self.settings, indent=1))
        self.log_path, self.stdout_path = folder / "log", folder / "stdout"
        with open(self.log_path, "wb") as log, open(self.stdout_path, "wb") as stdout:
            self.process = subprocess.Popen(
                [
                    *self.wrapper,
                    self.binary or BINARY,
                    *(self.arguments or ["run", folder / "uvoy.json"]),
                ],
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=log,
                **self.options,
            )
        try:
            eventually(self.is_ready, "uvoy gets ready")
        except BaseException:
            self.process.kill()
            self.process.wait()
            print(self.log(), file=sys.stderr)
            raise
        return self

    def is_ready(self):
        assert self.process.poll() is None, f"exit code {self.process.returncode}: {self.log()}"
        with contextlib.suppress(OSError, wire.Truncated):
            return self.admin("/readyz").status == 200

    @property
    def port(self):
        return int(self.settings["listeners"]["web"]["address"].rsplit(":")[-1])

    @property
    def admin_port(self):
        return int(self.settings["admin"]["address"].rsplit(":")[-1])

    def admin(self, path):
        return wire.ask(self.admin_port, path, host="localhost")

    def json(self, path):
        return json.loads(self.admin(path).body)

    def endpoints(self, cluster="app"):
        """The endpoints of a cluster by their addresses, as /v1/clusters tells them."""
        clusters = {told["name"]: told for told in self.json("/v1/clusters")["clusters"]}
        return {told["address"]: told for told in clusters[cluster]["endpoints"]}

    def wait_for(self, endpoint, state):
        return eventually(
            lambda: self.endpoints()[endpoint.address]["state"] == state,
            f"{endpoint.name} becomes {state}",
        )

    def metrics(self):
        """Series to value."""
        series = {}
        for line in self.admin("/metrics").body.decode().splitlines():
            if line and not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                series[name] = float(value)
        return series

    def metric(self, name, *labels):
        """The sum of the series of this name that have all of these labels, e.g. 'code="2xx"'."""
        found = self.metrics()
        return sum(
            value
            for series, value in found.items()
            if series.split("{")[0] == name and all(label in series for label in labels)
        )

    def connect(self, **options):
        return wire.connect(self.port, **options)

    def ask(self, path="/", **options):
        return wire.ask(self.port, path, **options)

    def log(self):
        return self.log_path.read_text(errors="replace")

    def stdout(self):
        return self.stdout_path.read_text(errors="replace")

    def memory(self, what="VmRSS"):
        """In bytes."""
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(what + ":"):
                return int(line.split()[1]) * 1024
        raise AssertionError(f"no {what}")

    def descriptors(self):
        return len(list(pathlib.Path(f"/proc/{self.process.pid}/fd").iterdir()))

    def signal(self, number=signal.SIGINT):
        self.process.send_signal(number)

    def wait(self):
        """The exit code."""
        return self.process.wait(timeout=PATIENCE)

    def stop(self):
        if self.process.poll() is None:
            self.signal()
        try:
            code = self.wait()
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"uvoy does not end; its log: {self.log()}") from None
        log = self.log()
        assert not any(word in log for word in COMPLAINTS), log
        assert code == self.exit_code, f"exit code {code}, not {self.exit_code}: {log}"

    def __exit__(self, kind, *_):
        try:
            self.stop()
        finally:
            if kind is not None:
                print(f"-- log of uvoy:\n{self.log()[-4000:]}", file=sys.stderr)
            self.folder.cleanup()
