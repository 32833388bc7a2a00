#!/usr/bin/env python3
"""Shows how the cost of a request grows with what is configured and connected, as Markdown tables.

    growth.py UVOY RELAY [routes|endpoints|connections|workers|reuse|observed|series]...

Routes and endpoints: instructions of user space a request (callgrind; see instructions.py).
Connections and workers: CPU time of the process a request, in rounds in turn, as a ratio to the
smallest; connections also to the relay, for the kernel's own cost grows with them as well.
Reuse: what share of requests goes over a connection that has served another one, when each worker
keeps connections of its own and the origin is new to all.
Observed: the same for a JSON access log and for a scrape each second, as a ratio to neither.
Series: how long a scrape takes, and what one each 100 ms does to the latency of requests, all of it
on one CPU with the worker.
"""

import contextlib
import http.client
import json
import pathlib
import resource
import statistics
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
import instructions  # noqa: E402
import measures  # noqa: E402
import peers  # noqa: E402
from scenarios import Scenario  # noqa: E402

ROUNDS = 9
SECONDS = 2
# Short ones, for what is looked for is less than the machine moves meanwhile.
OBSERVED_ROUNDS = 21
SCRAPE_INTERVAL = 0.1
RATE = 3000
# So few that they seldom wait for each other: then a scrape that holds them up shows.
FEW = Scenario(8)
FEW_RATE = 1000


class Bench(peers.Bench):
    """One uvoy at a time, whose configuration is changed by `self.change`."""

    def change(self, config):
        """Replaced by each measurement."""

    def command(self, name, port):
        if name == "relay":
            return super().command(name, port)
        config = {
            "workers": 1,
            "listeners": {"web": {"address": f"127.0.0.1:{port}"}},
            "clusters": {"app": {"endpoints": [f"127.0.0.1:{self.origin_port}"]}},
            "admin": {"address": f"127.0.0.1:{peers.free_port()}"},
        }
        self.change(config)
        return [self.programs["uvoy"], "run", self.write("uvoy.json", json.dumps(config))]

    def admin_port(self):
        config = json.loads((self.directory / "uvoy.json").read_text())
        return int(config["admin"]["address"].rpartition(":")[2])


def print_table(head, rows):
    print("| " + " | ".join(head) + " |")
    print("|" + "--:|" * len(head))
    for row in rows:
        print("| " + " | ".join(map(str, row)) + " |")
    print(flush=True)


def counted(bench, what, sizes, change):
    rows = []
    for size in sizes:
        bench.change = lambda config, size=size: change(config, size)
        rows.append([f"{size:,}", f"{instructions.count(bench, 'small')[0]:,.0f}"])
    print_table([what, "instructions a request"], rows)


def routes(bench):
    def change(config, size):
        config["routes"] = [
            {"match": {"path": f"/{i}/"}, "cluster": "app"} for i in range(size - 1)
        ]
        config["routes"].append({"cluster": "app"})

    counted(bench, "routes", [10, 100, 1000, 10_000], change)


def endpoints(bench):
    def change(config, size):
        # All of them are the origin, which listens on many addresses of the loopback network.
        addresses = [f"{peers.loopback(i)}:{bench.origin_port}" for i in range(size)]
        config["clusters"]["app"] = {"endpoints": addresses, "health_check": {"type": "none"}}

    counted(bench, "endpoints", [1, 10, 100, 1000], change)


def cpu(bench, proxies, scenarios):
    """CPU time a request, a list by round, for each proxy and scenario."""
    taken = {}
    for number in range(ROUNDS):
        # Whoever goes first is another one each round.
        turn = number % len(proxies)
        in_turn = proxies[turn:] + proxies[:turn]
        for key in [(proxy, scenario) for scenario in scenarios for proxy in in_turn]:
            result = measures.saturate(bench, key[0], key[1], SECONDS)
            taken.setdefault(key, []).append(result["cpu_us"])
    return taken


def ratio(ones, others):
    return f"{statistics.median(a / b for a, b in zip(ones, others)):.2f}"


def connections(bench):
    # By default a cluster takes no more than so many at once.
    bench.change = lambda config: config["clusters"]["app"].update(
        limits={name: bench.nofile for name in ("connections", "requests", "pending")}
    )
    relay, uvoy = bench.start_proxy("relay"), bench.start_proxy("uvoy")
    scenarios = [Scenario(count) for count in (64, 1000, 4000)]
    taken = cpu(bench, [relay, uvoy], scenarios)
    first = scenarios[0]
    print_table(
        ["connections", "uvoy, x 64", "relay, x 64", "uvoy / relay"],
        [
            [
                f"{scenario.connections:,}",
                ratio(taken[uvoy, scenario], taken[uvoy, first]),
                ratio(taken[relay, scenario], taken[relay, first]),
                ratio(taken[uvoy, scenario], taken[relay, scenario]),
            ]
            for scenario in scenarios
        ],
    )


def workers(bench):
    proxies = []
    for count in (1, 2, 4, 8):
        bench.change = lambda config, count=count: config.update(workers=count)
        proxies.append((count, bench.start_proxy("uvoy")))
    scenario = Scenario(256)
    taken = cpu(bench, [proxy for _, proxy in proxies], [scenario])
    one = taken[proxies[0][1], scenario]
    print_table(
        ["workers", "CPU a request, x 1"],
        [[count, ratio(taken[proxy, scenario], one)] for count, proxy in proxies],
    )


