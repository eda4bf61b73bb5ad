"""A private Slurm by hand: `python -m tests.slurm_stack start|stop|env DIR`; then `eval "$(… env DIR)"`."""

import sys
import time
from pathlib import Path

from tests.slurm_stack.missing import missing
from tests.slurm_stack.stack import Stack


def main(words: list[str]) -> int:
    if len(words) != 2 or words[0] not in ("start", "stop", "env"):
        print(__doc__, file=sys.stderr)
        return 2
    folder = Path(words[1]).resolve()
    if words[0] == "start":
        if why := missing():
            print(f"No Slurm can run here: {why}", file=sys.stderr)
            return 1
        folder.mkdir(mode=0o755, exist_ok=True)
        began = time.monotonic()
        Stack.start(folder)
        print(f"It runs, started in {time.monotonic() - began:.1f} s.")
    if words[0] == "stop":
        Stack.at(folder).stop()
        return 0
    print(f"export SLURM_CONF={Stack.at(folder).conf}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
