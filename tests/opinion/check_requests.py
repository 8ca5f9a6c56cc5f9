"""Holds a log of requests that `recorder.py` wrote against AWS's published models.

    python check_requests.py requests.jsonl

Exits with 1, and says each violation once, when AWS would have refused one.
"""

import collections
import json
import sys

import shapes
import wire


def violations_of(request):
    """(operation, violations) of one request."""
    try:
        service, operation, parameters = wire.decode(request)
    except wire.Undecodable as error:
        return "?", [str(error)]
    name = f"{service}:{operation.name}"
    return name, list(shapes.violations(operation.input_shape, parameters)) if operation.input_shape else []


def check(lines):
    """(requests per operation, violations with how often each occurred)."""
    operations, found = collections.Counter(), collections.Counter()
    for line in lines:
        name, violations = violations_of(json.loads(line))
        operations[name] += 1
        found.update(f"{name} {violation}" for violation in violations)
    return operations, found


def main(path):
    with open(path, encoding="utf-8") as lines:
        operations, found = check(lines)
    print(f"{sum(operations.values())} requests of {len(operations)} operations, {sum(found.values())} violations")
    for text, count in sorted(found.items()):
        print(f"  {count} x {text}")
    if not operations:
        sys.exit("no request was recorded: nothing is proved")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
