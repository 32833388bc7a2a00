"""What is wrong with a file is told completely, with its place; nothing wrong starts."""

import json
import pathlib
import re
import tempfile
import unittest

import harness
from harness import run_once

try:
    import jsonschema
except ImportError:
    jsonschema = None

GOOD = {
    "listeners": {"web": {"address": "127.0.0.1:3000"}},
    "clusters": {"app": {"endpoints": ["127.0.0.1:8081"]}},
}

# Each line with its mistake and what the answer must hold: line:column, pointer, hint.
TEN_MISTAKES = """{
  "workers": 2,
  "listenrs": {},
  "listeners": {
    "web": { "address": "127.0.0.1:99999", "tls": {} }
  },
  "clusters": {
    "app": { "endpoints": ["127.0.0.1:8081", "127.0.0.1:8081"],
             "load_balancing": { "policy": "ring_hsh" },
             "timeouts": { "connect": 5 } }
  },
  "rate_limits": { "a": { "rate": "100 per second" } },
  "routes": [ { "cluster": "app", "tiemout": "5s" },
              { "cluster": "ap" } ],
  "admin": true
}
"""
TEN_ANSWERS = [
    (3, 3, "/listenrs", 'did you mean "listeners"?'),
    (5, 25, "/listeners/web/address", "1..65535"),
    (5, 44, "/listeners/web/tls", "unknown key"),
    (8, 46, "/clusters/app/endpoints/1", "same address"),
    (9, 44, "/clusters/app/load_balancing/policy", 'did you mean "ring_hash"?'),
    (10, 39, "/clusters/app/timeouts/connect", "no unit"),
    (12, 35, "/rate_limits/a/rate", "100/s"),
    (13, 35, "/routes/0/tiemout", 'did you mean "timeout"?'),
    (14, 28, "/routes/1/cluster", 'did you mean "app"?'),
    (15, 12, "/admin", "expected"),
]

JUNK = {
    "empty": b"",
    "blank": b" \n\t\n",
    "only a comment": b"// nothing\n",
    "an open comment": b"/* {}",
    "binary": bytes(range(256)) * 16,
    "zeros": bytes(1000),
    "an ELF header": b"\x7fELF\x02\x01\x01" + bytes(100),
    "UTF-16": json.dumps(GOOD).encode("utf-16"),
    "not UTF-8": json.dumps(GOOD).encode().replace(b"web", b"w\xffb"),
    "a cut file": json.dumps(GOOD).encode()[:-9],
    "a cut string": b'{"listeners": "we',
    "a cut escape": b'{"listeners": "\\u12',
    "a lone surrogate": b'{"hash_seed": "\\ud800"}',
    "null": b"null",
    "a number": b"42",
    "a huge number": b'{"workers": 1' + b"0" * 5000 + b"}",
    "a string": b'"listeners"',
    "an array": b"[]",
    "an empty object": b"{}",
    "a trailing comma": b'{"listeners": {},}',
    "two values": b"{} {}",
    "a key twice": b'{"workers": 1, "workers": 2}',
    "deep arrays": b"[" * 100000,
    "deep objects": b'{"a":' * 100000,
    "deep and closed": b"[" * 50000 + b"]" * 50000,
    "a long key": b'{"' + b"k" * 1000000 + b'": 1}',
    "a control character": b'{"hash_seed": "a\nb"}',
    "python's None": b"{'listeners': None}",
    "yaml": b"listeners:\n  web:\n    address: 1\n",
    "not a number": b'{"workers": NaN}',
    "listeners of a wrong type": b'{"listeners": [], "clusters": 7}',
    "no endpoints": b'{"listeners": {"w": {"address": "x"}}, "clusters": {"a": {"endpoints": []}}}',
    "an escape sequence for a terminal": b'{"\x1b[31mred": 1}',
}

LATER = [
    ("/tracing", {"tracing": {}}),
    ("/listeners/web/tls", {"listeners": {"web": {"tls": None}}}),
    ("/listeners/web/proxy_protocol", {"listeners": {"web": {"proxy_protocol": True}}}),
    ("/listeners/web/http2", {"listeners": {"web": {"http2": True}}}),
    ("/routes/0/redirect", {"routes": [{"cluster": "app", "redirect": {}}]}),
    ("/routes/0/mirror", {"routes": [{"cluster": "app", "mirror": {}}]}),
]


