"""Asks an AWS about what AWS documents that it does, and fails when it does otherwise.

    python behaviour.py --endpoint URL [--only CHAPTER,...] [--json FILE]

Each chapter has an empty account of its own. What is asked comes from AWS's documentation and service models.
"""

import argparse
import json
import sys
import traceback

import compute
import data
import edge
import network
import operations
import storage
from asker import Account

CHAPTERS = [
    chapter for module in (network, compute, storage, data, edge, operations) for chapter in module.CHAPTERS
]


def ask(endpoint, only):
    """All verdicts: (chapter, check, problem or None)."""
    verdicts = []
    for number, chapter in enumerate(CHAPTERS):
        name = chapter.__name__.replace("_", " ")
        if only and name not in only:
            continue
        account = Account(endpoint, 100_000_000_001 + number, name, verdicts)
        try:
            chapter(account)
        except Exception as error:  # noqa: BLE001 - whatever it was, the rest of the chapter was not asked
            at = traceback.extract_tb(error.__traceback__)
            line = next((frame.lineno for frame in reversed(at) if frame.filename.endswith(".py") and "botocore" not in frame.filename), 0)
            account.note("the chapter is told to its end", f"line {line}: {type(error).__name__}: {error}")
    return verdicts


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--only", default="")
    parser.add_argument("--json")
    given = parser.parse_args()
    verdicts = ask(given.endpoint, [name for name in given.only.split(",") if name])
    if given.json:
        with open(given.json, "w", encoding="utf-8") as file:
            json.dump(verdicts, file, indent=1)
    wrong = [verdict for verdict in verdicts if verdict[2] is not None]
    for chapter, check, problem in wrong:
        print(f"WRONG {chapter}: {check}: {problem}")
    print(f"{len(verdicts) - len(wrong)} of {len(verdicts)} checks pass")
    sys.exit(1 if wrong or not verdicts else 0)


if __name__ == "__main__":
    main()
