// Clusters with their endpoints: a card each, with the circle and a table.

const COLUMNS = [
  { id: "name", title: "Endpoint", of: ({ name }) => name },
  { id: "state", title: "State", of: ({ state }) => state.rank },
  { id: "since", title: "Since", number: true, of: ({ for_seconds: age }) => age },
  { id: "flight", title: "In flight", number: true, down: true, of: (e) => e.requests_in_flight },
  { id: "rate", title: "Req/s", number: true, down: true, of: ({ rate }) => rate ?? -1 },
  { id: "p95", title: "P95", number: true, down: true, of: ({ p95 }) => p95 ?? -1 },
  { id: "share", title: "Share", number: true, down: true, of: ({ share }) => share ?? -1 },
];
const byName = new Intl.Collator(undefined, { numeric: true }).compare;

/** What the operator wants to see of all clusters. */
const wanted = { text: "", onlyTroubled: false };

function isWanted({ name, address, why, state }) {
  if (wanted.onlyTroubled && state.rank > 3) return false;
  return `${name} ${address} ${state.text} ${why}`.toLowerCase().includes(wanted.text);
}

class ClusterCard {
  constructor({ name }) {
    this.name = name;
    this.meters = new Map();
    this.rows = new Map();
    this.order = { column: COLUMNS[1], down: false };
    this.ring = new Ring();
    this.health = el("span", { class: "badge" });
    this.panic = el("span",
      { class: "badge", "data-tone": "bad", text: "Panic: all are used" });
    this.kind = el("span", { class: "quiet" });
    this.traffic = el("span", { class: "quiet" });
    this.body = el("tbody");
    this.none = el("tr", {}, el("td", { class: "none", colspan: 8 }));
    this.headers = COLUMNS.map((column) => this.header(column));
    const id = `cluster-${++ClusterCard.count}`;
    const change = el("th", { class: "c-act" }, el("span", { class: "unseen", text: "Change" }));
    this.scroll = el("div",
      { class: "endpoints", tabindex: 0, role: "region", "aria-labelledby": id },
      el("table", {}, el("thead", {}, el("tr", {}, ...this.headers, change)), this.body));
    this.node = el("article", { class: "panel cluster", "data-cluster": name },
      el("header", {}, el("h3", { id, text: name }), this.health, this.panic, this.kind,
        el("span", { class: "grow" }), this.traffic),
      el("div", { class: "body" }, this.ring.node, this.scroll));
  }

  header(column) {
    const button = el("button", { type: "button", class: "sort", text: column.title });
    button.addEventListener("click", () => {
      const again = this.order.column === column;
      this.order = { column, down: again ? !this.order.down : column.down ?? false };
      this.arrange(true);
    });
    return el("th",
      { scope: "col", class: `c-${column.id}${column.number ? " number" : ""}` }, button);
  }

  /** Reads another answer, with its time on uvoy's clock and the bounds of its histograms. */
  update(cluster) {
    const requests = {};
    for (const endpoint of cluster.endpoints) {
      for (const [code, count] of Object.entries(endpoint.requests)) {
        requests[code] = (requests[code] ?? 0) + count;
      }
    }
    this.requests = requests;
    this.views = this.viewsOf(cluster);
    keep(this.rows, this.views, ({ name }) => name,
      (view) => new EndpointRow(this.name, view, this.ring));
    this.showHead(cluster);
    this.ring.update(this.views.map((view) => ({
      name: view.name, hue: view.hue, tone: view.state.tone, weight: view.weight,
      share: view.share ?? 0,
    })), cluster.healthy, this.sharesKeys ? "share of keys" : "share of requests");
    this.arrange();
  }

  viewsOf(cluster) {
    const { at, bounds } = cluster;
    const meters = keep(this.meters, cluster.endpoints, ({ name }) => name,
      () => new Meter(QUANTILE_WINDOW));
    cluster.endpoints.forEach((e, i) =>
      meters[i].add(at, { requests: totalOf(e.requests) }, e.first_byte_buckets));
    // Without a ring it is the traffic that is shared.
    this.sharesKeys = cluster.endpoints.some((e) => e.ring_share !== undefined);
    const traffic = meters.map((meter) => meter.change("requests") ?? 0);
    const all = traffic.reduce((sum, count) => sum + count, 0);
    const shares = cluster.endpoints.map((e, i) =>
      this.sharesKeys ? e.ring_share ?? 0 : all > 0 ? traffic[i] / all : null);
    const most = Math.max(0, ...shares);
    return cluster.endpoints.map((endpoint, i) => ({
      ...viewOf(endpoint, meters[i], bounds),
      hue: hueOf(i, cluster.endpoints.length),
      share: shares[i],
      most,
    }));
  }

  showHead(cluster) {
    const size = cluster.endpoints.length;
    const all = cluster.healthy === size;
    setText(this.health, `${cluster.healthy} of ${size} healthy`);
    setAttribute(this.health, "data-tone", all ? "good" : cluster.healthy ? "warn" : "bad");
    setHidden(this.panic, !cluster.panic);
    setText(this.kind, `${words(cluster.policy)} · ${cluster.health_check === "none"
      ? "no health checks" : `${cluster.health_check} checks`}`);
    const known = this.views.map((view) => view.rate).filter((one) => one !== null);
    const rate = known.length ? known.reduce((sum, one) => sum + one, 0) : null;
    setText(this.traffic, `${formatRate(rate)} req/s`);
  }

  /** Orders the rows; not under the pointer, which may be about to press a button. */
  arrange(asked = false) {
    COLUMNS.forEach((column, i) => setAttribute(this.headers[i], "aria-sort",
      column !== this.order.column ? null : this.order.down ? "descending" : "ascending"));
    const { column, down } = this.order;
    const shown = this.views.filter(isWanted);
    const held = !asked && this.body.matches(":hover");
    const place = new Map(held ? [...this.body.children].map((row, i) => [row, i]) : []);
    const before = (view) => place.get(this.rows.get(view.name).node) ?? Infinity;
    shown.sort((a, b) => {
      if (held && before(a) !== before(b)) return before(a) - before(b);
      const x = column.of(a);
      const y = column.of(b);
      const order = typeof x === "string" ? byName(x, y) : x - y;
      return (down ? -order : order) || byName(a.name, b.name);
    });
    setText(this.none.firstChild, this.views.length ? "No endpoint is like this" : "No endpoints");
    arrange(this.body, shown.length
      ? shown.map(({ name }) => this.rows.get(name).node) : [this.none]);
  }
}
ClusterCard.count = 0;

const cards = new Map();

function showClusters({ clusters, uptime_seconds: at, bucket_bounds_seconds: bounds }) {
  const told = clusters.map((cluster) => ({ ...cluster, at, bounds }));
  const kept = keep(cards, told, ({ name }) => name, (cluster) => new ClusterCard(cluster));
  arrange(byId("cluster-list"), kept.map(({ node }) => node));
}
