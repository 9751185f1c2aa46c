"""The command line: `assistant-nb lab | run | check | new-lesson | record | handout | serve | store | doctor`."""

import argparse
import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, cast

from . import __version__, classroom, course, upkeep
from .engine.errors import EngineError, ModelError
from .lite.wheels import SiteError
from .machine import in_browser, not_here

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001  argparse has no other name for it

_CHOICES = ("store", "base_url", "model", "api_key", "cap_tokens", "stall_s", "recording", "record", "fallback")
"""Options of `serve` that are choices of an engine."""
_JUPYTER = Path(__file__).parent / "jupyter"
"""Settings for JupyterLab: widgets use no subshells of the kernel, which lose messages at a reload."""
_LATE = "Are you late? Click the cell where the class is. Choose Run > Run All Above Selected Cell."
_NEEDS_LAB = "This needs more of the package. Install it with: pip install 'assistant_nb[lab]'"


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command. Returns the exit code of the process: 0 success, 1 failure, 2 wrong arguments."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a pipe of Windows does not take each character
            stream.reconfigure(errors="replace")
    arguments, rest = _parser().parse_known_args(argv)
    if rest and arguments.command is not lab:
        _parser().error(f"unrecognized arguments: {' '.join(rest)}")
    try:
        return int(arguments.command(arguments, rest))
    except (EngineError, course.LessonError, SiteError) as error:
        print(error, file=sys.stderr)
        return 1
    except BrokenPipeError:  # who reads has read enough: `assistant-nb doctor | head -1`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        named = f"'{error.filename}' cannot be used ({error.strerror}). Name another file or --dir."
        print(named if error.filename else f"{error}.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def lab(arguments: argparse.Namespace, rest: list[str]) -> int:
    """Open JupyterLab on the learner's own copy of the lessons."""
    if not _can_open(["jupyterlab"]):
        return 1
    folder = Path(arguments.dir)
    for lesson, done in course.copy_to(folder, course.find(arguments.fresh) if arguments.fresh else None):
        print(f"{done:4}  {lesson}")
    print(_LATE)
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        f"--ServerApp.root_dir={folder.resolve()}",
        f"--LabApp.default_url=/lab/tree/{course.lessons()[0].name}",
        # Lessons work offline: nothing shall ask the network for news.
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.news_url=None",
        "--LabApp.extension_manager=readonly",  # the other one lists what PyPI has
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")  # in a container one is root, and Jupyter would refuse to start
    command += [word for word in rest if word != "--"]
    config = [str(_JUPYTER), os.environ.get("JUPYTER_CONFIG_PATH")]
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, config))
    if os.name != "nt":
        sys.stdout.flush()
        os.execv(sys.executable, command)  # noqa: S606  becomes JupyterLab, so that signals reach it
    return subprocess.call(command)  # noqa: S603


def run(arguments: argparse.Namespace, rest: list[str]) -> int:
    """Execute lessons. Say for each whether it passed, or which cell failed and why."""

    def one(lesson: Path, on_cell: upkeep.OnCell) -> list[str]:
        course.run(lesson, on_cell)
        return []

    return _of_each(arguments.lessons, one, "passed")


def check(arguments: argparse.Namespace, rest: list[str]) -> int:
    """Say for each lesson whether it is true: outputs exact, recordings used, no secrets."""
    return _of_each(arguments.lessons, upkeep.check, "true: runs, outputs exact, recording all used, no secret")


def new_lesson(arguments: argparse.Namespace, rest: list[str]) -> int:
    """Begin a lesson of one's own, and say what to do with it."""
    if not _can_execute():
        return 1
    notebook, recording = classroom.new_lesson(arguments.name)
    print(
        f"{notebook}: your lesson. Open it in JupyterLab.\n{recording}: its answers.\n"
        f"Let a model answer:  assistant-nb record {notebook} --base-url URL --model NAME\n"
        f"See that it is true: assistant-nb check {notebook}\n"
        f"Test it:             pytest --nbval {notebook}"
    )
    return 0


def handout(arguments: argparse.Namespace, rest: list[str]) -> int:
    """Write lessons for students."""
    if not _can_execute():
        return 1
    for name in arguments.lessons:
        print(classroom.handout(course.find(name), Path(arguments.dir)))
    return 0


def site(arguments: argparse.Namespace, rest: list[str]) -> int:
    """Build the course as a web site, and say how to look at it."""
    if not _can_open([]):
        return 1
    from .lite import site as lite

    begin = time.monotonic()

    def say(part: str) -> None:
        print(f"{time.monotonic() - begin:4.0f} s  {part}", flush=True)

    out = Path(arguments.out)
    lite.build(out, say)
    say(f"done: {lite.size_bytes(out) / 1e6:.0f} MB in '{out}'")
    print(f"See it: {Path(sys.executable).name} -m http.server --directory '{out}'. Then open http://localhost:8000")
    return 0


