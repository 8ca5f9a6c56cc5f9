"""An emulator that others wrote is asked about globe: up, no change, drift, a change of the file, down.

    python story.py --globe PROGRAM --moto URL --through URL --skips skips.json --folder SCRATCH

globe goes through a proxy that records, boto3 does not. Every chapter is a check with a name. What skips.json lists must fail, and fails the run when it does not.
"""

import argparse
import concurrent.futures
import json
import pathlib
import sys

import chapters
from globe import Failed, Place
from moto_cloud import Cloud

HERE = pathlib.Path(__file__).parent
# How much shorter globe's patience is with what is known to fail.
HOPELESS = 1000


class Verdicts:
    """What passed, what failed, and whether that was expected."""

    def __init__(self, reasons):
        self.reasons, self.wrong = reasons, []

    def note(self, name, problem):
        """Takes down how a check ended; `problem` is None when it passed."""
        reason = self.reasons.get(name)
        if problem is None and reason is None:
            print(f"ok       {name}")
        elif problem is None:
            self.wrong.append(f"{name} passes now, but skips.toml says: {reason}; take it off the list")
        elif reason is not None:
            print(f"skipped  {name}: {reason}")
        else:
            self.wrong.append(f"{name}: {problem}")


def tell(place, cloud, verdicts):
    """The chapters in their order, each with its checks; a command that fails ends the story."""
    for chapter in chapters.CHAPTERS:
        for check in chapter(place, cloud):
            try:
                check()
                verdicts.note(check.__name__.replace("_", " "), None)
            except AssertionError as problem:
                verdicts.note(check.__name__.replace("_", " "), str(problem) or "does not hold")


def lacking(skip, program, url, folder):
    """Brings up a component that moto lacks; raises when that works, or fails for another reason than the list's."""
    place = Place(program, url, folder / skip["name"].replace(" ", "-"), skip["stack"], HOPELESS)
    said = place.run("up", "--yes")
    text = f"{said.stdout}\n{said.stderr}"
    if said.returncode not in (1, 3) or " ".join(skip["says"].split()) not in " ".join(text.split()):
        raise Failed(f"ended with {said.returncode} and did not say {skip['says']!r}:\n{text}")


def hold_to_the_list(tried, verdicts):
    """Every component on the list must still fail for the reason it is there."""
    for skip, outcome in tried:
        error = outcome.exception()
        if error is None:
            print(f"skipped  {skip['name']}: {skip['reason']}")
        else:
            verdicts.wrong.append(f"{skip['name']} no longer fails as skips.toml says ({skip['reason']}): {error}")


def main():
    parser = argparse.ArgumentParser()
    for name in ("globe", "moto", "through", "skips", "folder"):
        parser.add_argument(f"--{name}", required=True)
    given = parser.parse_args()
    skips = json.loads(pathlib.Path(given.skips).read_text(encoding="utf-8"))
    folder, checks = pathlib.Path(given.folder), skips.get("check", [])
    verdicts = Verdicts({skip["name"]: skip["reason"] for skip in checks})
    place = Place(given.globe, given.through, folder / "story", (HERE / "stack.toml").read_text(encoding="utf-8"))
    with concurrent.futures.ThreadPoolExecutor() as pool:
        # Beside the story, in regions of their own.
        lacks = [(skip, pool.submit(lacking, skip, given.globe, given.moto, folder)) for skip in skips.get("component", [])]
        try:
            tell(place, Cloud(given.moto), verdicts)
        except Failed as error:
            verdicts.wrong.append(str(error))
        hold_to_the_list(lacks, verdicts)
    for problem in verdicts.wrong:
        print(f"WRONG    {problem}")
    return 1 if verdicts.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
