"""This machine as it is, with a root, a network and processes of its own: whatever a test installs
there is gone with it. Needs root."""

import contextlib
import os
import pathlib
import subprocess
import sys
import tempfile

APART = "UVOY_TEST_APART"


def move_apart():
    """Starts this program again where mounts, the network and processes are its own."""
    if os.environ.get(APART):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        return
    apart = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]
    os.environ[APART] = "1"
    os.execvp(apart[0], [*apart, sys.executable, *sys.argv])


class Machine:
    def __init__(self, root):
        self.root = pathlib.Path(root)

    def path(self, path):
        return self.root / path.lstrip("/")

    def write(self, path, text, mode=0o644):
        self.path(path).parent.mkdir(parents=True, exist_ok=True)
        self.path(path).write_text(text)
        self.path(path).chmod(mode)

    def start(self, *command, **options):
        return subprocess.Popen(["chroot", self.root, *command], **options)

    def run(self, *command):
        """The outcome; standard error is part of the output."""
        return subprocess.run(
            ["chroot", self.root, *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive"},
        )

    def must(self, *command):
        done = self.run(*command)
        if done.returncode:
            raise AssertionError(f"{command}: exit code {done.returncode}\n{done.stdout}")
        return done.stdout


def mount(*arguments):
    subprocess.run(["mount", *map(str, arguments)], check=True)


@contextlib.contextmanager
def machine():
    """What is written goes to memory, above the root of this machine."""
    with tempfile.TemporaryDirectory() as folder:
        mount("-t", "tmpfs", "uvoy-test", folder)
        upper, work, root = (pathlib.Path(folder, name) for name in ("upper", "work", "root"))
        for directory in (upper, work, root):
            directory.mkdir()
        layers = f"lowerdir=/,upperdir={upper},workdir={work}"
        mount("-t", "overlay", "-o", layers, "uvoy-test", root)
        mount("--bind", "/proc", root / "proc")
        mount("--rbind", "/dev", root / "dev")
        try:
            yield Machine(root)
        finally:
            subprocess.run(["umount", "--recursive", "--lazy", folder], check=True)
