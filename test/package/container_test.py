"""The recipe of the image, held against the tree: there is no registry to build it from here.

container_test.py UVOY
"""

import fnmatch
import json
import pathlib
import re
import shlex
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
RECIPE = ROOT / "etc/container/Containerfile"
UVOY = sys.argv.pop()


def instructions():
    """(keyword, text) of each, continuation lines joined."""
    lines = [line for line in RECIPE.read_text().splitlines() if not line.startswith("#")]
    text = "\n".join(lines).replace("\\\n", " ")
    return [tuple(line.split(maxsplit=1)) for line in text.splitlines() if line.strip()]


def ignored(path):
    """Patterns count from the top, those with **/ anywhere."""
    parts = pathlib.Path(path).parts
    for pattern in (ROOT / ".dockerignore").read_text().split():
        anywhere = pattern.startswith("**/")
        if any(
            fnmatch.fnmatch(part, pattern.removeprefix("**/"))
            for part in (parts if anywhere else parts[:1])
        ):
            return True
    return False


class Container(unittest.TestCase):
    def of(self, keyword):
        return [text for word, text in instructions() if word == keyword]

    def last(self, keyword):
        return self.of(keyword)[-1]

    def test_it_has_instructions_that_there_are(self):
        words = {word for word, _ in instructions()}
        known = {"FROM", "WORKDIR", "COPY", "RUN", "USER", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK"}
        self.assertEqual(words - known, {"ENTRYPOINT", "CMD"})
        self.assertEqual(instructions()[0][0], "FROM")

    def test_images_have_a_version_and_stages_a_name_that_exists(self):
        stages = set()
        for text in self.of("FROM"):
            image, *name = text.split(" AS ")
            self.assertRegex(image, r"^debian:[a-z]+-slim$")
            stages.update(name)
        used = set(re.findall(r"from=(\w+)", RECIPE.read_text()))
        self.assertEqual(used, stages)

    def test_what_is_copied_is_in_the_tree(self):
        copies = self.of("COPY")
        self.assertGreater(len(copies), 1)
        for text in copies:
            *sources, _ = shlex.split(text)
            for source in sources:
                self.assertTrue((ROOT / source).exists(), source)
                self.assertFalse(ignored(source), source)

    def test_nothing_that_the_package_is_made_of_is_left_out(self):
        for top in ("src", "etc", "scripts", "subprojects", "meson.build", "README.md"):
            for path in [ROOT / top, *(ROOT / top).rglob("*")]:
                name = str(path.relative_to(ROOT))
                self.assertTrue("__pycache__" in name or not ignored(name), name)
        for name in (".git", "build/release", "out", "test/package/__pycache__"):
            self.assertTrue(ignored(name), name)

    def test_scripts_are_run_with_options_that_they_take(self):
        run = " && ".join(self.of("RUN"))
        scripts = re.findall(r"(scripts/\w+)((?: --\w+)*)", run)
        self.assertEqual(len(scripts), 2)
        for script, options in scripts:
            text = (ROOT / script).read_text()
            for option in options.split():
                self.assertIn(f"    {option})", text)

    def test_packages_are_made_where_they_are_installed_from(self):
        run = " && ".join(self.of("RUN"))
        made = re.search(r"scripts/package (\S+)", run)[1]
        self.assertIn(f"source={made},target={made} ", run)
        self.assertIn(f" {made}/*.deb ", run)
        self.assertIn("apt-get install -y --no-install-recommends ", run)

    def test_it_runs_as_the_user_of_the_package_and_not_as_root(self):
        sysusers = (ROOT / "etc/systemd/uvoy.sysusers").read_text()
        self.assertIn(f"\nu {self.last('USER')} ", sysusers)

    def test_what_it_starts_is_a_command_of_the_program(self):
        (program,) = json.loads(self.last("ENTRYPOINT"))
        command, configuration = json.loads(self.last("CMD"))
        self.assertEqual(program, "/usr/bin/uvoy")
        self.assertEqual((command, configuration), ("run", "/etc/uvoy/uvoy.json"))
        checker, *check = json.loads(self.last("HEALTHCHECK").removeprefix("CMD "))
        self.assertEqual(checker, program)
        for words in ([command], check):
            told = subprocess.check_output([UVOY, *words, "--help"], text=True)
            self.assertIn(f"Usage: uvoy {' '.join(words)} ", told)

    def test_the_port_is_that_of_the_configuration_in_it(self):
        text = (ROOT / "etc/default/uvoy.json").read_text()
        ports = re.findall(r'"web": \{ "address": "[^"]*:(\d+)"', text)
        self.assertEqual([self.last("EXPOSE")], ports)


if __name__ == "__main__":
    unittest.main()
