// Dark or light as the system has it, or as the operator has chosen.

const THEMES = {
  auto: { text: "as the system", draw: () => [svg("circle", { cx: 8, cy: 8, r: 5.5 }),
    svg("path", { d: "M8 2.5a5.5 5.5 0 0 1 0 11z", fill: "currentColor" })] },
  light: { text: "light", draw: () => [svg("circle", { cx: 8, cy: 8, r: 3 }),
    svg("path", { d: "M8 .8v1.8M8 13.4v1.8M.8 8h1.8M13.4 8h1.8M2.9 2.9l1.3 1.3" +
      "M11.8 11.8l1.3 1.3M2.9 13.1l1.3-1.3M11.8 4.2l1.3-1.3" })] },
  dark: { text: "dark", draw: () => [
    svg("path", { d: "M13.5 9.6A6 6 0 0 1 6.4 2.5a6 6 0 1 0 7.1 7.1z" })] },
};

function storedTheme() {
  try {
    const name = localStorage.getItem("theme");
    return Object.hasOwn(THEMES, name) ? name : "auto";
  } catch {
    return "auto";  // storage is not allowed
  }
}

function setTheme(name) {
  const button = byId("theme");
  setAttribute(document.documentElement, "data-theme", name === "auto" ? null : name);
  setAttribute(button, "aria-label", `Theme: ${THEMES[name].text}`);
  setAttribute(button, "title", `Theme: ${THEMES[name].text}`);
  button.replaceChildren(svg("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" },
    ...THEMES[name].draw()));
  button.onclick = () => {
    const names = Object.keys(THEMES);
    const next = names[(names.indexOf(name) + 1) % names.length];
    try {
      localStorage.setItem("theme", next);
    } catch {
      // It lasts as long as the page.
    }
    setTheme(next);
  };
}

setTheme(storedTheme());