def record(arguments: argparse.Namespace, rest: list[str]) -> int:
    """Let a live model answer a lesson, and write its recording and its outputs."""
    from .engine.model.budget import Budget, Ledger
    from .engine.model.live import Live

    spent, key = Ledger(), arguments.api_key or os.environ.get("OPENAI_API_KEY")
    try:
        live = Live(arguments.base_url, arguments.model, key, budget=Budget(arguments.cap_tokens, ledger=spent))
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2

    def one(lesson: Path, on_cell: upkeep.OnCell) -> list[str]:
        try:
            return upkeep.record(lesson, Path(arguments.dir), live, on_cell)
        except ModelError as error:
            return [f"not recorded, as the model gave no answer. {error}"]

    try:
        return _of_each([arguments.lesson], one, f"recorded in {arguments.dir}")
    finally:
        print(f"used: {spent.requests:,} requests, {spent.tokens:,} tokens")


def _can_execute() -> bool:
    return _can_open(["nbformat", "nbclient", "ipykernel", "tqdm"])


def _can_open(needed: Sequence[str]) -> bool:
    """Return True if other programs can be started here, and the packages are installed. Else say what to do."""
    if in_browser():
        print(not_here("start other programs, as this command does"), file=sys.stderr)
        return False
    if found := all(map(find_spec, needed)):
        return found
    print(_NEEDS_LAB, file=sys.stderr)
    return False


def _of_each(names: list[str], work: Callable[[Path, upkeep.OnCell], list[str]], well: str) -> int:
    """Do `work` with lessons, all if none is named, and print the results. `work` returns what is wrong."""
    if not _can_execute():
        return 1
    failures = 0
    for lesson in [course.find(name) for name in names] or course.lessons():
        try:
            wrong = _with_bar(lesson, work)
        except (course.LessonError, EngineError) as error:
            wrong = [str(error)]
        failures += bool(wrong)
        print("\n".join(f"{lesson.stem}: {one}" for one in wrong or [f"{well} ({lesson})"]))
    return 1 if failures else 0


def serve(arguments: argparse.Namespace, rest: list[str]) -> int:
    """Start the engine alone, and print address and key for `export`."""
    from .choices import Given
    from .client import serve as open_server

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    given = {name: getattr(arguments, name) for name in _CHOICES if getattr(arguments, name) is not None}
    try:
        server, key, banner = open_server(arguments.host, arguments.port, **cast(Given, given))
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    with server:
        print(banner, file=sys.stderr)
        print(f"OPENAI_BASE_URL={server.url}\nOPENAI_API_KEY={key}", flush=True)
        server.wait()
    return 0


def doctor(arguments: argparse.Namespace, rest: list[str]) -> int:
    """Say what works on this machine. Returns 1 if lessons cannot run."""
    from .doctor import report
    from .engine.model.live import Live

    key = arguments.api_key or os.environ.get("OPENAI_API_KEY")
    lines = report(Live(arguments.base_url, arguments.model, key) if arguments.base_url else None)
    can_run = True
    for line, fine in lines:
        print(line, flush=True)
        can_run = can_run and fine
    return 0 if can_run else 1


def store_check(arguments: argparse.Namespace, rest: list[str]) -> int:
    """Say whether a store is whole. Save what can be read of a damaged one, and say what is lost."""
    from .engine.rescue import check as look

    path = Path(arguments.file)
    to = Path(arguments.to) if arguments.to else path.with_name(f"{path.stem}.rescued{path.suffix}")
    report = look(path, to)
    things = ", ".join(f"{count} {kind}" for kind, count in report.counts.items()) or "nothing"
    if not report.damage:
        print(f"'{path}' is whole: {things}.")
        return 0
    print(f"'{path}' is damaged ({report.damage}). It was not changed.\nSaved in '{to}': {things}.")
    print("\n".join(["Lost:", *(f"  {one}" for one in report.lost)] if report.lost else ["Nothing is lost."]))
    return 1


def _with_bar(lesson: Path, work: Callable[[Path, upkeep.OnCell], list[str]]) -> list[str]:
    from tqdm import tqdm

    with tqdm(desc=lesson.stem, unit="cell", leave=False) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        return work(lesson, show)


def _add_key(parser: argparse.ArgumentParser) -> None:
    """Add an option for the name of a variable, so that the key itself is in no shell's history."""

    def variable(name: str) -> str:
        if not (key := os.environ.get(name)):
            raise argparse.ArgumentTypeError(f"the environment variable '{name}' is not set")
        del os.environ[name]  # what this command starts does not need it
        return key

    known = "where the endpoint's key is (default: OPENAI_API_KEY)"
    parser.add_argument("--api-key-env", dest="api_key", metavar="VAR", type=variable, help=known)


