"""Where the access log goes to may be full or stand still: no request waits for it, what is lost is
counted to the line, and later lines arrive whole."""

import contextlib
import fcntl
import json
import os
import pathlib
import re
import tempfile
import time
import unittest

import harness
import wire
from harness import Uvoy, config, eventually
from origin import Origin

ATTEMPTS = 5
ROUNDS = 300
AT_ONCE = 5
F_SETPIPE_SZ = 1031
PAGE = 4096


class OnSmallDisk(Uvoy):
    """Has a file system of 64 KiB of its own."""

    def __init__(self, folder, settings):
        super().__init__(settings)
        mount = f'mount -t tmpfs -o size=64k none "{folder}" && exec "$@"'
        self.wrapper = ("unshare", "--mount", "sh", "-c", mount, "sh")


class Client:
    """One connection on which several requests are sent at once, and their answers timed."""

    def __init__(self, stack, uvoy):
        self.connection = stack.enter_context(uvoy.connect())
        self.asked = 0
        self.times = []

    def ask(self, count=AT_ONCE, path="/"):
        head = wire.head("GET", path, [("User-Agent", "a" * 300)])
        start = time.monotonic()
        self.connection.send(head * count)
        for _ in range(count):
            assert self.connection.response().status == 200
        self.times.append(time.monotonic() - start)
        self.asked += count


def percentile(times, share):
    return sorted(times)[int(len(times) * share)]


def whole_lines(text):
    """Those that are one; a cut one, which counts as lost, is left out, and so are empty ones."""
    found = []
    for line in text.decode().split("\n")[:-1]:
        with contextlib.suppress(ValueError):
            found.append(json.loads(line))
    return found


class Sinks(unittest.TestCase):
    def setUp(self):
        self.stack = self.enterContext(contextlib.ExitStack())
        self.origin = self.enterContext(Origin())
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def settings(self, path):
        return config(self.origin, access_log={"path": str(path)}, workers=1)

    def dropped(self):
        return int(self.uvoy.metric("uvoy_log_dropped_total"))

    def break_it(self, client):
        """Logs until lines are lost."""

        def lost():
            client.ask(20)
            return self.dropped() > 0

        eventually(lost, "lines are lost")

    def holds_nobody_up(self, client):
        """Asks it and one whose log is well in turn, again if the machine was busy elsewhere."""
        well = self.enterContext(Uvoy(self.settings(self.folder / "well.log")))
        other = Client(self.stack, well)
        for _ in range(ATTEMPTS):
            client.times, other.times = [], []
            for _ in range(ROUNDS):
                other.ask()
                client.ask()
            ratios = [percentile(client.times, share) / percentile(other.times, share)
                      for share in (0.5, 0.99)]
            print(f"{self.id()}: p50 {ratios[0]:.2f} times, p99 {ratios[1]:.2f} times")
            if max(ratios) < 2:
                break
        self.assertLess(max(ratios), 2)
        self.assertEqual(well.metric("uvoy_log_dropped_total"), 0)

    def says_so_once_a_second(self, began):
        told = re.findall(r"access log .*: lost (\d+) lines", self.uvoy.log())
        self.assertIn(len(told), range(1, int(time.monotonic() - began) + 3))
        self.assertLessEqual(sum(map(int, told)), self.dropped())

    def all_are_accounted_for(self, client, read):
        """Each line that was asked for is there or counted."""
        eventually(lambda: len(read()) + self.dropped() >= client.asked, "the last line")
        self.assertEqual(len(read()) + self.dropped(), client.asked)

    def recovers(self, client, read):
        """Whatever comes now arrives."""
        before = self.dropped()
        for number in range(10):
            client.ask(path=f"/later/{number}")
        later = [f"/later/{number}" for number in range(10) for _ in range(AT_ONCE)]
        eventually(lambda: [line["path"] for line in read()][-len(later):] == later, "later lines")
        self.assertEqual(self.dropped(), before)

    def test_a_device_that_takes_nothing(self):
        self.uvoy = self.enterContext(Uvoy(self.settings("/dev/full")))
        began = time.monotonic()
        client = Client(self.stack, self.uvoy)
        self.break_it(client)
        self.holds_nobody_up(client)
        self.all_are_accounted_for(client, lambda: [])
        self.says_so_once_a_second(began)
        self.assertIn("No space left on device", self.uvoy.log())

    @unittest.skipUnless(os.geteuid() == 0, "mounts a file system")
    def test_a_disk_that_is_full_until_somebody_makes_room(self):
        disk = self.folder / "disk"
        disk.mkdir()
        self.uvoy = self.enterContext(OnSmallDisk(disk, self.settings(disk / "access.log")))
        path = pathlib.Path(f"/proc/{self.uvoy.process.pid}/root{disk}/access.log")
        began = time.monotonic()
        client = Client(self.stack, self.uvoy)
        self.break_it(client)
        self.holds_nobody_up(client)
        self.all_are_accounted_for(client, lambda: whole_lines(path.read_bytes()))
        self.says_so_once_a_second(began)
        os.truncate(path, 0)
        self.recovers(client, lambda: whole_lines(path.read_bytes()))

    def stands_still(self, reader):
        began = time.monotonic()
        client = Client(self.stack, self.uvoy)
        self.break_it(client)
        self.holds_nobody_up(client)
        text = bytearray()

        def read():
            with contextlib.suppress(BlockingIOError):
                while piece := os.read(reader, 1 << 16):
                    text.extend(piece)
            return [json.loads(line) for line in text.decode().split("\n")[:-1]]

        self.all_are_accounted_for(client, read)
        self.says_so_once_a_second(began)
        self.assertIn("its reader is too slow", self.uvoy.log())
        fcntl.fcntl(reader, F_SETPIPE_SZ, 16 * PAGE)
        self.recovers(client, read)

    def test_a_named_pipe_whose_reader_stands_still(self):
        path = self.folder / "pipe"
        os.mkfifo(path)
        self.uvoy = self.enterContext(Uvoy(self.settings(path)))  # nobody reads yet
        reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        fcntl.fcntl(reader, F_SETPIPE_SZ, PAGE)
        self.stands_still(reader)

    def test_a_standard_output_whose_reader_stands_still(self):
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        os.set_blocking(reader, False)
        fcntl.fcntl(reader, F_SETPIPE_SZ, PAGE)
        uvoy = Uvoy(self.settings("stdout"), pass_fds=[writer])
        uvoy.wrapper = ("bash", "-c", f'exec "$@" >&{writer} {writer}>&-', "bash")
        self.uvoy = self.enterContext(uvoy)
        os.close(writer)
        self.stands_still(reader)


if __name__ == "__main__":
    harness.main()
