#!/usr/bin/env python3
"""Counts the instructions of user space that a request costs, and compares with the last count.

    instructions.py UVOY [--write]

callgrind counts the same on every machine and however busy it is, so a change of a few percent is
a change of the code. Two runs differ in the number of requests only; so what starting costs cancels
out. Fails if a figure is more than 5 % above that of instructions.json; --write puts the new ones
there, for a commit that says why.
"""

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
REQUESTS = (50, 450)
PATIENCE = 60
CASES = {
    "small": ("/small", []),
    "headers-2k": ("/small", HEADERS_2K),
    "body-64k": ("/64k", []),
}


class Counted(peers.Process):
    """uvoy under callgrind."""

    def __init__(self, bench, port):
        self.out = bench.directory / "callgrind"
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={self.out}"]
        command += bench.command("uvoy", port)
        super().__init__("uvoy", command, bench.proxy_cpu, bench.directory / "uvoy.out")
        self.wait_until_open(port, PATIENCE)

    def end(self):
        """Ends it and returns how many instructions that took."""
        self.child.send_signal(signal.SIGTERM)
        if self.child.wait(PATIENCE) != 0:
            raise RuntimeError(f"uvoy failed:\n{pathlib.Path(self.log).read_text()}")
        return int(re.search(r"^(?:totals|summary): (\d+)", self.out.read_text(), re.M)[1])


def ask(port, path, headers, count):
    fields = "".join(f"{line}\r\n" for line in headers)
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{fields}\r\n".encode()
    body = peers.body_of(path)
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as client:
        for _ in range(count):
            client.sendall(request)
            answer = b""
            while len(answer.partition(b"\r\n\r\n")[2]) < len(body):
                if not (piece := client.recv(1 << 17)):
                    raise RuntimeError(f"no whole answer: {answer[:200]}")
                answer += piece
            if not answer.startswith(b"HTTP/1.1 200 ") or not answer.endswith(body):
                raise RuntimeError(f"a wrong answer: {answer[:200]}")


def count(bench, case):
    path, headers = CASES[case]
    totals = []
    for requests in REQUESTS:
        port = peers.free_port()
        uvoy = Counted(bench, port)
        bench.running.append(uvoy)
        ask(port, path, headers, requests)
        totals.append(uvoy.end())
    return round((totals[1] - totals[0]) / (REQUESTS[1] - REQUESTS[0]))


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
    nofile = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with tempfile.TemporaryDirectory(prefix="uvoy-instructions-") as directory:
        pathlib.Path(directory).chmod(0o755)
        bench = peers.Bench(directory, {"uvoy": uvoy}, *peers.two_cpus(), min(nofile, 65536))
        try:
            bench.start_origin()
            figures = {case: count(bench, case) for case in CASES}
        finally:
            bench.stop()
    if "--write" in sys.argv[2:]:
        FIGURES.write_text(json.dumps(figures, indent=4) + "\n")
    before = json.loads(FIGURES.read_text())
    good = [judge(case, figure, before.get(case)) for case, figure in figures.items()]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
