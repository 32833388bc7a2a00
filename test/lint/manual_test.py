"""The manual pages: well formed, and uvoy(8) has every command and option of the program.

manual_test.py UVOY
"""

import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

PAGE = pathlib.Path(__file__).resolve().parents[2] / "etc/man/uvoy.8"
UVOY = sys.argv.pop()


def output(*command):
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return done.stdout + done.stderr


def help_of(*command):
    """Names of the commands and of the options that `uvoy COMMAND --help` tells."""
    options, _, commands = output(UVOY, *command, "--help").partition("\nSubcommands:\n")
    return (
        re.findall(r"^  ([\w-]+)", commands, re.MULTILINE),
        re.findall(r"(?<![\w-])(--?[\w-]+)(?=[,\s])", re.sub(r"(?m)^Usage:.*$", "", options)),
    )


def tree(*command):
    """Every command with its options."""
    commands, options = help_of(*command)
    yield command, options
    for name in commands:
        yield from tree(*command, name)


class Manual(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        printed = pathlib.Path(cls.folder.name, "uvoy.json.5")
        printed.write_text(output(UVOY, "man"))
        cls.pages = [PAGE, printed]

    def test_pages_are_well_formed(self):
        for page in self.pages:
            with self.subTest(page.name):
                self.assertEqual(output("mandoc", "-Tlint", "-Wwarning", page), "")
                formatted = ["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", page]
                done = subprocess.run(formatted, capture_output=True, text=True)
                self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_every_command_and_option_is_described(self):
        text = PAGE.read_text()
        commands = 0
        for command, options in tree():
            for word in command:
                self.assertRegex(text, rf"(?m)^\.It Cm {word}(?: |$)", command)
            for option in set(options) - {"-h", "--help", "--version"}:
                flag = re.escape(option.removeprefix("-"))
                with self.subTest(f"{' '.join(command)} {option}"):
                    self.assertRegex(text, rf"(?m)^\.It Fl (?:\w , )?{flag}(?: |$)")
            commands += 1
        self.assertGreater(commands, 6)

    def test_no_command_is_described_that_there_is_not(self):
        known = {word for command, _ in tree() for word in command}
        described = re.findall(r"(?m)^\.It Cm ([\w-]+)", PAGE.read_text())
        self.assertEqual(set(described) - known, set())


if __name__ == "__main__":
    unittest.main()
