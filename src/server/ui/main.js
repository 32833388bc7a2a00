// Asks once a second, and says so when there is no answer.

const PERIOD = 1000;
const HIDDEN_PERIOD = 5000;  // nobody looks, but the graphs go on
const FRESH = 3500;  // an answer is of now for so long

/** Sections that this uvoy may not have, and how often they are asked for. */
const OPTIONAL = [
  { path: "/v1/failures", section: "failures", every: 2000, show: showFailures },
  { path: "/v1/routes", section: "routes", every: 5000, show: showRoutes },
  { path: "/v1/workers", section: "workers", every: 5000, show: showWorkers },
];

const link = {
  offers: null,  // none: not asked yet, or it may be another uvoy now
  answered: null,  // when, on the page's clock
  lost: null,  // since when, as a Date
  version: null,
  hash: null,
  busy: false,
  timer: 0,
};

function showLink() {
  const fresh = link.answered !== null && performance.now() - link.answered < FRESH;
  const lost = link.lost !== null;
  const live = fresh && !lost;
  setAttribute(byId("main"), "data-stale", live ? null : "true");
  const state = live ? "live" : lost ? "lost" : "waiting";
  setAttribute(document.querySelector(".link"), "data-link", state);
  setText(document.querySelector(".link span"),
    { live: "live", lost: "connection lost", waiting: "waiting" }[state]);
  if (!live) setAttribute(byId("phase"), "data-tone", "quiet");
  if (lost) setText(byId("phase"), "unknown");
  setHidden(byId("lost"), !lost);
  if (lost) {
    const age = formatAge((Date.now() - link.lost) / 1000);
    setText(byId("lost-since"), link.answered === null
      ? `It has not answered for ${age}. Trying again.`
      : `since ${formatClock(link.lost)} (${age}). What you see is from then. Trying again.`);
    document.title = "(lost) uvoy";
  }
  for (const button of document.querySelectorAll("#drain, #reload, .c-act button")) {
    if (!live) button.dataset.off = button.disabled = true;
    else if (button.dataset.off) {
      delete button.dataset.off;
      button.disabled = false;
    }
  }
}

function lose() {
  link.lost ??= new Date();
  link.offers = null;
  breakGraphs();
}

function showOffers() {
  for (const { path, section } of OPTIONAL) setHidden(byId(section), !link.offers.has(path));
  setHidden(byId("config-text"), !link.offers.has("/v1/config"));
  for (const anchor of document.querySelectorAll("[data-needs]")) {
    setHidden(anchor, !link.offers.has(anchor.dataset.needs));
  }
}

function show(status, clusters) {
  showProcess(status);
  showClusters(clusters);
  showOverview(status, clusters);
  showListeners(status);
  showFacts(status);
  link.version ??= status.version;
  if (link.version !== status.version) {
    setText(byId("version"), `${status.version} · reload this page, it is of ${link.version}`);
  }
  if (link.hash !== status.config.hash) {
    link.hash = status.config.hash;
    for (const optional of OPTIONAL) optional.due = 0;
    showConfiguration();
  }
}

/** One that fails does not look as if it were of now; the others do not wait for it. */
async function pollOptional(optional) {
  const now = performance.now();
  if (!link.offers.has(optional.path) || optional.busy || now < (optional.due ?? 0)) return;
  optional.due = now + optional.every - PERIOD / 2;
  optional.busy = true;
  const section = byId(optional.section);
  try {
    optional.show(await ask(optional.path.slice(1)));
    setAttribute(section, "data-stale", null);
  } catch {
    setAttribute(section, "data-stale", "true");
  }
  optional.busy = false;
}

async function askAll() {
  if (link.offers === null) {
    link.offers = await askOffers();
    showOffers();
  }
  return Promise.all([ask("v1/status"), ask("v1/clusters")]);
}

/** What cannot be shown does not look as if it were. */
function showAll(told) {
  try {
    show(...told);
    link.answered = performance.now();
  } catch (error) {
    console.error(error);
    link.answered = null;
  }
}

async function poll() {
  clearTimeout(link.timer);
  if (link.busy) return;
  link.busy = true;
  const began = performance.now();
  try {
    const told = await askAll();
    link.lost = null;
    showAll(told);
  } catch {
    lose();
  }
  showLink();
  if (link.lost === null) OPTIONAL.forEach(pollOptional);
  link.busy = false;
  const took = performance.now() - began;
  // Who answers slowly is asked less often.
  const pause = Math.max((document.hidden ? HIDDEN_PERIOD : PERIOD) - took, took, 100);
  link.timer = setTimeout(poll, pause);
}

/** As soon as may be, for what was just changed. */
function pollNow() {
  clearTimeout(link.timer);
  link.timer = setTimeout(poll, 50);
}

byId("filter").addEventListener("input", ({ target }) => {
  wanted.text = target.value.trim().toLowerCase();
  for (const card of cards.values()) card.arrange(true);
});
byId("only-troubled").addEventListener("change", ({ target }) => {
  wanted.onlyTroubled = target.checked;
  for (const card of cards.values()) card.arrange(true);
});
document.addEventListener("visibilitychange", () => {
  showLink();
  if (!document.hidden) pollNow();
});
setInterval(showLink, 500);
poll();
