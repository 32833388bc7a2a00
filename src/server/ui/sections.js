// The tables below the clusters: listeners, failures, routes, workers, and the configuration.

/** A cell; `kind` is its class. */
function cell(label, kind, ...content) {
  const node = el("td", { class: kind, "data-label": label });
  node.append(...content);
  return node;
}

const sub = (text) => el("span", { class: "sub", text });
const badge = (text, tone) => el("span", { class: "badge", "data-tone": tone, text });

/** A row whose cells are texts, each for itself written when it changes. */
function textRow(columns) {
  const cells = columns.map(([label, kind]) => cell(label, kind));
  return {
    node: el("tr", {}, ...cells),
    show: (texts) => texts.forEach((text, i) => setText(cells[i], text)),
  };
}

/** Rows of `things` in the table body of that id; `texts` gives those of one thing. */
class TextTable {
  constructor(id, columns, key, texts) {
    Object.assign(this, { body: byId(id), columns, key, texts, rows: new Map() });
  }

  show(things) {
    const kept = keep(this.rows, things, this.key, () => {
      const row = textRow(this.columns);
      const meter = new Meter(RATE_WINDOW);
      return { node: row.node, update: (thing) => row.show(this.texts(thing, meter)) };
    });
    arrange(this.body, kept.map(({ node }) => node));
  }
}

const meterRate = (meter, name, at, count) => {
  meter.add(at, { [name]: count });
  return formatRate(meter.rate(name));
};

let listenersAt = 0;
const listenerTable = new TextTable("listener-rows", [
  ["Listener", "wide"], ["Address", "mono wide text"], ["Requests/s", "number"],
  ["In flight", "number"], ["Connections", "number"], ["Rejected", "number"],
], ({ name }) => name, (listener, meter) => [
  listener.name,
  listener.addresses.join(", "),
  meterRate(meter, "requests", listenersAt, totalOf(listener.requests)),
  formatCount(listener.requests_in_flight),
  formatCount(listener.connections),
  formatCount(listener.connections_rejected),
]);

function showListeners(status) {
  listenersAt = status.uptime_seconds;
  listenerTable.show(status.listeners);
}

/** Any JSON on one line, for people: without braces and quotes. */
function plain(value) {
  if (value === null || value === undefined) return "";
  if (Array.isArray(value)) return value.map(plain).join(", ");
  if (typeof value !== "object") return String(value);
  return Object.entries(value).filter(([, of]) => of !== null)
    .map(([key, of]) => `${words(key)} ${plain(of)}`).join(" · ");
}

let routesAt = 0;
const routeTable = new TextTable("route-rows", [
  ["Route", "wide"], ["Matches", "mono wide text"], ["Goes to", "wide text"],
  ["Requests/s", "number"], ["Requests", "number"],
], ({ name }, i) => `${i} ${name}`, (route, meter) => {
  const counted = route.requests !== null;  // of very many routes the last are not, one by one
  const total = totalOf(route.requests);
  return [
    route.name,
    plain(route.match) || "everything",
    route.cluster ? `cluster ${route.cluster}` : `responds: ${plain(route.respond)}`,
    counted ? meterRate(meter, "requests", routesAt, total) : NOTHING,
    counted ? formatCount(total) : NOTHING,
  ];
});

function showRoutes({ routes }) {
  routesAt = performance.now() / 1000;
  routeTable.show(routes);
}

let workersAt = 0;
const workerTable = new TextTable("worker-rows", [
  ["Worker", "wide"], ["Busy", "number"], ["Connections", "number"], ["In flight", "number"],
  ["Loop lag P99", "number"],
], ({ worker }) => worker, (worker, meter) => {
  meter.add(workersAt, { busy: worker.busy_seconds });
  const busy = meter.rate("busy");
  return [
    String(worker.worker),
    formatShare(busy === null ? null : Math.min(busy, 1)),
    formatCount(worker.connections),
    formatCount(worker.requests_in_flight),
    formatSeconds(worker.loop_lag_p99_seconds),
  ];
});

