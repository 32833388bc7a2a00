"""Debian's Chromium without a window, asked in JavaScript."""

import base64
import os
import pathlib
import shutil
import sys
import tempfile

import harness

try:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys
except ImportError:
    # Debian's package is there for Debian's interpreter only.
    DEBIAN = "/usr/bin/python3"
    if sys.executable != DEBIAN and os.path.exists(DEBIAN):
        os.execv(DEBIAN, [DEBIAN, *sys.argv])
    webdriver = Keys = None

CHROMIUM = shutil.which("chromium")
DRIVER = shutil.which("chromedriver")
HERE = webdriver is not None and CHROMIUM is not None and DRIVER is not None
# It talks to nobody but the page's server.
ARGUMENTS = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--force-device-scale-factor=1", "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
# Runs before every page, and is not subject to its policy.
WATCH = """
window.violations = [];
window.mistakes = [];
addEventListener("securitypolicyviolation", (e) =>
  violations.push(`${e.effectiveDirective} ${e.blockedURI}`));
addEventListener("error", (e) => mistakes.push(String(e.message)));
addEventListener("unhandledrejection", (e) => mistakes.push(String(e.reason)));
"""
# Goes on when what the page has become by now is on the screen.
SETTLED = """
const done = arguments[0];
requestAnimationFrame(() => requestAnimationFrame(() => done()));
"""
# Every text that can be seen, its colour, and that of what is behind it, as [r, g, b].
TEXTS = """
const pencil = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
const known = new Map();
const rgba = (color) => {
  if (!known.has(color)) {
    pencil.clearRect(0, 0, 1, 1);
    pencil.fillStyle = color;
    pencil.fillRect(0, 0, 1, 1);
    known.set(color, [...pencil.getImageData(0, 0, 1, 1).data]);
  }
  return known.get(color);
};
const over = (top, bottom) => [0, 1, 2].map((i) =>
  top[i] * top[3] / 255 + bottom[i] * (1 - top[3] / 255));
const behind = (node) => {
  const own = node === null ? [255, 255, 255, 255] : rgba(getComputedStyle(node).backgroundColor);
  return own[3] === 255 ? own.slice(0, 3) : over(own, behind(node.parentElement));
};
const found = [];
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walk.nextNode()) {
  const node = walk.currentNode.parentElement;
  if (!walk.currentNode.data.trim() || node.closest("script, noscript, .unseen, .skip")) continue;
  if (!node.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
  const style = getComputedStyle(node);
  const back = behind(node.closest("svg")?.parentElement ?? node);
  const ink = over(rgba(node.closest("svg") ? style.fill : style.color), back);
  found.push([walk.currentNode.data.trim(), ink, back]);
}
return found;
"""


class Browser:
    """One window. Its pictures are in `pictures`, a folder beside the program's of the build."""

    def __init__(self, pictures="ui-screenshots"):
        self.pictures = pathlib.Path(harness.BINARY).resolve().parents[1] / "test" / pictures

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="uvoy-ui-", ignore_cleanup_errors=True)
        options = webdriver.ChromeOptions()
        options.binary_location = CHROMIUM
        for argument in [*ARGUMENTS, f"--user-data-dir={self.folder.name}"]:
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(service=Service(DRIVER), options=options)
        self.driver.set_script_timeout(harness.PATIENCE)
        self.command("Performance.enable", timeDomain="threadTicks")
        self.command("Page.addScriptToEvaluateOnNewDocument", source=WATCH)
        return self

    def __exit__(self, *_):
        self.driver.quit()
        self.folder.cleanup()

    def command(self, name, **arguments):
        return self.driver.execute_cdp_cmd(name, arguments)

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def value(self, expression, *arguments):
        return self.run(f"return {expression}", *arguments)

    def wait(self, expression, *arguments):
        """Until the expression is true; gives what it is."""
        return harness.eventually(lambda: self.value(expression, *arguments), expression)

    def open(self, port):
        """The page, once it shows what is."""
        self.driver.get(f"http://127.0.0.1:{port}/")
        self.wait("document.querySelector('.link').dataset.link === 'live'")

    def press(self, *keys):
        """As the keyboard does, wherever the focus is."""
        ActionChains(self.driver).send_keys(*keys).perform()

    def resize(self, width, height, mobile=False):
        self.command("Emulation.setDeviceMetricsOverride", width=width, height=height,
                     deviceScaleFactor=1, mobile=mobile)

    def prefer(self, scheme):
        self.command("Emulation.setEmulatedMedia",
                     features=[{"name": "prefers-color-scheme", "value": scheme}])

    def busy(self):
        """CPU seconds of the page's thread: how busy the machine is does not matter."""
        metrics = self.command("Performance.getMetrics")["metrics"]
        return next(each["value"] for each in metrics if each["name"] == "TaskDuration")

    def messages(self):
        """What the console got since it was asked last, but for notes."""
        return [entry for entry in self.driver.get_log("browser") if entry["level"] != "INFO"]

    def texts(self):
        return self.run(TEXTS)

    def picture(self, name, whole=False):
        """What is shown now, or all of the page, as pictures/name.png."""
        self.pictures.mkdir(parents=True, exist_ok=True)
        self.driver.execute_async_script(SETTLED)
        shot = self.command("Page.captureScreenshot", captureBeyondViewport=whole)
        (self.pictures / f"{name}.png").write_bytes(base64.b64decode(shot["data"]))


def luminance(color):
    """WCAG 2.2, relative luminance."""
    parts = [part / 255 for part in color]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
