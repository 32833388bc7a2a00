"""The processes of a chaos run: endpoints that are done things to, clients, the real uvoy."""

import contextlib
import json
import pathlib
import signal
import socket
import subprocess
import sys
import time

import harness

HERE = pathlib.Path(__file__).resolve().parent
CLIENTS = 2
FLOWS = 8
# Faults that an endpoint does to itself when it is told to.
ORDERED = {"refuse", "reset", "half", "cut", "unavailable", "slow", "drip"}


def python(script, *arguments, **options):
    return subprocess.Popen([sys.executable, HERE / script, *map(str, arguments)], **options)


class Endpoint:
    def __init__(self, number, folder):
        self.name = f"e{number}"
        self.port = harness.free_port()
        self.log = folder / f"{self.name}.log"
        self.process = None

    def start(self):
        self.process = python(
            "endpoint.py", self.name, self.port, self.log, stdin=subprocess.PIPE, text=True
        )

    def listens(self):
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()

    def order(self, fault, amount=0.0):
        self.process.stdin.write(json.dumps({"fault": fault, "amount": amount}) + "\n")
        self.process.stdin.flush()

    def begin(self, fault):
        if fault.kind in ORDERED:
            self.order(fault.kind, fault.amount)
        elif fault.kind == "stop":
            self.process.send_signal(signal.SIGSTOP)
        else:
            self.kill()

    def end(self, fault):
        if fault.kind in ORDERED:
            self.order(None)
        elif fault.kind == "stop":
            self.process.send_signal(signal.SIGCONT)
        else:
            self.start()


class World:
    """Everything that runs, in a folder of its own; leaving the context ends all of it."""

    def __init__(self, plan, count, folder):
        self.plan = plan
        self.folder = pathlib.Path(folder)
        self.endpoints = [Endpoint(i, self.folder) for i in range(count)]
        self.clients = []
        self.started = 0.0

    def __enter__(self):
        for endpoint in self.endpoints:
            endpoint.start()
        for endpoint in self.endpoints:
            harness.eventually(endpoint.listens, f"{endpoint.name} listens")
        return self

    def start_clients(self, port):
        self.started = time.monotonic()
        for i in range(CLIENTS):
            name = f"{self.plan.seed}-{i}"
            until = self.started + self.plan.seconds
            log = self.folder / f"client-{i}.log"
            self.clients.append(python("client.py", port, name, FLOWS, until, log))

    def play(self):
        """Does what the plan says, and waits for the clients' end."""
        deeds = [(f.begin, "begin", f) for f in self.plan.faults]
        deeds += [(f.end, "end", f) for f in self.plan.faults]
        # Two seconds before its predecessor leaves, an anchor must be back.
        anchors = self.plan.anchors
        deeds += [(old.end - 2, "look", new) for old, new in zip(anchors, anchors[1:])]
        for at, what, which in sorted(deeds, key=lambda deed: deed[0]):
            time.sleep(max(0.0, self.started + at - time.monotonic()))
            endpoint = self.endpoints[which.endpoint]
            if what == "look":
                if not endpoint.listens():
                    raise RuntimeError(f"this machine is too slow: {endpoint.name} is not back")
            else:
                getattr(endpoint, what)(which)
        for client in self.clients:
            client.wait()
            if client.returncode:
                raise RuntimeError(f"a client ended with {client.returncode}")

    def noted(self, what):
        """The ids that endpoints noted, with the names of those who did."""
        found = {}
        for endpoint in self.endpoints:
            for line in endpoint.log.read_text().splitlines():
                word, _, ident = line.partition(" ")
                if word == what:
                    found.setdefault(ident, []).append(endpoint.name)
        return found

    def records(self):
        for i in range(len(self.clients)):
            with open(self.folder / f"client-{i}.log") as file:
                yield from map(json.loads, file)

    def __exit__(self, *_):
        for client in self.clients:
            client.kill()
            client.wait()
        for endpoint in self.endpoints:
            endpoint.kill()
