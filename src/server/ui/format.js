// Numbers and times for people.

const NOTHING = "–";

function formatCount(value) {
  if (value === null || value === undefined) return NOTHING;
  if (value < 10_000) return String(Math.round(value));
  if (value < 999_500) return `${(value / 1e3).toFixed(value < 99_950 ? 1 : 0)}k`;
  return `${(value / 1e6).toFixed(value < 99_950_000 ? 1 : 0)}M`;
}

function formatRate(value) {
  if (value === null) return NOTHING;
  if (value > 0 && value < 0.05) return "<0.1";
  return value < 100 ? value.toFixed(value === 0 ? 0 : 1) : formatCount(value);
}

function formatShare(value, digits = 1) {
  if (value === null || value === undefined) return NOTHING;
  if (value === 0 || value === 1) return `${value * 100}%`;
  // Not quite all is never rounded to all.
  return `${Math.min(value * 100, 100 - 10 ** -digits).toFixed(digits)}%`;
}

/** How long something took. */
function formatSeconds(value) {
  if (value === null || value === undefined) return NOTHING;
  if (value < 1e-3) return `${Math.round(value * 1e6)} µs`;
  if (value < 0.01) return `${(value * 1e3).toFixed(1)} ms`;
  if (value < 1) return `${Math.round(value * 1e3)} ms`;
  return `${value.toFixed(value < 10 ? 2 : 1)} s`;
}

/** How long ago something was: two units at most. */
function formatAge(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const units = [[86400, "d"], [3600, "h"], [60, "m"], [1, "s"]];
  const first = units.findIndex(([size]) => whole >= size);
  if (first < 0) return "0 s";
  const [size, name] = units[first];
  const lead = Math.floor(whole / size);
  if (first + 1 === units.length || lead >= 10) return `${lead} ${name}`;
  const [nextSize, nextName] = units[first + 1];
  const rest = Math.floor((whole % size) / nextSize);
  return rest ? `${lead} ${name} ${rest} ${nextName}` : `${lead} ${name}`;
}

function formatClock(date) {
  return date.toLocaleTimeString([], { hourCycle: "h23" });
}

const words = (identifier) => String(identifier).replaceAll("_", " ");
