// Asking uvoy. The page is served by whom it asks, so every address is relative.

const TIMEOUT = 6000;

/** What is in an answer; throws an Error that says why there is none. */
async function ask(path, options = {}) {
  const answer = await fetch(path, {
    cache: "no-store",
    credentials: "omit",
    redirect: "error",
    signal: AbortSignal.timeout(options.method ? 30_000 : TIMEOUT),
    ...options,
  });
  const type = answer.headers.get("Content-Type") ?? "";
  if (!type.includes("json")) {
    if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`);
    return answer.text();
  }
  const json = await answer.json();
  if (answer.ok) return json;
  throw new Error((json.problems ?? [json.detail ?? answer.statusText]).join("\n"));
}

/** What no other page could send: see admin_guard.h. */
function change(method, path, body) {
  return ask(path, {
    method,
    headers: { "Content-Type": "application/json", "X-Uvoy-Admin": "1" },
    body: JSON.stringify(body),
  });
}

/** The paths that this uvoy answers: what it does not list is not asked for. */
async function askOffers() {
  const text = await ask("./", { headers: { Accept: "text/plain" } });
  return new Set(text.match(/^\/[\w/-]+/gm) ?? []);
}
