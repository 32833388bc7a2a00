"""An open-loop client, run as a program: steady.py PORT RATE SECONDS PATIENCE.

GET request i is due at i / RATE, whatever became of those before it, on an idle connection or on a
new one. Prints JSON when all are over: `sent`, `start`, and of each that was not answered by 200
within PATIENCE seconds [due, end, status], status 0 without an answer. Times are time.monotonic().
"""

import json
import select
import socket
import subprocess
import sys
import time


class Client:
    def __init__(self, port, rate, seconds, patience):
        self.port, self.rate, self.patience = int(port), rate, patience
        self.count = int(rate * seconds)
        self.poll = select.epoll()
        self.busy = {}  # descriptor: (socket, due, what came of the answer)
        self.idle = []
        self.failures = []

    def run(self):
        start = time.monotonic() + 0.05
        sent, looked = 0, start
        while sent < self.count or self.busy:
            now = time.monotonic()
            while sent < self.count and start + sent / self.rate <= now:
                self.send(sent, start + sent / self.rate)
                sent += 1
            for descriptor, _ in self.poll.poll(0.001):
                self.read(descriptor)
            if now > looked + 0.05:
                looked = now
                self.give_up(now)
        return {"sent": sent, "start": start, "failures": self.failures}

    def send(self, number, due):
        try:
            sock = self.idle.pop() if self.idle else self.connect()
        except OSError:
            self.failures.append((due, time.monotonic(), 0))
            return
        self.busy[sock.fileno()] = (sock, due, b"")
        try:
            sock.send(b"GET /%d HTTP/1.1\r\nHost: test\r\n\r\n" % number)
        except OSError:
            self.end(sock.fileno(), 0)

    def connect(self):
        sock = socket.create_connection(("127.0.0.1", self.port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setblocking(False)
        self.poll.register(sock.fileno(), select.EPOLLIN)
        return sock

    def read(self, descriptor):
        if descriptor not in self.busy:  # the proxy closed an idle one
            self.forget(next(sock for sock in self.idle if sock.fileno() == descriptor))
            return
        sock, due, answer = self.busy[descriptor]
        try:
            data = sock.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.end(descriptor, 0)
            return
        answer += data
        head, blank, body = answer.partition(b"\r\n\r\n")
        if not blank:
            self.busy[descriptor] = (sock, due, answer)
            return
        head = head.lower()
        length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
        if len(body) < int(length or 0):
            self.busy[descriptor] = (sock, due, answer)
            return
        status = int(head[9:12])
        if b"connection: close" in head or not length:
            self.end(descriptor, status)
            return
        del self.busy[descriptor]
        self.idle.append(sock)
        if status != 200:
            self.failures.append((due, time.monotonic(), status))

    def end(self, descriptor, status):
        sock, due, _ = self.busy.pop(descriptor)
        if status != 200:
            self.failures.append((due, time.monotonic(), status))
        self.poll.unregister(descriptor)
        sock.close()

    def forget(self, sock):
        self.idle.remove(sock)
        self.poll.unregister(sock.fileno())
        sock.close()

    def give_up(self, now):
        late = [fd for fd, (_, due, _) in self.busy.items() if now > due + self.patience]
        for descriptor in late:
            self.end(descriptor, 0)


class Steady:
    """The client as a process of its own, for tests."""

    def __init__(self, port, rate, seconds, patience=10):
        arguments = [sys.executable, __file__, *map(str, (port, rate, seconds, patience))]
        self.process = subprocess.Popen(arguments, stdout=subprocess.PIPE)

    def result(self):
        output, _ = self.process.communicate()
        assert self.process.returncode == 0
        return json.loads(output)


if __name__ == "__main__":
    print(json.dumps(Client(*map(float, sys.argv[1:])).run()))
