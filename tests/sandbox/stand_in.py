"""Stands in for an engine that some other user runs: lets attacks loose behind layers, and prints what comes of them.

Needs the standard library only, so that any Python that this user may read will do.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from assistant_nb.sandbox import launch
from assistant_nb.sandbox.layers import why_not
from assistant_nb.sandbox.limits import Limits, Room

SOURCE = Path(__file__).with_name("attacks.py").read_text(encoding="utf-8")


def main() -> None:
    """One JSON object a line. `why_not` is the only one where the layers do not hold."""
    spec = json.loads(sys.argv[1])
    reason = why_not(spec["layers"])
    print(json.dumps({"why_not": reason}), flush=True)
    if reason:
        return
    launch._spare_user = lambda: spec["uid"]  # whom the world belongs to
    targets = {**spec["targets"], "engine": os.getpid()}
    room, limits = Room(*map(Path, spec["room"])), Limits(**spec["limits"])
    for names in spec["batches"]:
        words = json.dumps({"names": names, "targets": targets, "apart": False})
        start = launch.launch([sys.executable, "-I", "-S", "-c", SOURCE, words], room, limits, spec["layers"])
        subprocess.run(
            start.argv, env=start.env, pass_fds=[targets["descriptor"]], stdin=subprocess.DEVNULL, timeout=50
        )


if __name__ == "__main__":
    main()
