// The circle: outside who owns the keys (or gets the requests) now, inside who would if all were
// well, in the colour of their state.

const HUES = 7;
/** Few are told apart by colour, many by their borders. */
const hueOf = (i, size) => i % (size > 28 ? 2 : HUES);
const OUTER = [60, 78];
const INNER = [50, 55];

/** The outline of a part of a ring, from `from` to `to` of a turn. */
function slicePath(from, to, [inner, outer]) {
  const gap = to - from >= 1 ? 1e-4 : 0;  // a whole turn would end where it begins
  const point = (turn, radius) => {
    const angle = 2 * Math.PI * (turn - 0.25);
    return `${(radius * Math.cos(angle)).toFixed(2)} ${(radius * Math.sin(angle)).toFixed(2)}`;
  };
  const end = to - gap;
  const large = end - from > 0.5 ? 1 : 0;
  return `M${point(from, outer)}A${outer} ${outer} 0 ${large} 1 ${point(end, outer)}` +
    `L${point(end, inner)}A${inner} ${inner} 0 ${large} 0 ${point(from, inner)}Z`;
}

class Ring {
  constructor() {
    this.caption = el("figcaption");
    this.healthy = svg("text", { y: 4 });
    this.of = svg("text", { y: 22, class: "small" });
    this.slices = svg("g");
    this.owners = svg("g");
    this.made = new Map();
    this.picture = svg("svg", { viewBox: "-82 -82 164 164", role: "img" },
      svg("circle", { r: 69, class: "hole" }), this.slices, this.owners, this.healthy, this.of);
    this.node = el("figure", { class: "ring" }, this.picture, this.caption);
  }

  make() {
    const slice = svg("path", { class: "slice" }, svg("title"));
    const owner = svg("path", { class: "owner" });
    return { slice, owner };
  }

  /** `endpoints`: [{name, hue, tone, weight, share}]. */
  update(endpoints, healthy, what) {
    const kept = keep(this.made, endpoints, ({ name }) => name, this.make);
    const weights = endpoints.reduce((sum, { weight }) => sum + weight, 0) || 1;
    const shares = endpoints.reduce((sum, { share }) => sum + share, 0) || 1;
    let from = 0;
    let start = 0;
    endpoints.forEach((endpoint, i) => {
      const { slice, owner } = kept[i];
      const to = from + endpoint.share / shares;
      const end = start + endpoint.weight / weights;
      setAttribute(slice, "d", endpoint.share > 0 ? slicePath(from, to, OUTER) : "");
      setAttribute(slice, "data-hue", String(endpoint.hue));
      setText(slice.firstChild, `${endpoint.name}: ${formatShare(endpoint.share / shares)}`);
      setAttribute(owner, "d", slicePath(start, end, INNER));
      setAttribute(owner, "data-tone", endpoint.tone);
      from = to;
      start = end;
    });
    arrange(this.slices, kept.map(({ slice }) => slice));
    arrange(this.owners, kept.map(({ owner }) => owner));
    this.node.classList.toggle("many", endpoints.length > 40);
    setText(this.healthy, `${healthy}/${endpoints.length}`);
    this.healthy.classList.toggle("long", endpoints.length > 99);
    setText(this.of, "healthy");
    setText(this.caption, what);
    setAttribute(this.picture, "aria-label",
      `${healthy} of ${endpoints.length} endpoints healthy; ${what}`);
  }

  light(name) {
    for (const [key, { slice }] of this.made) slice.classList.toggle("lit", key === name);
  }
}
