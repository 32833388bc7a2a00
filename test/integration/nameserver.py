"""A real DNS server (dnsmasq) for names below `internal`, whose records change as a test says."""

import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile

import harness

DNSMASQ = shutil.which("dnsmasq") or shutil.which("dnsmasq", path="/usr/sbin")


class Nameserver:
    """`hosts` are names and their addresses; `services` are dnsmasq's words of SRV records."""

    def __init__(self, hosts, services=(), starts=True, ip="127.0.0.1", port=None):
        self.folder = tempfile.TemporaryDirectory(prefix="uvoy-dns-")
        os.chmod(self.folder.name, 0o755)
        self.file = pathlib.Path(self.folder.name) / "hosts"
        self.ip = ip
        self.port = port or harness.free_port()
        self.process = None
        self.write(hosts)
        if starts:
            self.start(services)

    @property
    def address(self):
        return f"{self.ip}:{self.port}"

    def write(self, hosts):
        lines = [f"{ip} {name}\n" for name, addresses in hosts.items() for ip in addresses]
        fresh = self.file.with_suffix(".new")
        fresh.write_text("".join(lines))
        fresh.chmod(0o644)
        fresh.rename(self.file)

    def set(self, hosts):
        self.write(hosts)
        self.process.send_signal(signal.SIGHUP)

    def start(self, services=()):
        command = [DNSMASQ, "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv"]
        command += ["--no-hosts", f"--addn-hosts={self.file}", "--local=/internal/"]
        command += [f"--port={self.port}", f"--listen-address={self.ip}", "--bind-interfaces"]
        command += ["--local-ttl=1", "--pid-file=", f"--user={pwd.getpwuid(os.getuid()).pw_name}"]
        command += [f"--srv-host={service}" for service in services]
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        harness.eventually(self.answers, "dnsmasq answers")

    def answers(self):
        assert self.process.poll() is None, f"dnsmasq ended with {self.process.returncode}"
        query = b"\0\1\1\0\0\1\0\0\0\0\0\0\4none\x08internal\0\0\1\0\1"
        with socket.socket(type=socket.SOCK_DGRAM) as asking:
            asking.settimeout(0.2)
            try:
                asking.sendto(query, (self.ip, self.port))
                return asking.recv(512)
            except OSError:
                return None

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
        self.folder.cleanup()