class Configuration(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def check(self, text, command="check"):
        path = self.folder / "uvoy.json"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return run_once(command, path)

    def refused(self, done, lines=None):
        """The problems: each one line, in the form of a compiler, with nothing else around."""
        self.assertEqual(done.returncode, 78, done.err[-2000:])
        self.assertEqual(done.out, "")
        problems = done.err.splitlines()
        self.assertGreater(len(problems), 0)
        for problem in problems:
            self.assertRegex(problem, r"^/[^:]+(:\d+:\d+)?: error: ")
            self.assertTrue(problem.isprintable(), problem[:300])
            self.assertLess(len(problem), 1000)
        if lines is not None:
            self.assertEqual(len(problems), lines, done.err)
        return problems

    def test_ten_mistakes_are_told_at_once_each_with_its_place_and_a_hint(self):
        problems = self.refused(self.check(TEN_MISTAKES), len(TEN_ANSWERS))
        for line, column, pointer, hint in TEN_ANSWERS:
            place = f"uvoy.json:{line}:{column}: error: {pointer}: "
            found = [problem for problem in problems if place in problem]
            self.assertEqual(len(found), 1, f"{place} is not in\n" + "\n".join(problems))
            self.assertIn(hint, found[0])

    def test_a_misspelled_action_is_one_mistake(self):
        text = json.dumps(harness.merge(GOOD, {"routes": [{"clutser": "app"}]}))
        self.assertIn('did you mean "cluster"?', self.refused(self.check(text), 1)[0])

    def test_the_problems_come_in_the_order_of_the_file(self):
        places = [
            tuple(map(int, re.search(r":(\d+):(\d+):", problem).groups()))
            for problem in self.refused(self.check(TEN_MISTAKES))
        ]
        self.assertEqual(places, sorted(places))

    def test_run_tells_the_same_and_does_not_start(self):
        self.assertEqual(
            self.refused(self.check(TEN_MISTAKES, "run")), self.refused(self.check(TEN_MISTAKES))
        )

    def test_junk_is_refused_in_a_line(self):
        for what, junk in JUNK.items():
            with self.subTest(what):
                self.refused(self.check(junk))

    def test_what_is_no_file_is_refused_in_a_line(self):
        for what, path in {
            "missing": self.folder / "nothing",
            "a directory": self.folder,
            "below a file": "/dev/null/uvoy.json",
            "empty device": "/dev/null",
            "endless device": "/dev/zero",
        }.items():
            with self.subTest(what):
                self.assertIn(str(path), self.refused(run_once("check", path), 1)[0])

    def test_every_prefix_of_a_good_file_is_refused(self):
        text = json.dumps(GOOD)
        for size in range(0, len(text), 7):
            with self.subTest(size):
                self.refused(self.check(text[:size]))

    def test_keys_of_later_parts_are_unknown_keys(self):
        for pointer, more in LATER:
            with self.subTest(pointer):
                problems = self.refused(self.check(json.dumps(harness.merge(GOOD, more))))
                self.assertTrue(
                    any(f"{pointer}: unknown key" in problem for problem in problems), problems
                )

    def test_a_good_file_is_good(self):
        done = self.check(json.dumps(GOOD))
        self.assertEqual((done.returncode, done.err), (0, ""))
        self.assertIn("1 listener, 1 cluster with 1 endpoint, 1 route", done.out)

    def test_comments_do_no_harm(self):
        text = "// mine\n" + json.dumps(GOOD) + "/* end\n */"
        self.assertEqual(self.check(text).returncode, 0)

    def test_a_byte_order_mark_is_called_by_its_name(self):
        problems = self.refused(self.check(b"\xef\xbb\xbf" + json.dumps(GOOD).encode()), 1)
        self.assertIn("byte order mark", problems[0])

    def test_the_examples_that_are_delivered_are_good(self):
        etc = harness.ROOT / "etc"
        files = sorted(set(etc.rglob("*.json")) - set((etc / "grafana").rglob("*")))
        self.assertGreater(len(files), 1)
        for path in files:
            with self.subTest(path.name):
                done = run_once("check", path)
                self.assertEqual((done.returncode, done.err), (0, ""))

    @unittest.skipIf(jsonschema is None, "python3-jsonschema is not installed")
    def test_the_schema_says_what_check_says(self):
        schema = json.loads(run_once("schema").out)
        jsonschema.Draft7Validator.check_schema(schema)
        validator = jsonschema.Draft7Validator(schema)
        port = {"listeners": {"web": {"address": ["127.0.0.1:1", "[::1]:1", "unix:/x"]}}}
        good = [GOOD, harness.config("a:1", "[::1]:2"), harness.merge(GOOD, port)]
        bad = [more for _, more in LATER] + [
            {"workers": 0}, {"workers": "many"}, {"listeners": {"web": {"address": 1}}},
            {"clusters": {"app": {"timeouts": {"connect": 5}}}},
            {"clusters": {"app": {"load_balancing": {"policy": "ring"}}}},
            {"rate_limits": {"a": {}}}, {"rate_limits": {"a": {"rate": "fast"}}},
        ]
        for value in good:
            self.assertEqual(self.check(json.dumps(value)).returncode, 0, value)
            validator.validate(value)
        for more in bad:
            value = harness.merge(GOOD, more)
            self.assertEqual(self.check(json.dumps(value)).returncode, 78, value)
            self.assertFalse(validator.is_valid(value), value)


class CommandLine(unittest.TestCase):
    def test_version_is_one_line(self):
        for arguments in (["version"], ["--version"]):
            with self.subTest(arguments):
                self.assertRegex(run_once(*arguments).out, r"^uvoy \d+\.\d+\.\d+\n$")

    def test_what_is_not_known_is_refused(self):
        for arguments in (["fly"], ["run"], ["check"], ["run", "a", "b"], ["--fast"], []):
            with self.subTest(arguments):
                done = run_once(*arguments)
                self.assertNotIn(done.returncode, (0, 78) if arguments else (78,))
                self.assertNotEqual(done.out + done.err, "")


if __name__ == "__main__":
    harness.main()
