"""A systemd of the test's own, in namespaces of its own: what it does ends with the test.

The script that calls main() runs its tests within, once under `systemd --user` and once under a
system manager, which is the first process there.
"""

import contextlib
import ctypes
import os
import pathlib
import signal
import subprocess
import sys

import harness
from harness import eventually

MANAGER = "/lib/systemd/systemd"
KINDS = ("user", "system")
KIND = os.environ.get("UVOY_MANAGER", "")
UNITS = pathlib.Path("/run/units")
SKIPPED = 77


def main():
    if KIND:
        return harness.main()
    if why := why_not():
        print(why)
        sys.exit(SKIPPED)
    codes = []
    for kind in KINDS:
        print(f"-- under the {kind} manager", file=sys.stderr, flush=True)
        with Manager(kind) as manager:
            script, *arguments = map(os.path.abspath, sys.argv[:2])
            codes.append(manager.run(sys.executable, script, *arguments, *sys.argv[2:]))
    sys.exit(1 if any(codes) else 0)


def why_not():
    if os.geteuid() != 0:
        return "needs root for its namespaces"
    if not os.path.exists(MANAGER):
        return "there is no systemd"
    if not groups():
        return "no cgroup2 is mounted"
    return None


def groups():
    """Where the unified hierarchy is mounted."""
    for line in pathlib.Path("/proc/self/mounts").read_text().splitlines():
        _, place, kind, *_ = line.split()
        if kind == "cgroup2":
            return pathlib.Path(place)
    return None


class Manager:
    """One that runs.  systemd takes hold of all processes of its root group: it needs its own."""

    def __init__(self, kind):
        self.kind = kind
        self.group = groups() / f"uvoy-test-{kind}-{os.getpid()}"

    def __enter__(self):
        self.group.mkdir()
        libc = ctypes.CDLL(None)

        def prepare():
            death_signal = 1
            libc.prctl(death_signal, signal.SIGKILL)
            (self.group / "cgroup.procs").write_text(str(os.getpid()))

        flags = "--mount --cgroup --pid --uts --fork --kill-child --mount-proc".split()
        binary = sys.argv[1] if len(sys.argv) > 1 else harness.BINARY
        script = pathlib.Path(__file__).with_name("manager.sh")
        self.process = subprocess.Popen(
            ["unshare", *flags, "--propagation", "private",
             "sh", script, self.kind, harness.ROOT, os.path.abspath(binary)],
            stdin=subprocess.DEVNULL, stdout=sys.stderr, preexec_fn=prepare,
        )
        try:
            eventually(self.first_process, "the first process")
            eventually(self.is_up, "the manager is up")
        except BaseException:
            self.__exit__()
            raise
        return self

    def first_process(self):
        pid = self.process.pid
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return children[0] if children else None

    def is_up(self):
        assert self.process.poll() is None, "it ended"
        shows = self.run(*systemctl(self.kind), "is-active", "basic.target",
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return shows == 0

    def run(self, *command, **options):
        enter = ["nsenter", "--target", self.first_process(), "--mount", "--cgroup", "--pid",
                 "--uts"]
        environment = {
            **os.environ,
            "UVOY_MANAGER": self.kind,
            "XDG_RUNTIME_DIR": "/run/user/0",
            "SYSTEMD_UNIT_PATH": str(UNITS),
        }
        return subprocess.run([*enter, *command], env=environment, **options).returncode

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

        def removed():
            with contextlib.suppress(OSError):
                for folder in sorted(self.group.rglob("*/"), reverse=True):
                    folder.rmdir()
                self.group.rmdir()
            return not self.group.exists()

        eventually(removed, "all processes within end")


def systemctl(kind):
    return ["systemctl", "--user"] if kind == "user" else ["systemctl"]
