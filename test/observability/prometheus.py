"""A real Prometheus that scrapes quickly, with the rules of etc/prometheus."""

import contextlib
import json
import math
import pathlib
import re
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

import harness

PROMETHEUS = shutil.which("prometheus")
PROMTOOL = shutil.which("promtool")
ETC = pathlib.Path(__file__).resolve().parents[2] / "etc"
RULES = [ETC / "prometheus/recording.yml", ETC / "prometheus/alerts.yml"]
SCRAPE = 0.5  # seconds; the time-out of a scrape, too
HOLD = re.compile(r"(?<=^        for: ).*$", re.MULTILINE)


def ask(port, path, **parameters):
    """The `data` of an answer of Prometheus' API."""
    query = urllib.parse.urlencode(parameters)
    url = f"http://127.0.0.1:{port}{path}?{query}"
    try:
        with urllib.request.urlopen(url, timeout=harness.PATIENCE) as answer:
            return json.load(answer)["data"]
    except urllib.error.HTTPError as error:
        raise AssertionError(f"{query}: {json.load(error)['error']}") from None


def values(result):
    """Every number of a query's result that is one."""
    series = result["result"]
    if result["resultType"] == "matrix":
        points = [point for line in series for point in line["values"]]
    else:
        points = [line["value"] for line in series]
    return [number for _, text in points if not math.isnan(number := float(text))]


class Prometheus:
    """Scrapes `targets`, which are addresses, as the job `uvoy`. With `hold`, alerts fire when what
    they are about lasts for as long as that."""

    def __init__(self, *targets, hold=None):
        self.hold = hold
        self.port = harness.free_port()
        self.targets = len(targets)
        self.settings = {
            "global": {
                "scrape_interval": f"{round(1000 * SCRAPE)}ms",
                "evaluation_interval": f"{round(1000 * SCRAPE)}ms",
            },
            "scrape_configs": [{"job_name": "uvoy", "static_configs": [{"targets": targets}]}],
        }

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="uvoy-prometheus-")
        folder = pathlib.Path(self.folder.name)
        settings = {**self.settings, "rule_files": [str(self.rules(path)) for path in RULES]}
        (folder / "prometheus.yml").write_text(json.dumps(settings))  # JSON is YAML, too.
        self.log_path = folder / "log"
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [
                    PROMETHEUS,
                    f"--config.file={folder}/prometheus.yml",
                    f"--storage.tsdb.path={folder}/data",
                    f"--web.listen-address=127.0.0.1:{self.port}",
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            harness.eventually(self.is_ready, "Prometheus gets ready")
        except BaseException:
            self.__exit__()
            raise
        return self

    def rules(self, path):
        if self.hold is None:
            return path
        copy = pathlib.Path(self.folder.name) / path.name
        copy.write_text(HOLD.sub(self.hold, path.read_text()))
        return copy

    def is_ready(self):
        assert self.process.poll() is None, self.log_path.read_text()
        with contextlib.suppress(OSError):
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=5):
                return True

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.folder.cleanup()

    def scrapes(self):
        """How many there were that succeeded, of the target that has the fewest."""
        counts = values(self.at('sum_over_time(up{job="uvoy"}[1h])', time.time()))
        return min(counts) if len(counts) == self.targets else 0

    def wait_for_scrapes(self, count):
        enough = self.scrapes() + count
        harness.eventually(lambda: self.scrapes() >= enough, f"{count} scrapes")

    def ask(self, path, **parameters):
        return ask(self.port, path, **parameters)

    def at(self, expression, time):
        return self.ask("/api/v1/query", query=expression, time=time)

    def between(self, expression, start, end, step):
        return self.ask("/api/v1/query_range", query=expression, start=start, end=end, step=step)