def reuse(bench):
    rows = []
    for count in (1, 8):
        for rate in (100, RATE):
            bench.change = lambda config, count=count: config.update(workers=count)
            proxy = bench.start_proxy("uvoy")
            port = bench.admin_port()
            times = measures.at_rate(bench, proxy, Scenario(64), 5, rate)
            told = dict(
                line.rsplit(" ", 1)
                for line in metrics(port).decode().splitlines() if not line.startswith("#")
            )
            proxy.stop()
            opened = int(told['uvoy_upstream_connects_total{cluster="app",result="ok"}'])
            reused = int(told['uvoy_upstream_reuses_total{cluster="app"}'])
            # Health checks have connections of their own, which nobody counts here.
            rows.append([
                count, f"{rate:,}", opened, f"{reused / (reused + opened):.1%}",
                f"{times['p50_us'] / 1000:.2f}", f"{times['p99_us'] / 1000:.2f}",
            ])
    print_table(
        ["workers", "requests/s", "connections opened", "reused", "p50, ms", "p99, ms"], rows
    )


def observed(bench):
    log = bench.directory / "access.log"
    logged = {"access_log": {"path": str(log), "format": "json"}}
    proxies, admin_ports = {}, {}
    for name, more in {"neither": {}, "access log": logged, "scraped": {}}.items():
        bench.change = lambda config, more=more: config.update(more)
        proxies[name] = bench.start_proxy("uvoy")
        admin_ports[name] = bench.admin_port()
    scenario, taken = Scenario(64), {name: [] for name in proxies}
    for number in range(OBSERVED_ROUNDS):
        names = [*proxies]
        turn = number % len(names)  # as in cpu()
        for name in names[turn:] + names[:turn]:
            with scraping(admin_ports[name], 1) if name == "scraped" else contextlib.nullcontext():
                result = measures.saturate(bench, proxies[name], scenario, 1)
            taken[name].append(result["cpu_us"])
        if not log.stat().st_size:
            raise RuntimeError("nothing was logged")
        log.write_text("")
    print_table(
        ["observed", "CPU a request, x neither"],
        [[name, ratio(taken[name], taken["neither"])] for name in proxies],
    )


def metrics(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read()
    connection.close()
    return text


def scrape(port):
    """How long it took."""
    began = time.monotonic()
    metrics(port)
    return time.monotonic() - began


def count_series(port):
    return sum(not line.startswith(b"#") for line in metrics(port).splitlines())


@contextlib.contextmanager
def scraping(port, interval):
    """A scrape each `interval` seconds; the times that they took, in a list."""
    over = threading.Event()
    scrapes = []

    def again_and_again():
        while not over.wait(interval):
            scrapes.append(scrape(port))

    scraper = threading.Thread(target=again_and_again)
    scraper.start()
    try:
        yield scrapes
    finally:
        over.set()
        scraper.join()


def series(bench):
    rows = []
    for size in (1, 30, 300):
        # Every endpoint has some seventy series.
        def change(config, size=size):
            config["routes"] = [{"cluster": "app"}]
            for i in range(size):
                config["clusters"][f"other{i}"] = {
                    "endpoints": [f"{peers.loopback(i)}:{bench.origin_port}"],
                    "health_check": {"type": "none"},
                }

        bench.change = change
        proxy = bench.start_proxy("uvoy")
        port = bench.admin_port()
        count = count_series(port)
        quiet, scraped, scrapes = [], [], []
        for _ in range(ROUNDS):
            quiet.append(measures.at_rate(bench, proxy, FEW, SECONDS, FEW_RATE))
            with scraping(port, SCRAPE_INTERVAL) as times:
                scraped.append(measures.at_rate(bench, proxy, FEW, SECONDS, FEW_RATE))
            scrapes += times
        proxy.stop()
        before, after = ([each["p999_us"] / 1000 for each in some] for some in (quiet, scraped))
        rows.append([
            f"{count:,}",
            f"{statistics.median(scrapes) * 1000:.1f}",
            f"{statistics.median(before):.1f}",
            f"{statistics.median(after):.1f}",
            f"{statistics.median(b - a for a, b in zip(before, after)):+.1f}",
        ])
    print_table(
        ["series", "scrape, ms", "p99.9, ms", "p99.9 while scraped, ms", "moved by, ms"], rows
    )


KINDS = {
    kind.__name__: kind
    for kind in (routes, endpoints, connections, workers, reuse, observed, series)
}


def main():
    uvoy, relay, *kinds = sys.argv[1:]
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    programs = {"uvoy": pathlib.Path(uvoy).resolve(), "relay": pathlib.Path(relay).resolve()}
    for kind in kinds or KINDS:
        with tempfile.TemporaryDirectory(prefix="uvoy-growth-") as directory:
            pathlib.Path(directory).chmod(0o755)
            bench = Bench(directory, programs, *peers.two_cpus(), min(hard, 65536))
            try:
                bench.start_origin(addresses=1000 if kind == "endpoints" else 300)
                KINDS[kind](bench)
            finally:
                bench.stop()


if __name__ == "__main__":
    main()
