"""An engine as a lesson leaves it before its exercises, and attempts made in it as a learner makes them: by code."""

from typing import Any

import assistant_nb as anb
from assistant_nb.engine.model.fallback import Fallback
from assistant_nb.engine.model.practice import Practice
from assistant_nb.engine.model.recorded import Recorded, find
from assistant_nb.exercises.see import See
from tests.exercises.preludes import PRELUDES, RECORDINGS

Space = dict[str, Any]


def world(lesson: str, *attempts: str) -> See:
    """Run the lesson's own code, then attempts, and return what a check sees then."""
    recorded = Recorded(find(RECORDINGS[lesson])) if lesson in RECORDINGS else None
    client = anb.connect(model=Fallback(recorded, Practice()) if recorded else Practice(), ids="lesson")
    space: Space = {"client": client, "anb": anb}
    for code in (PRELUDES.get(lesson, ""), *attempts):
        exec(code, space)
    return See(client)
