#!/usr/bin/env python3
"""Counts the instructions of user space that a request costs, and compares with the last count;
and that a request on a connection that is kept allocates nothing.

    instructions.py UVOY [--write]

callgrind counts the same on every machine and however busy it is, so a change of a percent is a
change of the code. It counts the worker's thread: what others do, they do by the clock. Two runs
differ in the number of requests only; so what starting costs cancels out. Fails if a figure is more
than 5 % above that of instructions.json; --write puts the new ones there, for a commit that says
why.
"""

import dataclasses
import json
import pathlib
import re
import resource
import signal
import socket
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import peers  # noqa: E402
from scenarios import HEADERS_2K  # noqa: E402

FIGURES = pathlib.Path(__file__).resolve().with_name("instructions.json")
TOLERANCE = 0.05
AGAIN = 2
# What no other thread runs.
OF_THE_WORKER = "uvoy::proxy::Session::on_bytes"
REQUESTS = (50, 450)
PATIENCE = 60
ALLOCATES = re.compile(r"(malloc|calloc|realloc|memalign|aligned_alloc|posix_memalign)\b")


@dataclasses.dataclass(frozen=True)
class Case:
    path: str = "/small"
    headers: tuple = ()
    kept: bool = True  # one connection for all requests, or one for each


CASES = {
    "small": Case(),
    "headers-2k": Case(headers=tuple(HEADERS_2K)),
    "body-64k": Case("/64k"),
    "close": Case(headers=("connection: close",), kept=False),
}


class Counted(peers.Process):
    """uvoy under callgrind."""

    def __init__(self, bench, port):
        self.out = bench.directory / f"callgrind.{port}"
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={self.out}"]
        command += ["--separate-threads=yes"]
        command += bench.command("uvoy", port)
        super().__init__("uvoy", command, bench.proxy_cpu, bench.directory / "uvoy.out")
        self.wait_until_open(port, PATIENCE)

    def end(self):
        """Ends it and returns how many instructions its worker took, and how many allocations."""
        self.child.send_signal(signal.SIGTERM)
        if self.child.wait(PATIENCE) != 0:
            raise RuntimeError(f"uvoy failed:\n{pathlib.Path(self.log).read_text()}")
        profiles = [each.read_text() for each in self.out.parent.glob(f"{self.out.name}-*")]
        (profile,) = (each for each in profiles if OF_THE_WORKER in each)
        instructions = int(re.search(r"^(?:totals|summary): (\d+)", profile, re.M)[1])
        return instructions, allocations(profile)


def allocations(profile):
    """Calls of malloc() and the like. A line "cfn=(NUMBER) NAME", the name only the first time,
    says whom the next line "calls=COUNT ..." is about."""
    names, called, total = {}, "", 0
    for line in profile.splitlines():
        if match := re.match(r"c?fn=\((\d+)\)(?: (.*))?", line):
            name = names.setdefault(match[1], match[2])
            if line.startswith("cfn"):
                called = name
        elif line.startswith("calls=") and ALLOCATES.match(called):
            total += int(line[len("calls="):].split()[0])
    return total


def ask_on(client, case, request):
    body = peers.body_of(case.path)
    client.sendall(request)
    answer = b""
    while len(answer.partition(b"\r\n\r\n")[2]) < len(body):
        if not (piece := client.recv(1 << 17)):
            raise RuntimeError(f"no whole answer: {answer[:200]}")
        answer += piece
    if not answer.startswith(b"HTTP/1.1 200 ") or not answer.endswith(body):
        raise RuntimeError(f"a wrong answer: {answer[:200]}")


def ask(port, case, count):
    fields = "".join(f"{line}\r\n" for line in case.headers)
    request = f"GET {case.path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{fields}\r\n".encode()
    for _ in range(1 if case.kept else count):
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as client:
            for _ in range(count if case.kept else 1):
                ask_on(client, case, request)


def count(bench, name):
    """Instructions and allocations a request."""
    totals = []
    for requests in REQUESTS:
        port = peers.free_port()
        uvoy = Counted(bench, port)
        bench.running.append(uvoy)
        ask(port, CASES[name], requests)
        totals.append(uvoy.end())
    first, last = totals
    return [(b - a) / (REQUESTS[1] - REQUESTS[0]) for a, b in zip(first, last)]


def count_again_if_above(bench, name, before):
    """The lowest of a few counts, if the first is too high: some things the worker, too, does once
    a second, and no request is to blame for them."""
    lowest = count(bench, name)
    for _ in range(AGAIN):
        if before is None or lowest[0] <= before * (1 + TOLERANCE):
            break
        lowest = min(lowest, count(bench, name))
    return lowest


def judge_allocations(case, figure):
    print(f"{case}: {figure:.2f} allocations a request")
    return not CASES[case].kept or figure < 0.5


def judge(case, figure, before):
    if before is None:
        print(f"{case}: {figure} instructions a request, and instructions.json has no figure")
        return False
    change = figure / before - 1
    print(f"{case}: {figure} instructions a request, {change:+.1%} since {before}")
    if change < -TOLERANCE:
        print("  less than before: write it down (--write)")
    return change <= TOLERANCE


def main():
    uvoy = pathlib.Path(sys.argv[1]).resolve()
    before = json.loads(FIGURES.read_text())
    nofile = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with tempfile.TemporaryDirectory(prefix="uvoy-instructions-") as directory:
        pathlib.Path(directory).chmod(0o755)
        bench = peers.Bench(directory, {"uvoy": uvoy}, *peers.two_cpus(), min(nofile, 65536))
        try:
            bench.start_origin()
            counted = {
                case: count_again_if_above(bench, case, before.get(case)) for case in CASES
            }
        finally:
            bench.stop()
    figures = {case: round(instructions) for case, (instructions, _) in counted.items()}
    if "--write" in sys.argv[2:]:
        FIGURES.write_text(json.dumps(figures, indent=4) + "\n")
        before = figures
    good = [judge(case, figure, before.get(case)) for case, figure in figures.items()]
    good += [judge_allocations(case, figure) for case, (_, figure) in counted.items()]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
