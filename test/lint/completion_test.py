"""Completion in the shells themselves: what follows comes from the program.

completion_test.py UVOY
"""

import os
import pathlib
import pty
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "etc/completion"
UVOY = pathlib.Path(sys.argv.pop()).resolve()
ENVIRONMENT = {**os.environ, "PATH": f"{UVOY.parent}:/usr/bin:/bin", "TERM": "dumb"}
PATIENCE = 20

# A line up to the cursor, and some of what may follow.
CASES = [
    ("uvoy ch", {"check"}),
    ("uvoy ", {"run", "check", "explain", "version"}),
    ("uvoy explain --", {"--client", "--down", "--header", "--json"}),
    ("uvoy ctl s", {"status"}),
    ("uvoy ctl fa", {"failures"}),
    ("uvoy ctl failures --reason connect_r", {"connect_refused"}),
    ("uvoy ctl explain --", {"--client", "--header", "--json"}),
    ("uvoy ctl --json log-level ", {"debug", "info", "warning", "error"}),
    ("uvoy run some", {"some-file.json", "some-folder"}),
    ("uvoy explain -H a:b some-fi", {"some-file.json"}),
]


def bash(line, _):
    words = ["uvoy", *line.split(" ")[1:]]
    script = """
        source "$1"; COMP_LINE=$2; COMP_POINT=${#2}; COMP_WORDS=("${@:3}")
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _uvoy; printf '%s\\n' "${COMPREPLY[@]}"
    """
    command = ["bash", "-c", script, "bash", FOLDER / "uvoy.bash", line, *words]
    return subprocess.check_output(command, text=True, env=ENVIRONMENT).split()


def fish(line, _):
    script = 'source "$argv[1]"; complete -C "$argv[2]"'
    command = ["fish", "--no-config", "-c", script, FOLDER / "uvoy.fish", line]
    told = subprocess.check_output(command, text=True, env=ENVIRONMENT)
    return [each.split("\t")[0].rstrip("/") for each in told.splitlines()]


class Zsh:
    """Zsh completes for a terminal only."""

    def __init__(self, folder):
        # Its own folder for functions comes first.
        shutil.copy(FOLDER / "uvoy.zsh", folder / "_uvoy")
        self.process, self.terminal = pty.fork()
        if self.process == 0:
            os.execvpe("zsh", ["zsh", "-f", "-i"], {**ENVIRONMENT, "COLUMNS": "200"})
        self.ask(f"PS1=; fpath=({folder} $fpath); autoload -Uz compinit; compinit -D -u")
        self.ask("zstyle ':completion:*' verbose no; setopt no_beep no_list_ambiguous no_prompt_cr")
        self.ask("zstyle ':completion:*' menu yes; setopt always_last_prompt; LISTMAX=1000")
        self.ask("bindkey -e; bindkey '^I' list-choices")

    def ask(self, line):
        mark = f"done{time.monotonic_ns()}"
        os.write(self.terminal, f"{line}\necho {mark[:4]}''{mark[4:]}\n".encode())
        return self.read_until(mark)

    def complete(self, line, expected):
        """What is shown until all that is expected is there, and right after it."""
        os.write(self.terminal, f"{line}\t".encode())
        shown = self.read_until(*expected)
        # Control-U takes the line away.
        return [word.rstrip("/") for word in (shown + self.ask("\x15")).split()]

    def read_until(self, *words):
        text, end = "", time.monotonic() + PATIENCE
        while not all(word in text for word in words):
            ready, _, _ = select.select([self.terminal], [], [], max(0, end - time.monotonic()))
            if not ready:
                raise AssertionError(f"zsh shows {text!r}, and not {words}")
            text += os.read(self.terminal, 65536).decode(errors="replace")
        return text

    def close(self):
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)
        os.close(self.terminal)


class Completion(unittest.TestCase):
    def setUp(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(folder)
        pathlib.Path("some-file.json").touch()
        pathlib.Path("some-folder").mkdir()

    def check(self, complete):
        for line, expected in CASES:
            with self.subTest(line):
                found = set(complete(line, expected))
                self.assertEqual(expected - found, set(), found)
                others = {"demo-endpoint", "complete"}
                if line != "uvoy ":
                    others |= {"demo", "version"}
                self.assertEqual(found & others, set())

    def test_bash(self):
        self.check(bash)

    def test_fish(self):
        self.check(fish)

    def test_zsh(self):
        with tempfile.TemporaryDirectory() as functions:
            zsh = Zsh(pathlib.Path(functions))
            self.addCleanup(zsh.close)
            self.check(zsh.complete)


if __name__ == "__main__":
    unittest.main()
