"""Collect the words that people see into workbench/locale/workbench.pot, and bring every translation up to it.

`make words`. A new language: pybabel init -i workbench/locale/workbench.pot -d workbench/locale -D workbench -l CODE
"""

import subprocess
import sys
from pathlib import Path

LOCALE = Path("workbench/locale")
POT = LOCALE / "workbench.pot"
# Neither lines nor dates: the file changes when the words do, and only then.
HEADER = """# The words that people see, for translation. Made by `make words`.
msgid ""
msgstr ""
"Project-Id-Version: workbench\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""
EXTRACT = [
    "extract",
    "-F",
    LOCALE / "babel.cfg",
    "-k",
    "pgettext:1c,2",
    "--no-location",
    "--sort-output",
    "--omit-header",
]


def pybabel(*arguments: object) -> None:
    subprocess.run([sys.executable, "-m", "babel.messages.frontend", *map(str, arguments)], check=True)


def main() -> None:
    pybabel(*EXTRACT, "-o", POT, ".")
    POT.write_text(HEADER + POT.read_text(encoding="utf-8"), encoding="utf-8")
    if any(LOCALE.glob("*/LC_MESSAGES/workbench.po")):
        pybabel(
            "update", "-i", POT, "-d", LOCALE, "-D", "workbench", "--no-fuzzy-matching", "--ignore-pot-creation-date"
        )
        pybabel("compile", "-d", LOCALE, "-D", "workbench")


if __name__ == "__main__":
    main()
