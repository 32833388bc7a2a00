"""An origin that records every byte, and clients, on one thread: nothing happens between two steps
of a case but what a test lets happen."""

import contextlib
import selectors
import socket
import time

import strict

CHECKS = "uvoy-health-check"


class Peer:
    """One connection of either side."""

    def __init__(self, stage, sock):
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.stage = stage
        self.sock = sock
        self.buffer = b""
        self.received = 0
        self.ended = False
        self.reset = False
        stage.selector.register(sock, selectors.EVENT_READ, self)

    def readable(self):
        if self.ended:
            return  # by an event before this one
        try:
            data = self.sock.recv(1 << 18)
        except BlockingIOError:
            return
        except OSError:
            data, self.reset = b"", True
        self.buffer += data
        self.received += len(data)
        if data:
            self.on_bytes()
        else:
            self.ended = True
            self.stage.selector.unregister(self.sock)
            self.on_end()

    def on_bytes(self):
        pass

    def on_end(self):
        pass

    def send(self, data):
        """False if the other side does not want it any more."""
        while data:
            try:
                data = data[self.sock.send(data) :]
            except BlockingIOError:
                self.stage.turn(0.001)
            except OSError:
                return False
        return True

    def shut(self):
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_WR)

    def close(self):
        if not self.ended:
            self.stage.selector.unregister(self.sock)
            self.ended = True
        self.sock.close()


class Client(Peer):
    def __init__(self, stage, port):
        super().__init__(stage, socket.create_connection(("127.0.0.1", port), timeout=10))
        self.left = b""

    def responses(self, *methods):
        """All that are complete, with the interim ones before each: [(interim, response)]. The
        rest stays in `left`. Raises strict.Broken."""
        data, found, interim = self.buffer, [], []
        for method in methods:
            while data:
                read = strict.read_response(data, method, self.ended and not self.reset)
                if read is None:
                    break
                message, size = read
                data = data[size:]
                if message.status >= 200 or message.status == 101:
                    found.append((interim, message))
                    interim = []
                    break
                interim.append(message)
        self.left = data
        return found


class OriginPeer(Peer):
    """The origin's end of a connection from the proxy."""

    def on_bytes(self):
        while self.buffer and not self.stage.scripted(self):
            try:
                read = strict.read_request(self.buffer)
                if read is None:
                    self.encourage()
                    return
                message, size = read
            except strict.Broken as error:
                self.stage.broken.append(f"{error} in {self.buffer[:300]!r}")
                self.buffer = b""
                self.stop()
                return
            self.buffer = self.buffer[size:]
            self.stage.arrive(self, message)

    def encourage(self):
        """Whoever expects 100 (Continue) gets it with the head."""
        head = strict.head_of(self.buffer)
        if head and b"\nexpect: 100-continue\r\n" in self.buffer[: head[2]].lower():
            if not getattr(self, "encouraged", False):
                self.encouraged = True
                self.send(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_end(self):
        self.stage.partial += self.buffer
        self.sock.close()

    def stop(self):
        if not self.ended:
            self.close()


class Stage:
    def __init__(self):
        self.selector = selectors.DefaultSelector()
        self.listening = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.listening.setblocking(False)
        self.port = self.listening.getsockname()[1]
        self.selector.register(self.listening, selectors.EVENT_READ, None)
        self.serial = 0
        self.script = None  # of a response case: called with (peer, message), for its path
        self.peers = []
        self.forget()

    def forget(self):
        """What arrived, and what was wrong with it. The connections stay."""
        self.peers = [peer for peer in self.peers if not peer.ended]
        for peer in self.peers:
            peer.received = len(peer.buffer)
        self.arrived = []
        self.broken = []
        self.partial = b""

    @property
    def received(self):
        return sum(peer.received for peer in self.peers)

    def unfinished(self):
        """Bytes of requests that are not complete, of connections open or closed."""
        return self.partial + b"".join(peer.buffer for peer in self.peers if not peer.ended)

    def scripted(self, peer):
        return getattr(peer, "spent", False)

    def arrive(self, peer, message):
        if message.get("user-agent") == CHECKS:
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            return
        self.arrived.append(message)
        if self.script is not None and message.target.split("?")[0] in ("/case", "/ws/case"):
            self.script(peer, message)
            return
        self.serial += 1
        message.answer = b"%d %s" % (self.serial, message.start)
        body = b"" if message.method == "HEAD" else message.answer
        head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(message.answer)
        peer.send(head + body)

    def turn(self, patience=0.0):
        """Lets things happen; False if nothing did."""
        events = self.selector.select(patience)
        for key, _ in events:
            if key.data is not None:
                key.data.readable()
                continue
            with contextlib.suppress(OSError):
                self.peers.append(OriginPeer(self, self.listening.accept()[0]))
        return bool(events)

    def until(self, condition, patience):
        deadline = time.monotonic() + patience
        while not condition():
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            self.turn(min(left, 0.05))
        return True

    def settle(self):
        while self.turn(0):
            pass

    def pause(self, seconds):
        """So that what was sent is read before more is sent."""
        time.sleep(seconds)
        self.settle()

    def close(self):
        for key in list(self.selector.get_map().values()):
            key.fileobj.close()
        self.selector.close()
