"""Runs a program of Prefect's so that its lines have their priority in the journal.

    priorities.py PROGRAM ARGUMENT…        priorities.py -m MODULE ARGUMENT…

Journald takes `<3>` at the beginning of a line as its priority and removes it. Here each line that
Prefect's own console handler prints gets that of its record, all lines of a traceback that of an
error. Whoever has Prefect log by another handler (logging.yml) gets what that prints.

In the process itself, and not by PREFECT_LOGGING_… variables: these would need a module on the path
of every Python that inherits them, and where it is missing Prefect logs nothing at all.

Where standard error is not the journal nothing of this happens.
"""
import logging
import os
import sys

ERROR = 3
PRIORITIES = ((logging.CRITICAL, 2), (logging.ERROR, ERROR), (logging.WARNING, 4), (logging.INFO, 6))


def prints_into_journal():
    try:
        stat = os.fstat(2)
    except OSError:
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{stat.st_dev}:{stat.st_ino}"


def priority_of(level):
    return next((priority for least, priority in PRIORITIES if level >= least), 7)


def prefixed(text, priority):
    return "\n".join(f"<{priority}>{line}" for line in text.split("\n"))


def label_records():
    from prefect.logging.handlers import PrefectConsoleHandler

    plain = PrefectConsoleHandler.format

    def labelled(self, record):
        return prefixed(plain(self, record), priority_of(record.levelno))

    PrefectConsoleHandler.format = labelled


def label_tracebacks():
    import io
    import threading
    import traceback

    plain = traceback.print_exception

    def labelled(*arguments, **named):
        """As print_exception(exc, value, tb, limit, file, …) and by names."""
        file = arguments[4] if len(arguments) > 4 else named.get("file")
        if file not in (None, sys.stderr):
            return plain(*arguments, **named)
        text = io.StringIO()
        if len(arguments) > 4:
            arguments = (*arguments[:4], text, *arguments[5:])
        else:
            named["file"] = text
        plain(*arguments, **named)
        sys.stderr.write(prefixed(text.getvalue().rstrip("\n"), ERROR) + "\n")

    def of_thread(what):
        if what.exc_type is not SystemExit:
            name = what.thread.name if what.thread else "unknown"
            sys.stderr.write(f"<{ERROR}>Exception in thread {name}:\n")
            labelled(what.exc_type, what.exc_value, what.exc_traceback)

    traceback.print_exception = labelled
    threading.excepthook = of_thread
    sys.excepthook = lambda *what: labelled(*what)


def label():
    """What of it does not fit the Prefect at hand leaves its lines without a priority."""
    if not prints_into_journal():
        return
    try:
        label_tracebacks()
        label_records()
    except ImportError:
        pass  # which the program itself will tell, if it needs it
    except Exception as error:
        print(f"<4>sails-supervisor: lines have no priorities: {error!r}", file=sys.stderr)


def main(here):
    import runpy

    arguments = sys.argv[1:]
    is_module = arguments[0] == "-m"
    program = arguments[is_module]
    # As if it had been started by itself.
    if sys.path and sys.path[0] == here:
        sys.path[0] = os.getcwd() if is_module else os.path.dirname(program)
    sys.argv = arguments[is_module:]
    label()
    if is_module:
        runpy.run_module(program, run_name="__main__", alter_sys=True)
    else:
        runpy.run_path(program, run_name="__main__")


if __name__ == "__main__":
    main(os.path.dirname(os.path.abspath(__file__)))
