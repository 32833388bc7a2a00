"""What stands in the way of a start is told in one line, with the key and what to do."""

import contextlib
import json
import pathlib
import resource
import socket
import tempfile
import unittest

import harness
from harness import Uvoy, config, free_port, run_once


class Start(unittest.TestCase):
    def refused(self, settings, *holds, code=1, **options):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "uvoy.json"
            path.write_text(json.dumps(settings))
            done = run_once("run", path, **options)
        self.assertEqual(done.returncode, code, done.err)
        self.assertEqual(len(done.err.splitlines()), 1, done.err)
        for part in holds:
            self.assertIn(part, done.err)

    @contextlib.contextmanager
    def taken(self):
        with socket.socket() as holder:
            holder.bind(("127.0.0.1", 0))
            holder.listen()
            yield "127.0.0.1:%d" % holder.getsockname()[1]

    def test_a_port_that_another_program_has(self):
        with self.taken() as address:
            settings = config("127.0.0.1:1", listener={"address": address})
            self.refused(settings, "/listeners/web/address", address, "already in use", "ss -ltnp")

    def test_a_port_of_the_admin_that_another_program_has(self):
        with self.taken() as address:
            settings = config("127.0.0.1:1", admin={"address": address})
            self.refused(settings, "/admin/address", address, "already in use")

    def test_a_port_that_another_uvoy_has(self):
        with Uvoy(config("127.0.0.1:1")) as first:
            listener = {"address": first.settings["listeners"]["web"]["address"]}
            self.refused(config("127.0.0.1:1", listener=listener), "/listeners/web/address")

    def test_an_address_that_is_not_of_this_machine(self):
        settings = config("127.0.0.1:1", listener={"address": f"192.0.2.1:{free_port()}"})
        self.refused(settings, "/listeners/web/address", "192.0.2.1")

    def test_an_endpoint_that_cannot_be_resolved(self):
        settings = config("127.0.0.1:1", "no-such-host.invalid:80")
        self.refused(settings, "/clusters/app/endpoints/1", "no-such-host.invalid")

    def test_too_few_descriptors(self):
        def few():
            resource.setrlimit(resource.RLIMIT_NOFILE, (60, 60))

        self.refused(config("127.0.0.1:1"), "/limits/connections", "RLIMIT_NOFILE", preexec_fn=few)

    def test_more_connections_than_descriptors(self):
        def few():
            resource.setrlimit(resource.RLIMIT_NOFILE, (1000, 1000))

        settings = config("127.0.0.1:1", limits={"connections": 5000})
        self.refused(settings, "/limits/connections", "5000", "RLIMIT_NOFILE", preexec_fn=few)

    def test_an_access_log_that_cannot_be_written(self):
        settings = config("127.0.0.1:1", access_log={"path": "/no/such/folder/log"})
        self.refused(settings, "/access_log/path", "/no/such/folder/log")

    def test_a_missing_file(self):
        done = run_once("run", "/no/such/file.json")
        self.assertEqual(done.returncode, 78)
        self.assertEqual(len(done.err.splitlines()), 1, done.err)
        self.assertIn("/no/such/file.json", done.err)

    def test_a_free_port_serves_after_its_uvoy_has_ended(self):
        settings = config("127.0.0.1:1", routes=[{"respond": {"body": "hi"}}])
        for _ in range(2):
            with Uvoy(settings) as uvoy:
                self.assertEqual(uvoy.ask().body, b"hi")

    def test_a_unix_socket_is_listened_on_and_removed_or_taken_over(self):
        with tempfile.TemporaryDirectory() as folder:
            address = f"{folder}/s"
            settings = config("127.0.0.1:1", routes=[{"respond": {"body": "hi"}}])
            settings["listeners"]["unix"] = {"address": f"unix:{address}"}
            for _ in range(2):
                with Uvoy(settings), socket.socket(socket.AF_UNIX) as client:
                    client.connect(address)
                    client.sendall(b"GET / HTTP/1.0\r\n\r\n")
                    self.assertTrue(client.recv(100).startswith(b"HTTP/1.1 200"))

    def test_socket_files_have_the_mode_that_they_should(self):
        with tempfile.TemporaryDirectory() as folder:
            settings = config("127.0.0.1:1", routes=[{"respond": {"body": "hi"}}])
            settings["listeners"]["unix"] = {"address": f"unix:{folder}/web", "mode": "0666"}
            settings["admin"] = {"address": f"unix:{folder}/admin"}
            with AskedByCommand(settings, umask=0o077) as uvoy:
                self.assertEqual(modes(folder), {"web": 0o666, "admin": 0o600})
                settings["listeners"]["unix"]["mode"] = "0660"
                settings["admin"]["mode"] = "0640"
                uvoy.path.write_text(json.dumps(settings))
                self.assertEqual(uvoy.ctl("reload").returncode, 0)
                self.assertEqual(modes(folder), {"web": 0o660, "admin": 0o640})
            settings["admin"]["mode"] = "0660"
            with AskedByCommand(settings, umask=0):
                self.assertEqual(modes(folder), {"web": 0o660, "admin": 0o660})


class AskedByCommand(Uvoy):
    """Its admin address is a socket file."""

    @property
    def path(self):
        return self.process.args[-1]

    def ctl(self, *arguments):
        return run_once("ctl", "--config", self.path, *arguments)

    def is_ready(self):
        assert self.process.poll() is None, self.log()
        return self.ctl("status").returncode == 0


def modes(folder):
    return {path.name: path.stat().st_mode & 0o7777 for path in pathlib.Path(folder).iterdir()}


if __name__ == "__main__":
    harness.main()
