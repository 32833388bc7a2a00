// What the operator does, and what is said of it.

function say(text, tone = "quiet") {
  const toast = el("div", { class: "toast", "data-tone": tone, text });
  byId("said").append(toast);
  setTimeout(() => toast.remove(), tone === "bad" ? 12_000 : 5000);
}

/** Asks in a dialog; true: go on. */
function confirmed(title, text, yes) {
  const dialog = byId("ask");
  setText(byId("ask-title"), title);
  setText(byId("ask-text"), text);
  setText(byId("ask-yes"), yes);
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    // The event comes late: it may be of the time before, when the dialog is open again.
    dialog.onclose = () => dialog.open || resolve(dialog.returnValue === "yes");
  });
}

/** Does it, with the button off meanwhile. */
async function act(button, done, work) {
  button.disabled = true;
  try {
    const answer = await work();
    say(typeof done === "function" ? done(answer) : done);
  } catch (error) {
    say(error.name === "TimeoutError" ? "uvoy does not answer" : error.message, "bad");
  } finally {
    button.disabled = false;
    pollNow();
  }
}

function setDuty(button, cluster, endpoint, duty) {
  const [owner, name] = [cluster, endpoint].map(encodeURIComponent);
  const path = `v1/clusters/${owner}/endpoints/${name}`;
  const done = duty === "ready"
    ? `${endpoint} takes requests again`
    : `${endpoint} gets no further requests`;
  return act(button, done, () => change("PATCH", path, { state: duty }));
}

async function toggleDrain(button, draining) {
  if (draining) return act(button, "Back in the rotation", () => change("POST", "v1/undrain", {}));
  const text = "/readyz says 503 and every answer closes its connection, so that load balancers " +
    "and clients go elsewhere. Whoever comes is served nevertheless.";
  if (!await confirmed("Take this uvoy out of the rotation?", text, "Drain")) return;
  await act(button, "Out of the rotation", () => change("POST", "v1/drain", {}));
}

function reloadConfiguration(button) {
  const told = ({ changes }) => changes.length === 0
    ? "Loaded: nothing is different"
    : `Loaded: ${changes.map((c) => `${c.type} ${c.name} ${c.change}`).join(", ")}`;
  return act(button, told, () => change("POST", "v1/reload", {}));
}

byId("ask-yes").addEventListener("click", () => byId("ask").close("yes"));
byId("ask-no").addEventListener("click", () => byId("ask").close("no"));