function showWorkers({ workers }) {
  workersAt = performance.now() / 1000;
  workerTable.show(workers);
}

function failureRow(failure) {
  const when = new Date(failure.time);
  const retried = failure.outcome === "retried";
  const more = failure.more > 0 ? ` and ${formatCount(failure.more)} more like it` : "";
  const request = [failure.method, `${failure.host ?? ""}${failure.path ?? ""}`].filter(Boolean);
  const from = [`from ${failure.client}`, failure.request_id].filter(Boolean).join(" · ");
  const way = [failure.cluster, failure.route && `route ${failure.route}`];
  return el("tr", {},
    cell("When", "mono", el("time", { datetime: failure.time, text: formatClock(when) })),
    cell("Reason", "wide", badge(words(failure.reason), retried ? "warn" : "bad"),
      sub(`${retried ? "tried again" : "the client saw it"}${more}`)),
    cell("Where", "", words(failure.side), sub(words(failure.phase))),
    cell("Request", "wide text", request.join(" ") || NOTHING, sub(from)),
    cell("Endpoint", "wide text", failure.endpoint ?? NOTHING,
      sub(way.filter(Boolean).join(" · "))),
    cell("Status", "number", failure.status === null ? NOTHING : String(failure.status)),
    cell("Tries", "number", String(failure.attempts)),
    cell("Took", "number", formatSeconds(failure.duration_seconds)));
}

let failuresShown = null;

function showFailures({ failures, counts }) {
  const text = JSON.stringify([failures, counts]);
  if (text === failuresShown) return;
  failuresShown = text;
  const none = el("tr", {}, el("td", { class: "none", colspan: 8, text: "Nothing has failed" }));
  byId("failure-rows").replaceChildren(...failures.length ? failures.map(failureRow) : [none]);
  const chips = Object.entries(counts ?? {}).flatMap(([outcome, reasons]) =>
    Object.entries(reasons).map(([reason, count]) => ({ outcome, reason, count })));
  chips.sort((a, b) => b.count - a.count);
  byId("failure-counts").replaceChildren(...chips.slice(0, 8).map(({ outcome, reason, count }) =>
    badge(`${words(reason)}${outcome === "retried" ? ", retried" : ""} ${formatCount(count)}`,
      outcome === "retried" ? "warn" : "bad")));
}

const facts = new Map();

function showFacts(status) {
  const { config } = status;
  const age = (text) => formatAge((Date.now() - new Date(text)) / 1000);
  const list = [
    ["File", config.path ?? "none"],
    ["Hash", config.hash ? config.hash.slice(0, 16) : "none"],
    ["Loaded", `${age(config.loaded)} ago`],
    ["Last reload", config.last_reload_failed ? "failed: the one before is in use" : "good",
      config.last_reload_failed ? "bad" : "good"],
    ["Configurations in use", String(config.generations)],
    ["Process", `${status.pid}, up for ${formatAge(status.uptime_seconds)}`],
    ["Workers", String(status.workers)],
    ["Log level", status.log_level],
  ];
  const kept = keep(facts, list, ([term]) => term, ([term]) => {
    const value = el("dd");
    return {
      node: el("div", {}, el("dt", { text: term }), value),
      update: ([, text, tone]) => {
        setText(value, text);
        setAttribute(value, "data-tone", tone ?? null);
      },
    };
  });
  arrange(byId("facts"), kept.map(({ node }) => node));
}

/** Of what the process runs by, when somebody looks. */
async function showConfiguration() {
  const box = byId("config-text");
  if (!box.open) return;
  const text = box.querySelector("pre");
  try {
    setText(text, JSON.stringify(await ask("v1/config"), null, 2));
  } catch (error) {
    setText(text, error.message);
  }
}

byId("config-text").addEventListener("toggle", showConfiguration);
byId("reload").addEventListener("click", () => reloadConfiguration(byId("reload")));
