#!/usr/bin/env python3
"""Makes a C++ source of the page: one document, and the policy that its hashes are in.

    embed.py OUTPUT page.html STYLE.css... SCRIPT.js...

Style sheets and scripts are joined in their order; all scripts are one module, with one scope.
"""

import base64
import hashlib
import pathlib
import sys

SOURCE = """// Made by src/server/ui/embed.py.
#include "server/admin_page.h"

namespace uvoy::server {{

const std::string_view ui_document = R"uvoy({document})uvoy";
const std::string_view ui_policy = "{policy}";

}}  // namespace uvoy::server
"""


def joined(paths, kind, end):
    """The text of the files of a kind, which does not end the element it will stand in."""
    text = "\n".join(path.read_text() for path in paths if path.suffix == kind)
    if end in text.lower() or "\r" in text:
        sys.exit(f"embed.py: {end} or a carriage return in a file {kind}")
    return text


def source_of(text):
    """As a policy names what it lets run."""
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def main():
    output, *inputs = map(pathlib.Path, sys.argv[1:])
    style = joined(inputs, ".css", "</style")
    script = joined(inputs, ".js", "</script")
    (page,) = (path for path in inputs if path.suffix == ".html")
    document = page.read_text().replace("{{style}}", style).replace("{{script}}", script)
    policy = [
        "default-src 'none'",
        f"style-src {source_of(style)}",
        f"script-src {source_of(script)}",
        "connect-src 'self'",
        "img-src data:",  # the icon, which is written in the page
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        # No text can become markup or code in the page, whatever a script does.
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    ]
    output.write_text(SOURCE.format(document=document, policy="; ".join(policy)))


if __name__ == "__main__":
    main()
