"""The Debian package: built, looked into, installed, upgraded and removed.

package_test.py
"""

import atexit
import collections
import concurrent.futures
import contextlib
import functools
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

import harness
import machine

ROOT = pathlib.Path(__file__).resolve().parents[2]
CONFIGURATION = "/etc/uvoy/uvoy.json"
CONFFILES = {CONFIGURATION, "/etc/logrotate.d/uvoy"}
FILES = CONFFILES | {
    "/lib/systemd/system/uvoy.service",
    "/usr/bin/uvoy",
    "/usr/lib/sysusers.d/uvoy.conf",
    "/usr/share/bash-completion/completions/uvoy",
    "/usr/share/doc/uvoy/changelog.Debian.gz",
    "/usr/share/doc/uvoy/copyright",
    "/usr/share/doc/uvoy/examples/everything.json",
    "/usr/share/fish/vendor_completions.d/uvoy.fish",
    "/usr/share/man/man5/uvoy.json.5.gz",
    "/usr/share/man/man8/uvoy.8.gz",
    "/usr/share/uvoy/compose.yaml",
    "/usr/share/uvoy/grafana/dashboards/overview.json",
    "/usr/share/uvoy/prometheus/alerts.yml",
    "/usr/share/uvoy/uvoy.schema.json",
    "/usr/share/zsh/vendor-completions/_uvoy",
}


WEB, ADMIN = 3000, 9901

# Stands in for the service manager: its one service is the process whose id is in a file.
SYSTEMCTL = """#!/bin/sh
echo "$*" >>/run/systemctl.log
case "$*" in
    *is-active*) test -e /run/uvoy.pid ;;
    *is-enabled*) echo enabled ;;
    kill*) kill -USR1 "$(cat /run/uvoy.pid)" ;;
esac
"""

# Stands in for a version that says how its upgrade ended.
UPGRADED = """#!/bin/sh
echo "$*" >>/run/uvoy.log
exit %d
"""


