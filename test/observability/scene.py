"""A proxy that has seen all that its dashboards show: traffic of every kind, an endpoint that dies
and one that comes back, refusals, retries, a cluster without anybody and one that DNS tells. A
second instance is out of memory."""

import contextlib
import pathlib
import tempfile
import threading
import time
import typing

import harness
import wire
from harness import Uvoy, config
from nameserver import Nameserver
from origin import Origin, answer, echo
from prometheus import Prometheus

NAME = "api.internal"
CLIENTS = 3
SCRAPES = 3  # between any two events, so that rates see each of them
# Each is asked for again and again. So many paths are some of every endpoint's.
REQUESTS = [
    *(("GET", f"/{number}") for number in range(30)),
    ("POST", "/form"),
    ("GET", "/fails"),
    ("GET", "/refused"),
    ("GET", "/trial"),
    ("GET", "/here"),
    ("GET", "/dead"),
    ("GET", "/named"),
]


def endpoint(origin, request, peer):
    if "/fails" in request.start:
        # Whatever comes next needs another connection.
        peer.send(answer(status="503 Service Unavailable", fields=[("Connection", "close")]))
        peer.close()
    else:
        echo(origin, request, peer)


def settings(origins, nameserver, port, log):
    def route(path, **more):
        return {"name": path[1:], "match": {"path": path}, **more}

    base = config(
        *origins,
        cluster={"outlier_detection": {"eject": "1s"}},
        rate_limits={
            "strict": {"rate": "2/s", "burst": 1, "key": ["client_ip"]},
            "trial": {"rate": "2/s", "burst": 1, "key": ["client_ip"], "dry_run": True},
        },
        routes=[
            route("/refused", cluster="app", rate_limits=["strict"]),
            route("/trial", cluster="app", rate_limits=["trial"]),
            route("/here", respond={"body": "here"}),
            route("/dead", cluster="dead"),
            route("/named", cluster="named"),
            {"name": "rest", "cluster": "app"},
        ],
        access_log={"path": str(log)},
    )
    base["clusters"]["dead"] = {
        "endpoints": [f"127.0.0.1:{harness.free_port()}"],
        "health_check": {"interval": "200ms"},
    }
    base["clusters"]["named"] = {
        "discovery": {"dns": f"{NAME}:{port}", "server": nameserver.address, "refresh": "1s"}
    }
    return base


class Scene(contextlib.ExitStack):
    """Until it is left, clients ask without a pause to speak of."""

    def __init__(self, log):
        super().__init__()
        self.origins = [self.enter_context(Origin(endpoint, name)) for name in "abc"]
        self.named = self.enter_context(Origin(endpoint, "named"))
        nameserver = self.enter_context(Nameserver({NAME: ["127.0.0.1"]}))
        self.uvoy = self.enter_context(
            Uvoy(settings(self.origins, nameserver, self.named.port, log))
        )
        full = config(
            self.named,
            limits={"memory": "16MiB"},
            rate_limits={"large": {"rate": "1/s", "table": 4 << 20}},  # of 8 bytes each
        )
        self.full = self.enter_context(Uvoy(full))
        self.over = threading.Event()
        self.statuses = {"GET": set(), "POST": set()}
        threads = [threading.Thread(target=self.ask, args=[i]) for i in range(CLIENTS)]
        threads.append(threading.Thread(target=self.ask_in_vain))
        for thread in threads:
            thread.start()
            self.callback(thread.join)
        self.callback(self.over.set)

    def ask(self, number):
        while not self.over.is_set():
            with contextlib.suppress(OSError, wire.Truncated), self.uvoy.connect() as client:
                for method, path in REQUESTS:
                    client.send(wire.head(method, path, [("Content-Length", "0")]))
                    self.statuses[method].add(client.response().status)
                    time.sleep(0.002)

    def ask_in_vain(self):
        while not self.over.wait(0.05):
            with contextlib.suppress(OSError, wire.Truncated):
                self.full.ask("/")

    def play(self, wait):
        """One endpoint dies, another one is away for a while; `wait` lets some time pass."""
        dies, leaves, _ = self.origins
        wait()
        dies.kill()
        leaves.kill()
        self.uvoy.wait_for(leaves, "unhealthy")
        wait()
        leaves.start()
        self.uvoy.wait_for(leaves, "healthy")
        wait()


class Watched(typing.NamedTuple):
    scene: Scene
    prometheus: Prometheus
    start: float  # seconds since the epoch, of the play
    end: float


@contextlib.contextmanager
def watched(hold=None):
    """A scene that was played before the eyes of a Prometheus; see there for `hold`."""
    with tempfile.TemporaryDirectory(prefix="uvoy-scene-") as folder:
        with Scene(pathlib.Path(folder) / "access.log") as scene:
            targets = [f"localhost:{uvoy.admin_port}" for uvoy in (scene.uvoy, scene.full)]
            with Prometheus(*targets, hold=hold) as prometheus:
                prometheus.wait_for_scrapes(1)  # it takes seconds to begin
                start = time.time()
                scene.play(lambda: prometheus.wait_for_scrapes(SCRAPES))
                yield Watched(scene, prometheus, start, time.time())
