// Graphs of the last minutes, drawn in the pixels there are.

const SPAN = 300;  // seconds
const MARGIN = { left: 52, right: 6, top: 8, bottom: 20 };

/** The least "round" number that is not below `value`. */
function roundUp(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 2.5, 5, 10].map((step) => step * power).find((step) => step >= value * 0.9999);
}

class Chart {
  /** `series`: [{name, tone, of: values => number or null}]; stacked ones are areas. */
  constructor(figure, { series, format, least, stacked = false }) {
    Object.assign(this, { series, format, least, stacked, points: [], pointer: null });
    this.width = 0;
    this.svg = svg("svg", { role: "img", "aria-label": figure.innerText.trim() });
    this.grid = [0, 1, 2].map(() => svg("line", { class: "grid" }));
    this.marks = [0, 1, 2].map(() => svg("text", { "text-anchor": "end", dy: "0.35em" }));
    this.times = ["5 min ago", "now"].map((text, i) =>
      svg("text", { "text-anchor": i ? "end" : "start", text }));
    this.cursor = svg("line", { class: "cursor", visibility: "hidden" });
    this.areas = series.map(({ tone }) => svg("path", { class: "area", "data-tone": tone }));
    this.lines = series.map(({ tone }) => svg("path", { class: "line", "data-tone": tone }));
    this.svg.append(...this.grid, ...this.marks, ...this.times, ...this.areas, ...this.lines,
      this.cursor);
    figure.append(this.svg);
    this.values = series.map(() => el("b"));
    figure.querySelector(".legend").append(...series.map(({ name, tone }, i) =>
      el("span", {}, el("i", { "data-tone": tone }), `${name} `, this.values[i])));
    new ResizeObserver(() => this.draw()).observe(this.svg);
    this.svg.addEventListener("pointermove", (event) => {
      this.pointer = event.clientX - this.svg.getBoundingClientRect().left;
      this.draw();
    });
    this.svg.addEventListener("pointerleave", () => {
      this.pointer = null;
      this.draw();
    });
  }

  show(points, now) {
    this.points = points;
    this.now = now;
    this.draw();
  }

  draw() {
    const { width, height } = this.svg.getBoundingClientRect();
    if (width < 80 || this.now === undefined) return;
    this.place(width, height);
    let bottoms = this.points.map(() => 0);
    this.series.forEach(({ of }, i) => {
      const values = this.points.map((point) => point.values && of(point.values));
      const tops = values.map((value, j) => (value === null ? null : value + bottoms[j]));
      // Nothing on top of others has no line of its own.
      const seen = this.stacked && i > 0 ? tops.map((top, j) => (values[j] ? top : null)) : tops;
      const { line, area } = this.path(seen, bottoms);
      setAttribute(this.lines[i], "d", line);
      setAttribute(this.areas[i], "d", this.stacked || i === 0 ? area : "");
      if (this.stacked) bottoms = tops;
    });
    this.tell();
  }

  /** Scale, grid and words at it. */
  place(width, height) {
    const top = Math.max(this.least, ...this.points.map(({ values }) => {
      const all = this.series.map(({ of }) => (values && of(values)) ?? 0);
      return this.stacked ? all.reduce((sum, value) => sum + value, 0) : Math.max(...all);
    }));
    this.top = roundUp(top);
    const inner = height - MARGIN.top - MARGIN.bottom;
    this.y = (value) => MARGIN.top + inner * (1 - value / this.top);
    const across = width - MARGIN.left - MARGIN.right;
    this.x = (at) => MARGIN.left + across * (1 - (this.now - at) / SPAN);
    [0, 0.5, 1].forEach((part, i) => {
      const y = Math.round(this.y(part * this.top)) + 0.5;
      furnish(this.grid[i], { x1: MARGIN.left, x2: width - MARGIN.right, y1: y, y2: y }, []);
      furnish(this.marks[i], { x: MARGIN.left - 8, y }, []);
      setText(this.marks[i], part ? this.format(part * this.top) : "0");
    });
    furnish(this.times[0], { x: MARGIN.left, y: height - 4 }, []);
    furnish(this.times[1], { x: width - MARGIN.right, y: height - 4 }, []);
  }

  /** Through all tops that are not null; `area` is what is between them and the bottoms. */
  path(tops, bottoms) {
    let line = "";
    let area = "";
    let run = [];
    const through = (ends) => ends.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L");
    const end = () => {
      if (run.length > 1) {
        const upper = through(run);
        const lower = through(run.map(([x, , y]) => [x, y]).reverse());
        line += `M${upper}`;
        area += `M${upper}L${lower}Z`;
      }
      run = [];
    };
    tops.forEach((top, i) => {
      if (top === null) end();
      else run.push([this.x(this.points[i].at), this.y(top), this.y(bottoms[i])]);
    });
    end();
    return { line, area };
  }

  /** The last values, or those under the pointer. */
  tell() {
    let point = this.points.at(-1);
    if (this.pointer !== null) {
      const distance = ({ at }) => Math.abs(this.x(at) - this.pointer);
      for (const other of this.points) if (distance(other) < distance(point)) point = other;
    }
    this.series.forEach(({ of }, i) => {
      setText(this.values[i], this.format((point?.values && of(point.values)) ?? null));
    });
    setAttribute(this.cursor, "visibility", this.pointer !== null && point ? "visible" : "hidden");
    if (this.pointer === null || !point) return;
    const x = this.x(point.at);
    furnish(this.cursor, { x1: x, x2: x, y1: MARGIN.top, y2: this.y(0) }, []);
  }
}
