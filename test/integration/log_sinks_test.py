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
from harness import Uvoy, config, eventually, run_once
from origin import Origin
from steady import Steady

ATTEMPTS = 5
ROUNDS = 300
AT_ONCE = 5
F_SETPIPE_SZ = 1031
PAGE = 4096
RELOADS = 10


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


class Reloaded(unittest.TestCase):
    """The log goes into a pipe that nobody reads, while requests come."""

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.pipe, self.file = self.folder / "pipe", self.folder / "file"
        os.mkfifo(self.pipe)
        self.reader = os.open(self.pipe, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, self.reader)
        fcntl.fcntl(self.reader, F_SETPIPE_SZ, PAGE)
        origin = self.enterContext(Origin())
        self.settings = config(origin, access_log={"path": str(self.pipe)})
        self.uvoy = self.enterContext(Uvoy(self.settings))

    def ask(self, count):
        with self.uvoy.connect() as client:
            for _ in range(count):
                client.send(wire.head("GET", "/"))
                self.assertEqual(client.response().status, 200)

    def dropped(self):
        return int(self.uvoy.metric("uvoy_log_dropped_total"))

    def lines_are_dropped(self):
        before = self.dropped()
        eventually(lambda: self.dropped() > before, "lines are lost")

    def reload(self, **changes):
        """How long it takes, for whoever asks for it."""
        self.settings = {**self.settings, **changes}
        path = pathlib.Path(self.uvoy.folder.name) / "uvoy.json"
        path.write_text(json.dumps(self.settings))
        start = time.monotonic()
        done = run_once("ctl", "--config", path, "reload")
        taken = time.monotonic() - start
        self.assertEqual(done.returncode, 0, done.err)
        self.assertLess(taken, 2)
        return taken

    def writers(self):
        """How many times the pipe is open."""
        opened = pathlib.Path(f"/proc/{self.uvoy.process.pid}/fd").iterdir()
        paths = []
        for descriptor in opened:
            with contextlib.suppress(FileNotFoundError):
                paths.append(os.readlink(descriptor))
        return paths.count(str(self.pipe))

    def written(self):
        """Lines in the pipe and in the file."""
        with contextlib.suppress(BlockingIOError):
            self.in_pipe += os.read(self.reader, 1 << 16)
        return self.in_pipe.count(b"\n") + self.file.read_bytes().count(b"\n")

    def test_a_reload_is_not_held_up_by_a_sink_that_it_keeps_changes_or_removes(self):
        steady = Steady(self.uvoy.port, 300, 5, patience=2)
        self.lines_are_dropped()
        kept = self.reload(routes=[{"name": "other", "cluster": "app"}])
        self.lines_are_dropped()
        changed = []
        for number in range(RELOADS):
            log = {"path": str(self.pipe), "format": f"{number} %{{status}} {'x' * 1000}"}
            changed.append(self.reload(access_log=log))
            self.ask(AT_ONCE)  # so that a writer that has not met with the pipe yet has lines left
        # It may wait a second for room for them at its end, but no reload does.
        self.assertLess(sum(changed), 2)
        self.lines_are_dropped()
        eventually(lambda: self.writers() == 1, "former writers end")
        removed = self.reload(access_log={"path": str(self.file), "format": "%{status}"})
        eventually(lambda: self.writers() == 0, "the last writer ends")
        before = self.dropped()
        eventually(self.file.read_bytes, "lines in the file")
        result = steady.result()
        self.assertEqual(result["failures"], [])
        self.assertEqual(self.dropped(), before)
        # Each line is somewhere, or counted.
        self.in_pipe = b""
        asked = result["sent"] + RELOADS * AT_ONCE
        eventually(lambda: self.written() + before >= asked, "the last line")
        self.assertEqual(self.written() + before, asked)
        print(f"{self.id()}: kept {kept:.3f} s, changed {max(changed):.3f} s at most, "
              f"removed {removed:.3f} s, {before} of {asked} lines lost")

    def test_a_reload_may_end_the_log(self):
        self.ask(200)
        eventually(self.dropped, "lines are lost")
        del self.settings["access_log"]
        self.reload()
        self.ask(1)
        eventually(lambda: self.writers() == 0, "the writer ends")


if __name__ == "__main__":
    harness.main()
