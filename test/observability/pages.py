"""Prometheus' own pages in a browser: its graphs where a dashboard has its panels, its alerts and
its rules. They are the classic ones, which Debian's package has."""

import math
import time

import dashboards

COLUMNS = 24  # of a dashboard
GRAPH_COLUMNS, TABLE_COLUMNS = 4, 8  # that one needs of them
WIDE, NARROW = (1800, 900), (1200, 900)
# Of what stands around a graph, expression, legend and the number of series stay.
STYLE = f"""
.navbar {{ position: static !important; }}
body {{ padding: 0 !important; }}
#board {{ display: grid; grid-template-columns: repeat({COLUMNS}, minmax(0, 1fr)); gap: 10px; }}
#board h4 {{ margin: 12px 0 0; }}
#board section {{ border: 1px solid #ccc; border-radius: 4px; padding: 8px; overflow: hidden; }}
#board h5 {{ margin: 0; }}
#board p {{ color: #555; font-size: 12px; margin: 2px 0 6px; min-height: 36px; }}
#board .graphs {{ display: grid; gap: 4px; }}
#board .graph_wrapper {{ margin: 0; padding: 0; border: 0; min-width: 0; }}
#board .col-lg-10, #board .col-lg-2 {{ flex: 0 0 100%; max-width: 100%; }}
#board textarea {{ font: 10px monospace; height: 64px !important; padding: 3px; resize: none; }}
#board .eval_stats {{ float: none !important; font-size: 10px; }}
#board .eval_stats br, #board .form-inline, #board [name=remove], #board .nav-tabs,
#board .prometheus_input_group, .query-history, #add_graph {{ display: none !important; }}
#board .tab-pane {{ border: 0; padding: 0; }}
#board .graph_area {{ margin: 0; }}
#board .graph {{ min-height: 160px; }}
#board .legend {{ margin: 2px 0 0; padding: 2px 6px; font-size: 11px; }}
#board .legend ul {{ display: flex; flex-wrap: wrap; column-gap: 10px; }}
#board .legend .line {{ font-size: 10px; line-height: 1.2; padding: 0; }}
#board .x_tick:not(:nth-child(4n)) .title {{ display: none; }}
#board .console_table {{ font-size: 11px; margin: 0; }}
"""
# Lays the parts of a dashboard out on the page of graphs, whose script draws them.
DRAW = """
const [style, parts, seconds] = arguments;
const make = (parent, name, text = "") => {
  const node = document.createElement(name);
  node.textContent = text;
  return parent.appendChild(node);
};
make(document.head, "style", style);
$(".graph_wrapper").remove();
const board = make(document.getElementById("graph_container"), "div");
board.id = "board";
window.graphs = [];
for (const part of parts) {
  const panel = make(board, part.targets ? "section" : "h4", part.targets ? "" : part.title);
  panel.style = `grid-column: ${part.x + 1} / span ${part.width}; grid-row: ${part.row}`;
  if (!part.targets) continue;
  make(panel, "h5", part.title);
  make(panel, "p", part.note);
  const place = make(panel, "div");
  place.className = "graphs";
  place.style = `grid-template-columns: repeat(${part.across}, minmax(0, 1fr))`;
  for (const { expr, table } of part.targets) {
    const options = { expr, tab: table ? 1 : 0, range_input: `${seconds}s` };
    graphs.push(new Prometheus.Graph($(place), options, () => {}, () => {}));
  }
}
"""
DRAWN = "graphs.every((graph) => graph.evalStats.text())"
# Nothing but zeros would lie on the edge, and be cut off.
LIFT = """
for (const { rickshawGraph } of graphs) {
  if (!rickshawGraph || rickshawGraph.max > rickshawGraph.min) continue;
  Object.assign(rickshawGraph, { min: rickshawGraph.min - 0.1, max: rickshawGraph.max + 1 });
  rickshawGraph.render();
}
document.activeElement.blur();
scrollTo(0, 0);
"""
# What can be seen of each graph. `end` is how far below the upper edge a line ends.
SEEN = """
return graphs.map(({ error, warning, legend, rickshawGraph, consoleTab }) => ({
  complaints: [error, warning].filter((box) => box.is(":visible")).map((box) => box.text()),
  legend: legend.find(".label:visible").get().map((label) => label.textContent),
  lines: (rickshawGraph?.series ?? []).map(({ labels, path }) => {
    const length = path.getTotalLength();
    return { labels, length, end: length && path.getPointAtLength(length).y };
  }),
  rows: consoleTab.find("tbody tr:visible").get().map((row) => row.innerText),
}));
"""
ALERTS = """
$("#inactiveAlerts").click();
$(".show-annotations button").click();
$(".alert_header:visible").click();
"""
FOLD = """
$(".alert_header:visible").filter((i, row) => !arguments[0].includes($(row).find("b").text()))
  .click();
"""
# Each that is active: its labels, its annotations, its state and the colour of that.
ACTIVE = """
const texts = (nodes) => nodes.get().map((node) => node.innerText);
return $(".state_indicator:visible").get().map((state) => {
  const row = $(state).closest("tr");
  const told = row.nextUntil(":not(.alert_annotations)").find("dl:visible");
  const [names, values] = ["dt", "dd"].map((each) => texts(told.find(each)));
  return {
    name: row.closest(".alert_details").prev().find("b").text(),
    state: state.innerText,
    color: getComputedStyle(state).backgroundColor,
    labels: texts(row.find(".badge")),
    annotations: Object.fromEntries(names.map((name, i) => [name, values[i]])),
  };
});
"""


