// The process at a glance: tiles, graphs, and what an operator has to know at once.

const GLANCE = 60;  // seconds
const histories = new Map();  // by cluster; "" is all of them

class Tile {
  constructor(title, note) {
    this.value = el("dd", { text: NOTHING });
    this.note = el("small", { text: note });
    this.node = el("dl", { class: "tile" }, el("dt", { text: title }), this.value, this.note);
    byId("tiles").append(this.node);
  }

  show(text, note, tone = null) {
    setText(this.value, text);
    setText(this.note, note);
    setAttribute(this.value, "data-tone", tone);
  }
}

const tiles = {
  rate: new Tile("Requests/s", ""),
  success: new Tile("Success", "in the last minute"),
  latency: new Tile("Latency P95", ""),
  flight: new Tile("In flight", ""),
  connections: new Tile("Connections", ""),
  endpoints: new Tile("Endpoints healthy", ""),
};

const charts = {
  rate: new Chart(byId("chart-rate"), {
    stacked: true,
    least: 10,
    format: formatRate,
    series: [
      { name: "good", tone: "good", of: ({ good }) => good },
      { name: "4xx", tone: "warn", of: ({ refused }) => refused },
      { name: "failed", tone: "bad", of: ({ failed }) => failed },
    ],
  }),
  latency: new Chart(byId("chart-latency"), {
    least: 0.001,
    format: formatSeconds,
    series: [
      { name: "P50", tone: "cool", of: ({ p50 }) => p50 },
      { name: "P95", tone: "warn", of: ({ p95 }) => p95 },
      { name: "P99", tone: "bad", of: ({ p99 }) => p99 },
    ],
  }),
};

function historyOf(name) {
  if (!histories.has(name)) {
    histories.set(name, { meter: new Meter(GLANCE), history: new History(SPAN) });
  }
  return histories.get(name);
}

/** What a graph shows of one moment; null: it is not known yet. */
function pointOf(meter, bounds) {
  const total = meter.rate("total", RATE_WINDOW);
  if (total === null) return null;
  const failed = meter.rate("failed", RATE_WINDOW);
  const refused = meter.rate("refused", RATE_WINDOW);
  const at = (q) => meter.quantile(q, bounds, RATE_WINDOW);
  const good = total - failed - refused;
  return { good, failed, refused, p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

function takeTraffic(name, at, requests, buckets, bounds) {
  const { meter, history } = historyOf(name);
  meter.add(at, {
    total: totalOf(requests),
    failed: errorsOf(requests),
    refused: requests["4xx"] ?? 0,
  }, buckets);
  history.add(performance.now() / 1000, pointOf(meter, bounds));
}

function showGraphs() {
  const { points } = historyOf(byId("scope").value).history;
  const now = performance.now() / 1000;
  charts.rate.show(points, now);
  charts.latency.show(points, now);
}

/** The connection was lost: graphs have a gap there. */
function breakGraphs() {
  for (const { history } of histories.values()) {
    if (history.points.at(-1)?.values) history.add(performance.now() / 1000, null);
  }
}

function showScopes(clusters) {
  const select = byId("scope");
  const names = clusters.map(({ name }) => name);
  const known = [...select.options].slice(1).map(({ value }) => value);
  if (names.join("\n") === known.join("\n")) return;
  const { value } = select;
  select.replaceChildren(select.options[0],
    ...names.map((name) => el("option", { value: name, text: `cluster ${name}` })));
  select.value = names.includes(value) ? value : "";
  for (const name of histories.keys()) if (name && !names.includes(name)) histories.delete(name);
}

function showOverview(status, told) {
  const { clusters, uptime_seconds: at, bucket_bounds_seconds: bounds } = told;
  const requests = {};
  for (const listener of status.listeners) {
    for (const [code, count] of Object.entries(listener.requests)) {
      requests[code] = (requests[code] ?? 0) + count;
    }
  }
  const buckets = clusters.reduce((sum, c) => addBuckets(sum, c.duration_buckets), []);
  takeTraffic("", at, requests, buckets, bounds);
  for (const cluster of clusters) {
    takeTraffic(cluster.name, at, cards.get(cluster.name).requests,
      cluster.duration_buckets, bounds);
  }
  showScopes(clusters);
  showGraphs();
  showTiles(status, clusters, bounds);
}

function showTiles(status, clusters, bounds) {
  const { meter } = historyOf("");
  tiles.rate.show(formatRate(meter.rate("total", RATE_WINDOW)),
    `${formatCount(meter.samples.at(-1).counts.total)} in all`);
  const total = meter.change("total");
  const failed = meter.change("failed");
  const success = total > 0 ? 1 - failed / total : null;
  const tone = success === null ? null : success < 0.99 ? "bad" : success < 0.999 ? "warn" : "good";
  tiles.success.show(formatShare(success, 2),
    failed > 0 ? `${formatCount(failed)} failed in the last minute` : "in the last minute", tone);
  tiles.latency.show(formatSeconds(meter.quantile(0.95, bounds)),
    `P50 ${formatSeconds(meter.quantile(0.5, bounds))}, last minute`);
  const pending = clusters.reduce((sum, c) => sum + c.requests_pending, 0);
  tiles.flight.show(formatCount(status.requests_in_flight),
    pending > 0 ? `${formatCount(pending)} wait for a connection` : "none waits",
    pending > 0 ? "warn" : null);
  tiles.connections.show(formatCount(status.connections),
    `${status.workers} worker${status.workers === 1 ? "" : "s"}`);
  const size = clusters.reduce((sum, c) => sum + c.endpoints.length, 0);
  const healthy = clusters.reduce((sum, c) => sum + c.healthy, 0);
  const out = size - healthy;
  tiles.endpoints.show(`${healthy}/${size}`, out > 0 ? `${out} out` : "all of them",
    out > 0 ? "bad" : "good");
  document.title = out > 0 ? `(${out} out) uvoy` : "uvoy";
}

function showProcess(status) {
  const phases = { serving: "good", draining: "warn", starting: "cool" };
  setText(byId("version"), status.version);
  setText(byId("phase"), status.state);
  setAttribute(byId("phase"), "data-tone", phases[status.state] ?? "quiet");
  const drain = byId("drain");
  setText(drain, status.draining ? "Undrain" : "Drain");
  drain.onclick = () => toggleDrain(drain, status.draining);
  const notes = [];
  if (status.draining) notes.push("Out of the rotation: it drains.");
  if (status.config.last_reload_failed) {
    notes.push("The last reload failed: the file is not what is in use.");
  }
  if (status.overloaded) notes.push("Overloaded: it refuses new work.");
  if (status.health_frozen) notes.push("Too much fails at once: nobody is ejected meanwhile.");
  if (status.upgrade?.state === "running") notes.push("A new process is taking over.");
  if (status.upgrade?.state === "failed") notes.push(`The upgrade failed: ${status.upgrade.why}.`);
  setText(byId("notice"), notes.join(" "));
  setHidden(byId("notice"), notes.length === 0);
}

byId("scope").addEventListener("change", showGraphs);
