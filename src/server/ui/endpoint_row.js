// One endpoint of a cluster: how it is, and one row of the table.

const RATE_WINDOW = 5;
const QUANTILE_WINDOW = 30;

/** What the state is called, how it looks, and how much it matters. */
function stateOf(endpoint) {
  const { state, duty, requests_in_flight: inFlight } = endpoint;
  if (duty === "maintenance") return { text: "Maintenance", tone: "warn", rank: 2 };
  if (duty === "drain") {
    return { text: inFlight > 0 ? "Draining" : "Drained", tone: "warn", rank: 1 };
  }
  if (state === "unhealthy") return { text: "Unhealthy", tone: "bad", rank: 0 };
  if (state === "new") return { text: "New", tone: "cool", rank: 3 };
  if (endpoint.trial_share < 1) return { text: "On trial", tone: "cool", rank: 3 };
  return { text: "Healthy", tone: "good", rank: 5 };
}

/** The endpoint as told, with what follows from this and earlier answers. */
function viewOf(endpoint, meter, bounds) {
  const state = stateOf(endpoint);
  const why = [endpoint.why];
  if (endpoint.duty !== "ready") why.unshift("taken out by an operator");
  if (endpoint.latency_share < 1) {
    why.push(`answers slowly: ${formatShare(endpoint.latency_share, 0)} of its share`);
  }
  const back = endpoint.ejection?.back_in_seconds;
  if (state.tone === "bad" && back > 0) why.push(`tried again in ${formatAge(back + 1)}`);
  return {
    ...endpoint,
    state,
    why: why.filter(Boolean).join(" · "),
    rate: meter.rate("requests", RATE_WINDOW),
    p95: meter.quantile(0.95, bounds, QUANTILE_WINDOW),
  };
}

class EndpointRow {
  constructor(cluster, { name }, ring) {
    this.name = name;
    this.title = el("b", { text: name });
    this.swatch = el("i", { class: "swatch", "aria-hidden": "true" });
    this.where = el("span", { class: "where" });
    this.why = el("span", { class: "sub why" });
    this.state = el("span", { class: "state" });
    this.share = el("span");
    this.bar = svg("rect", { height: 5, rx: 2 });
    this.button = el("button", { type: "button" });
    const cells = {
      name: el("td", { class: "c-name" }, el("div", {},
        el("span", { class: "name" }, this.swatch, this.title, this.where), this.why)),
      state: el("td", { class: "c-state", "data-label": "State" }, this.state),
      since: el("td", { class: "c-since number", "data-label": "Since" }),
      flight: el("td", { class: "c-flight number", "data-label": "In flight" }),
      rate: el("td", { class: "c-rate number", "data-label": "Requests/s" }),
      p95: el("td", { class: "c-p95 number", "data-label": "P95" }),
      share: el("td", { class: "c-share number", "data-label": "Share" },
        el("span", { class: "share" },
          svg("svg", { viewBox: "0 0 44 5", preserveAspectRatio: "none", "aria-hidden": "true" },
            this.bar),
          this.share)),
      act: el("td", { class: "c-act number" }, this.button),
    };
    this.cells = cells;
    this.node = el("tr", { "data-endpoint": name }, ...Object.values(cells));
    this.node.addEventListener("pointerenter", () => ring.light(name));
    this.node.addEventListener("pointerleave", () => ring.light(null));
    this.button.addEventListener("click", () =>
      setDuty(this.button, cluster, name, this.view.duty === "ready" ? "drain" : "ready"));
    this.cluster = cluster;
  }

  /** `view` as of viewOf(), with `hue`, `share` of all and `most`, the largest share there is. */
  update(view) {
    this.view = view;
    const { cells } = this;
    setAttribute(this.node, "data-tone", view.state.tone);
    setAttribute(this.swatch, "data-hue", String(view.hue));
    setAttribute(this.cells.share, "data-hue", String(view.hue));
    const where = [];
    if (view.address !== view.name) where.push(view.address);
    if (view.weight !== 1) where.push(`weight ${view.weight}`);
    setText(this.where, where.join(" · "));
    setHidden(this.where, where.length === 0);
    setText(this.why, view.why);
    setAttribute(this.why, "title", view.why);
    setText(this.state, view.state.text);
    setText(cells.since, formatAge(view.for_seconds));
    setAttribute(cells.since, "title", view.since);
    setText(cells.flight, formatCount(view.requests_in_flight));
    setText(cells.rate, formatRate(view.rate));
    setText(cells.p95, formatSeconds(view.p95));
    setText(this.share, formatShare(view.share));
    const part = view.most > 0 ? (view.share ?? 0) / view.most : 0;
    setAttribute(this.bar, "width", (44 * part).toFixed(1));
    const ready = view.duty === "ready";
    setText(this.button, ready ? "Drain" : "Ready");
    setAttribute(this.button, "aria-label",
      `${ready ? "Drain" : "Make ready"} ${this.name} of ${this.cluster}`);
  }
}
