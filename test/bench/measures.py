"""What is measured of a proxy under one load: CPU time, latency, system calls, memory."""

import json
import pathlib
import re
import resource
import signal
import socket
import subprocess
import time

HERE = pathlib.Path(__file__).resolve().parent
# Those that move bytes or wait for them. What accepts, closes and keeps time is not counted.
IO_CALLS = re.compile(r"^(read|write|recv|send|epoll|poll|splice|accept)")
# Let go before the time of a run begins to count.
WARM_UP_SECONDS = 1
SETTLE_SECONDS = 1.0


def run(command, **options):
    return subprocess.run(
        list(map(str, command)),
        capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL, **options,
    ).stdout


def saturate(bench, proxy, scenario, seconds):
    """Runs wrk once, as fast as it goes; what it counted, and the proxy's CPU time a request."""
    command = ["taskset", "-c", bench.load_cpu, "wrk", "-t1", f"-c{scenario.connections}"]
    command += [f"-d{seconds}s", "-s", HERE / "count.lua"]
    for header in scenario.headers:
        command += ["-H", header]
    before = proxy.cpu_seconds()
    out = run([*command, f"http://127.0.0.1:{proxy.port}{scenario.path}"])
    spent = proxy.cpu_seconds() - before
    result = json.loads(out.rstrip().splitlines()[-1])
    if result["requests"] == 0 or result["errors"] or result["not_2xx"]:
        raise RuntimeError(f"{proxy.name}: not every answer was right: {result}")
    return {**result, "cpu_us": spent / result["requests"] * 1e6}


def percentile(ordered, share):
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def at_rate(bench, proxy, scenario, seconds, rate):
    """h2load asks at a fixed rate, as long as fewer requests wait than it has connections."""
    log = bench.directory / "h2load.log"
    log.unlink(missing_ok=True)
    clients = scenario.connections
    command = ["taskset", "-c", bench.load_cpu, "h2load", "--h1", "-t1", f"-c{clients}"]
    command += [f"--rps={rate / clients:.3f}", f"--duration={seconds}"]
    command += [f"--log-file={log}", f"--warm-up-time={WARM_UP_SECONDS}"]
    for header in scenario.headers:
        command += ["-H", header]
    run([*command, f"http://127.0.0.1:{proxy.port}{scenario.path}"])
    # A line a request: start (microseconds of the epoch), status, time to its end (microseconds).
    lines = [line.split("\t") for line in log.read_text().splitlines()]
    if wrong := [status for _, status, _ in lines if status != "200"]:
        raise RuntimeError(f"{proxy.name}: {len(wrong)} answers were not right, one was {wrong[0]}")
    times = sorted(int(taken) for _, _, taken in lines)
    shares = {"p50_us": 0.5, "p99_us": 0.99, "p999_us": 0.999}
    latencies = {name: percentile(times, share) for name, share in shares.items()}
    return {"rate": rate, "answered": len(lines) / seconds, **latencies}


def open_loop(bench, proxy, connections, seconds, rate):
    """Asks for /small at a fixed rate, whatever the answers do; pace.cc is the origin, too."""
    command = ["taskset", "-c", bench.load_cpu, bench.programs["pace"], bench.origin_port]
    command += [proxy.port, connections, round(rate), WARM_UP_SECONDS, seconds]
    result = json.loads(run(command))
    # Up to the last answer, which comes late from who cannot keep up.
    return {"rate": rate, "answered": result.pop("requests") / result.pop("seconds"), **result}


def system_calls(bench, proxy, scenario, seconds):
    """Those that move bytes or wait for them, a request. strace slows it down: a run of its own."""
    tables = [bench.directory / f"strace.{pid}" for pid in proxy.pids()]
    tracers = [
        subprocess.Popen(
            ["strace", "-f", "-c", "-p", str(pid), "-o", table], stderr=subprocess.DEVNULL
        )
        for pid, table in zip(proxy.pids(), tables)
    ]
    time.sleep(SETTLE_SECONDS)
    requests = saturate(bench, proxy, scenario, seconds)["requests"]
    for tracer in tracers:
        tracer.send_signal(signal.SIGINT)
        tracer.wait(10)
    calls = 0
    for table in tables:
        for line in table.read_text().splitlines():
            words = line.split()
            if len(words) >= 5 and words[3].isdigit() and IO_CALLS.match(words[-1]):
                calls += int(words[3])
    return {"io_calls": calls / requests}


def idle_memory(bench, proxy, connections):
    """Resident memory a connection that has had one answer and now waits for the next request."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    count = min(connections, limit // 2 - 500)
    request = b"GET /small HTTP/1.1\r\nHost: idle\r\n\r\n"
    sockets = []

    def ask():
        sockets.append(socket.create_connection(("127.0.0.1", proxy.port), 10))
        sockets[-1].sendall(request)
        if not sockets[-1].recv(4096).startswith(b"HTTP/1.1 200 "):
            raise RuntimeError(f"{proxy.name}: a wrong answer on connection {len(sockets)}")

    try:
        # What the first ones cost is not a connection's.
        for _ in range(200):
            ask()
        before = proxy.resident_bytes()
        for _ in range(count):
            ask()
        time.sleep(SETTLE_SECONDS)
        return {"bytes": (proxy.resident_bytes() - before) / count, "connections": count}
    finally:
        for each in sockets:
            each.close()