def parts(dashboard, step, scrape):
    """Rows and panels with their places; what begins at the same height is in the same row."""
    placed = [part for panel in dashboard["panels"] for part in (panel, *panel.get("panels", []))]
    heights = sorted({panel["gridPos"]["y"] for panel in placed})
    for panel in placed:
        place = panel["gridPos"]
        part = {
            "title": panel["title"],
            "x": place["x"],
            "width": place["w"],
            "row": heights.index(place["y"]) + 1,
        }
        if panel["type"] != "row":
            unit = panel["fieldConfig"]["defaults"].get("unit")
            targets = panel["targets"]
            needed = TABLE_COLUMNS if panel["type"] == "table" else GRAPH_COLUMNS
            part |= {
                "note": panel["description"] + (f" ({unit})" if unit else ""),
                "across": min(len(targets), max(1, place["w"] // needed)),
                "targets": [
                    {
                        "expr": dashboards.substitute(target["expr"], dashboard, step, scrape),
                        "table": target.get("instant", False),
                    }
                    for target in targets
                ],
            }
        yield part


class Pages:
    """Those of one Prometheus, in a browser."""

    def __init__(self, browser, port):
        self.browser = browser
        self.root = f"http://127.0.0.1:{port}/classic/"

    def open(self, name, size=NARROW):
        self.browser.resize(*size)
        self.browser.driver.get(self.root + name)

    def draw(self, dashboard, scrape, start):
        """What is seen of each expression, in the order of panels and targets."""
        self.open("graph", WIDE)
        self.browser.wait("document.querySelector('.graph_wrapper')")
        seconds = math.ceil(time.time() - start)
        step = max(seconds // 250, 1)  # as the page reckons it
        self.browser.run(DRAW, STYLE, list(parts(dashboard, step, scrape)), seconds)
        self.browser.wait(DRAWN)
        self.browser.run(LIFT)
        return self.browser.run(SEEN)

    def active_alerts(self):
        """Shows only them, with all that is known of them."""
        self.open("alerts")
        self.browser.run(ALERTS)
        return self.browser.run(ACTIVE)

    def fold_alerts(self, but):
        self.browser.run(FOLD, list(but))

    def rules(self):
        """(rule, state, error) of each."""
        self.open("rules")
        return self.browser.value(
            "$('td.rule_cell').get().map((cell) => ['.rule_cell', '.state', '.errors'].map("
            "(each) => $(cell).closest('tr').find(each)[0].innerText.trim()))"
        )
