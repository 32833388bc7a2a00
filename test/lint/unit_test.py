"""The unit of systemd: no mistakes, and how much it leaves to whoever takes over the process.

    test/lint/unit_test.py ROOT
"""

import pathlib
import shutil
import subprocess
import sys

# `systemd-analyze security`, 0 to 10; nginx's and HAProxy's units of Debian have 9.6.
MOST_EXPOSURE = 2.0


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode, done.stdout


def main():
    unit = pathlib.Path(sys.argv[1]) / "etc/systemd/uvoy.service"
    if shutil.which("systemd-analyze") is None:
        print("no systemd-analyze")
        return 77
    threshold = str(round(MOST_EXPOSURE * 10))
    code, text = run(
        "systemd-analyze", "security", "--offline=true", "--threshold", threshold, unit
    )
    print(text[-200:])
    settings = unit.read_text().splitlines()
    for needed in ("Type=notify", "RestartPreventExitStatus=78"):
        if needed not in settings:
            print(f"{unit}: without {needed}")
            code = 1
    return code


if __name__ == "__main__":
    sys.exit(main())
