"""As much of PromQL as the tests of rules and dashboards have to understand."""

import re
import typing

GROUPING = re.compile(r"\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)")
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\{[^}]*\}|\[[^]]*\]|[a-zA-Z_:][\w:]*|\S')
NAME = re.compile(r"[a-zA-Z_:]")
WORDS = {"and", "or", "unless", "bool", "offset"}
COMPARISON = re.compile(r"(==|!=|<=|>=|<|>)")
SUFFIX = re.compile(r"_(bucket|sum|count)$")


class Selector(typing.NamedTuple):
    metric: str
    matchers: str  # with braces, or empty
    range: str  # without brackets, or empty
    function: str  # that is called with it alone, or empty


def selectors(expression):
    tokens = TOKEN.findall(GROUPING.sub(" ", expression)) + ["", "", ""]
    for i, token in enumerate(tokens):
        if not NAME.match(token) or token in WORDS or tokens[i + 1] == "(":
            continue
        matchers = tokens[i + 1] if tokens[i + 1].startswith("{") else ""
        after = tokens[i + 1 + bool(matchers)]
        called = i > 1 and tokens[i - 1] == "(" and NAME.match(tokens[i - 2])
        yield Selector(
            token,
            matchers,
            after[1:-1] if after.startswith("[") else "",
            tokens[i - 2] if called else "",
        )


def metrics(expression):
    """The names of all metrics that it asks for."""
    return {selector.metric for selector in selectors(expression)}


def family(metric):
    """The name that stands in # TYPE, of a histogram's or a summary's series."""
    return SUFFIX.sub("", metric)


def without_filters(expression):
    """The same with comparisons that tell 0 or 1 instead of leaving series out: it gives data
    wherever both of their sides do."""
    parts = re.split(r"(\{[^}]*\})", expression)
    parts[::2] = [COMPARISON.sub(r"\1 bool ", part) for part in parts[::2]]
    return "".join(parts)