def _add_cap(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--cap-tokens", metavar="N", type=int, help="how many tokens the endpoint may take in all")


def _base_url(given: str) -> str:
    """Check an endpoint's address before anything else is done."""
    from .engine.model.address import NoAddress, split

    try:
        split(given)
    except NoAddress as error:
        raise argparse.ArgumentTypeError(f"{error.problem} Use: --base-url {error.better}") from None
    return given


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="assistant-nb", description="Learn the Assistants API in Jupyter, offline.")
    parser.add_argument("--version", action="version", version=f"assistant_nb {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    _add_lessons(commands)
    _add_engine(commands)
    return parser


def _add_lessons(commands: "Commands") -> None:
    """Add the commands of those who learn and teach."""
    one = commands.add_parser("lab", help="open JupyterLab on your own copy of the lessons")
    one.add_argument("--dir", default="assistant-nb-lessons", help="where your copy is (default: %(default)s)")
    one.add_argument("--fresh", metavar="LESSON", help="bring this lesson back as it was; your file gets another name")
    one.set_defaults(command=lab)

    one = commands.add_parser("run", help="execute lessons without a browser")
    one.add_argument("lessons", nargs="*", metavar="LESSON", help="such as 01, or a notebook file (default: all)")
    one.set_defaults(command=run)

    one = commands.add_parser("check", help="execute lessons and compare: outputs, recordings, no secrets")
    one.add_argument("lessons", nargs="*", metavar="LESSON", help="such as 01, or a notebook file (default: all)")
    one.set_defaults(command=check)

    one = commands.add_parser("new-lesson", help="begin a lesson of your own: a notebook that runs, and its recording")
    one.add_argument("name", metavar="NAME", help="such as tides, or a path: week1/tides")
    one.set_defaults(command=new_lesson)

    one = commands.add_parser("record", help="let a live model answer a lesson; writes its recording and its outputs")
    one.add_argument("lesson", metavar="LESSON", help="such as 01, or a notebook file")
    help_ = "an endpoint of chat completions"
    one.add_argument("--base-url", metavar="URL", required=True, type=_base_url, help=help_)
    one.add_argument("--model", metavar="NAME", help="its name there (default: the one that the lesson asks for)")
    _add_key(one)
    _add_cap(one)
    one.add_argument("--dir", default="assistant-nb-recorded", help="where both go (default: %(default)s)")
    one.set_defaults(command=record)

    one = commands.add_parser("site", help="build the course as a web site, which needs no installation to work with")
    one.add_argument("out", metavar="OUT", help="the folder for it; a site that is there is replaced")
    one.set_defaults(command=site)

    one = commands.add_parser("handout", help="write lessons for students: no outputs, no answers, with their data")
    one.add_argument("lessons", nargs="+", metavar="LESSON", help="such as 01, or a notebook file")
    one.add_argument("--dir", required=True, help="where they go")
    one.set_defaults(command=handout)


def _add_engine(commands: "Commands") -> None:
    """Add the commands of those who look after an engine."""
    one = commands.add_parser("serve", help="start the engine alone, for clients in other processes")
    one.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: %(default)s)")
    one.add_argument("--port", type=int, default=0, help="the port (default: any free one)")
    one.add_argument("--store", metavar="FILE", help="keep everything in this file (default: in memory)")
    help_ = "who answers: a model at this endpoint of chat completions"
    one.add_argument("--base-url", metavar="URL", type=_base_url, help=help_)
    who = one.add_mutually_exclusive_group()
    who.add_argument("--model", metavar="NAME", help="its name there (default: the one that each run asks for)")
    who.add_argument("--practice", dest="model", action="store_const", const="practice", help="answer by plain rules")
    who.add_argument("--human", dest="model", action="store_const", const="human", help="you answer, at /v1/lab/seats")
    _add_key(one)
    _add_cap(one)
    one.add_argument("--recording", metavar="FILE", help="answer from this recording, or from that of this lesson")
    one.add_argument("--record", metavar="FILE", help="keep what the endpoint, or you, have answered")
    one.add_argument("--stall-s", type=float, metavar="S", help="how many seconds the endpoint may be silent")
    one.add_argument("--fallback", choices=["recorded", "practice"], help="what answers when the endpoint fails")
    one.set_defaults(command=serve)

    one = commands.add_parser("doctor", help="say what works on this machine, and what to do where something does not")
    one.add_argument("--base-url", metavar="URL", type=_base_url, help="try this endpoint, too, with one question")
    one.add_argument("--model", metavar="NAME", help="its model")
    _add_key(one)
    one.set_defaults(command=doctor)

    stores = commands.add_parser("store", help="look after a store file").add_subparsers(
        required=True, metavar="COMMAND"
    )
    one = stores.add_parser("check", help="say whether a store is whole; save what can be read of a damaged one")
    one.add_argument("file", metavar="FILE", help="the store; it is not changed")
    one.add_argument("--to", metavar="NEW", help="the new file (default: beside it, such as class.rescued.db)")
    one.set_defaults(command=store_check)


if __name__ == "__main__":
    sys.exit(main())
