"""Endpoints that do what a test tells them: a handler gets each request, on a thread of its own."""

import json
import socket
import threading
import time
import weakref

import wire


def answer(body=b"", status="200 OK", fields=()):
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in fields]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body


def echo(origin, request, peer):
    """Tells what arrived, as JSON."""
    peer.read_body(request)
    told = {
        "endpoint": origin.name,
        "start": request.start,
        "fields": request.fields,
        "body": request.body.decode("latin-1"),
        "trailers": request.trailers,
    }
    peer.send(answer(json.dumps(told).encode(), fields=[("Content-Type", "application/json")]))


def says(data):
    """A handler that sends these very bytes and closes."""

    def handler(_, request, peer):
        peer.read_body(request)
        peer.send(data)
        peer.close()

    return handler


def slow(seconds):
    def handler(origin, request, peer):
        time.sleep(seconds)
        echo(origin, request, peer)

    return handler


def bound(host, port=0):
    """A socket for listening; others may be bound to its address at the same time."""
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((host, port))
    return sock


class Origin:
    """Listens at once; `requests` and `peers` keep all that came, health checks left out."""

    def __init__(self, handler=echo, name="a", backlog=512, host="127.0.0.1", port=0):
        self.host = host
        self.handler = handler
        self.name = name
        self.backlog = backlog
        self.requests = []
        self.peers = []
        self.health_checks = 0
        self.health_status = "200 OK"
        self.lock = threading.Lock()
        self.listening = None
        # Keeps the port while this origin is dead: nobody else gets it, nor connects from it.
        self.held = bound(host, port)
        weakref.finalize(self, self.held.close)
        self.port = self.held.getsockname()[1]
        self.start()

    @property
    def address(self):
        return f"{self.host}:{self.port}"

    def start(self):
        """Also after kill(), at the same port."""
        self.listening = bound(self.host, self.port)
        self.listening.listen(self.backlog)
        threading.Thread(target=self.accept, args=[self.listening], daemon=True).start()

    def kill(self):
        """Closes the listening socket and all connections, as the end of a process does."""
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()
        with self.lock:
            peers, self.peers = self.peers, []
        for peer in peers:
            try:
                peer.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def accept(self, listening):
        while True:
            try:
                sock, _ = listening.accept()
            except OSError:
                return
            self.take(sock)

    def take(self, sock):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        peer = wire.Wire(sock)
        with self.lock:
            self.peers.append(peer)
        threading.Thread(target=self.serve, args=[peer], daemon=True).start()

    def serve(self, peer):
        try:
            while (request := peer.request()) is not None:
                if request.get("user-agent") == "uvoy-health-check":
                    self.health_checks += 1
                    peer.received.clear()
                    peer.send(answer(status=self.health_status))
                    continue
                with self.lock:
                    self.requests.append(request)
                self.handler(self, request, peer)
        except (OSError, ValueError, wire.Truncated):
            pass
        finally:
            peer.close()

    def received(self):
        """Every byte that is not of a health check."""
        with self.lock:
            return b"".join(bytes(peer.received) for peer in self.peers)

    def forget(self):
        """What was received and asked so far."""
        with self.lock:
            self.requests.clear()
            for peer in self.peers:
                peer.received.clear()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.kill()
        except OSError:
            pass


class Deaf:
    """Listens and accepts nobody: its backlog is full, so further SYNs are dropped."""

    def __init__(self):
        self.listening = socket.socket()
        self.listening.bind(("127.0.0.1", 0))
        self.listening.listen(0)
        address = self.listening.getsockname()
        self.address = "%s:%d" % address
        self.fillers = [socket.socket() for _ in range(8)]
        for filler in self.fillers:
            filler.setblocking(False)
            filler.connect_ex(address)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for sock in [self.listening, *self.fillers]:
            sock.close()