def answer(path, port=WEB):
    """The body of the answer; nothing if there is none."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as response:
            return response.read().decode()
    except OSError:
        return None


def output(*command):
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


def later(version, change=lambda tree: None):
    """The same package with another version, and with what `change` does to its tree."""
    with tempfile.TemporaryDirectory() as tree:
        output("dpkg-deb", "-R", package(), tree)
        control = pathlib.Path(tree, "DEBIAN/control")
        control.write_text(re.sub(r"(?m)^Version: .*", f"Version: {version}", control.read_text()))
        change(pathlib.Path(tree))
        target = package().with_name(f"uvoy_{version}.deb")
        output("dpkg-deb", "--root-owner-group", "-Znone", "-b", tree, target)
        return target


@functools.cache
def package():
    """The path of the package, which is made once."""
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder)
    return pathlib.Path(output(ROOT / "scripts/package", folder).strip())


class Package(unittest.TestCase):
    def test_lintian_finds_no_error(self):
        found = subprocess.run(
            ["lintian", "--allow-root", "--fail-on", "error", package()],
            capture_output=True,
            text=True,
        )
        self.assertEqual(found.returncode, 0, found.stdout + found.stderr)

    def test_it_holds_every_file_in_its_place(self):
        listed = output("dpkg-deb", "-c", package()).splitlines()
        files = {line.split()[5].removeprefix(".") for line in listed if line.startswith("-")}
        self.assertEqual(FILES - files, set())
        self.assertEqual([path for path in files if path.startswith("/usr/local")], [])
        owners = {line.split()[1] for line in listed}
        self.assertEqual(owners, {"root/root"})

    def test_installing_from_source_overwrites_nothing_that_was_changed(self):
        with tempfile.TemporaryDirectory() as root:
            install = ["meson", "install", "-C", ROOT / "build/release", "--no-rebuild"]
            output(*install, "--destdir", root)
            written = pathlib.Path(root + CONFIGURATION)
            self.assertEqual(written.read_text(), (ROOT / "etc/default/uvoy.json").read_text())
            written.write_text("{}")
            output(*install, "--destdir", root)
            self.assertEqual(written.read_text(), "{}")

    def test_what_administrators_change_are_conffiles(self):
        conffiles = output("dpkg-deb", "-I", package(), "conffiles").split()
        self.assertEqual(set(conffiles), CONFFILES)

    def test_it_is_the_version_of_the_source(self):
        version = re.search(r"version: '([^']*)'", (ROOT / "meson.build").read_text())[1]
        packaged = output("dpkg-deb", "-f", package(), "Version").strip()
        self.assertEqual(packaged.rpartition("-")[0], version)

    def test_it_needs_the_libraries_and_who_makes_its_user(self):
        needed = output("dpkg-deb", "-f", package(), "Depends")
        for name in ("libc6", "libuv1", "liburcu8", "systemd-standalone-sysusers"):
            self.assertIn(name, needed)

    def test_building_it_needs_what_building_uvoy_needs(self):
        setup = (ROOT / "scripts/setup").read_text()
        wanted = re.search(r"build_packages=\(([^)]*)\)", setup)[1].split()
        control = (ROOT / "etc/debian/control").read_text()
        # Its tests are no part of the package.
        for name in set(wanted) - {"doctest-dev"}:
            self.assertIn(f"\n {name},\n", control)


@unittest.skipUnless(os.geteuid() == 0, "only root can install it")
class Installed(unittest.TestCase):
    def setUp(self):
        self.machine = self.enterContext(machine.machine())

    def install(self, deb):
        shutil.copy(deb, self.machine.path("/tmp/uvoy.deb"))
        # A trigger would index all manual pages of the machine.
        options = ["--no-triggers", "--path-include=/*"]
        return self.machine.must("dpkg", *options, "--install", "/tmp/uvoy.deb")

    def start_service_manager(self):
        self.machine.write("/usr/bin/systemctl", SYSTEMCTL, 0o755)
        self.machine.path("/run/systemd/system").mkdir(parents=True, exist_ok=True)
        self.machine.write("/usr/sbin/policy-rc.d", "#!/bin/sh\nexit 0\n", 0o755)

    def serve(self, configuration=None):
        """Starts it as the service manager would, and waits until it answers."""
        if configuration is not None:
            self.machine.write(CONFIGURATION, json.dumps(configuration))
        self.start_service_manager()
        user = ["setpriv", "--reuid=uvoy", "--regid=uvoy", "--clear-groups"]
        log = self.enterContext(open(self.machine.path("/run/uvoy.log"), "w"))
        command = [*user, "/usr/bin/uvoy", "run", CONFIGURATION]
        process = self.machine.start(*command, stderr=log)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.machine.write("/run/uvoy.pid", str(process.pid))
        harness.eventually(lambda: answer("/readyz", ADMIN) == "ready\n", "it is ready")
        return process

    def test_it_is_ready_to_run_as_a_user_of_its_own(self):
        self.install(package())
        told = self.machine.must("uvoy", "check", CONFIGURATION)
        self.assertIn(": ok, ", told)
        self.assertRegex(self.machine.must("getent", "passwd", "uvoy"), r":/usr/sbin/nologin$")
        json.loads(self.machine.path("/usr/share/uvoy/uvoy.schema.json").read_text())
        self.assertEqual(self.machine.must("dpkg", "--verify", "uvoy"), "")
        self.serve()
        self.assertIn(CONFIGURATION, answer("/"))

    def test_its_log_is_rotated_and_no_line_lost(self):
        self.install(package())
        logs = self.machine.path("/var/log/uvoy")
        logs.mkdir(mode=0o755)
        self.machine.must("chown", "uvoy:uvoy", "/var/log/uvoy")
        self.serve(
            {
                "listeners": {"web": {"address": "127.0.0.1:3000"}},
                "clusters": {},
                "routes": [{"respond": {"status": 200}}],
                "access_log": {"path": "/var/log/uvoy/access.log"},
            }
        )
        current, rotated = logs / "access.log", logs / "access.log.1"
        answer("/one")
        harness.eventually(lambda: "/one" in current.read_text(), "the first line")
        self.machine.must("logrotate", "--force", "/etc/logrotate.d/uvoy")
        harness.eventually(current.exists, "a new file")
        answer("/two")
        harness.eventually(lambda: "/two" in current.read_text(), "the second line")
        self.assertIn("/one", rotated.read_text())
        self.assertEqual(current.stat().st_uid, rotated.stat().st_uid)

    def upgrade(self, code, is_active=True):
        """What is told, and what the program and the service manager were asked to do, when a
        version is installed whose `ctl upgrade` ends with this code."""

        def change(tree):
            (tree / "usr/bin/uvoy").write_text(UPGRADED % code)

        asked = self.machine.path("/run/uvoy.log"), self.machine.path("/run/systemctl.log")
        for log in asked:
            log.write_text("")
        pid = self.machine.path("/run/uvoy.pid")
        pid.touch() if is_active else pid.unlink(missing_ok=True)
        self.versions = getattr(self, "versions", 1) + 1
        told = self.install(later(f"0.1.0-{self.versions}", change))
        return told, *(log.read_text() for log in asked)

    def test_the_service_is_upgraded_and_not_restarted(self):
        self.install(package())
        self.start_service_manager()
        told, program, manager = self.upgrade(0)
        self.assertEqual(program, "ctl upgrade\n")
        self.assertNotIn(" stop", manager)
        self.assertNotIn("restart", manager + told)

        told, program, manager = self.upgrade(1)
        self.assertEqual(program, "ctl upgrade\n")
        self.assertNotIn("restart", manager)
        self.assertIn("the old one serves on until: systemctl restart uvoy", told)

        _, program, manager = self.upgrade(3)
        self.assertIn("restart uvoy.service", manager, "nobody could be reached")

    def status(self):
        return json.loads(answer("/v1/status", ADMIN))

    def end_successor(self):
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.status()["pid"], signal.SIGKILL)
        harness.eventually(lambda: answer("/readyz", ADMIN) is None, "it has ended")

    def test_no_request_is_lost_while_the_package_is_upgraded(self):
        self.install(package())
        old = self.serve()
        self.addCleanup(self.end_successor)
        stop = threading.Event()
        answers = collections.Counter()

        def ask():
            while not stop.is_set():
                answers[answer("/")] += 1

        with concurrent.futures.ThreadPoolExecutor() as pool:
            asking = pool.submit(ask)
            told = self.install(later("0.1.0-2"))
            harness.eventually(lambda: old.poll() is not None, "the old version has ended")
            stop.set()
            asking.result()
        self.assertEqual(old.returncode, 0, told)
        self.assertNotEqual(self.status()["pid"], old.pid)
        self.assertEqual(len(answers), 1, answers)
        self.assertIn(CONFIGURATION, *answers)
        self.assertGreater(answers.total(), 20)

    def test_a_version_that_cannot_take_over_leaves_the_old_one_serving(self):
        self.install(package())
        old = self.serve()
        self.machine.write(CONFIGURATION, "{}")
        told = self.install(later("0.1.0-2"))
        self.assertIn("the old one serves on until: systemctl restart uvoy", told)
        self.assertEqual(self.status()["pid"], old.pid)
        self.assertIn(CONFIGURATION, answer("/"))

    def test_a_service_that_is_down_or_nobody_may_touch_stays_as_it_is(self):
        self.install(package())
        self.start_service_manager()
        _, program, manager = self.upgrade(0, is_active=False)
        self.assertEqual(program, "")
        self.assertNotIn("restart", manager)

        self.machine.write("/usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n", 0o755)
        _, program, manager = self.upgrade(0)
        self.assertEqual(program, "")
        self.assertNotIn("restart", manager)

    def test_what_the_administrator_wrote_stays(self):
        self.install(package())
        self.machine.write(CONFIGURATION, "{}")
        self.install(later("0.1.0-2"))
        self.assertEqual(self.machine.path(CONFIGURATION).read_text(), "{}")

    def test_removing_it_leaves_the_configuration_and_purging_it_leaves_nothing(self):
        self.install(package())
        self.machine.write("/var/log/uvoy/access.log", "a line\n")
        self.machine.must("dpkg", "--remove", "uvoy")
        left = [path for path in FILES if self.machine.path(path).exists()]
        self.assertEqual(set(left), CONFFILES)
        self.assertTrue(self.machine.path("/var/log/uvoy/access.log").exists())
        self.machine.must("dpkg", "--purge", "uvoy")
        for path in CONFFILES | {"/etc/uvoy", "/var/log/uvoy"}:
            self.assertFalse(self.machine.path(path).exists(), path)


if __name__ == "__main__":
    if os.geteuid() == 0:
        machine.move_apart()
    unittest.main()
