"""Holds decoded parameters against a shape of botocore's service models.

botocore's own validator checks types, required members and lower bounds. AWS refuses more than that, so this one adds
enum values, patterns and upper bounds: whatever the models say about a value.
"""

import functools

import regex  # unlike `re` it knows \p{L}, which the models use


def violations(shape, value, path=""):
    """Every way in which `value` is not what `shape` allows, as `path: what is wrong`."""
    check = {"structure": _structure, "list": _list, "map": _map}.get(shape.type_name, _scalar)
    yield from check(shape, value, path)


def _structure(shape, value, path):
    if not isinstance(value, dict):
        yield f"{path}: is {value!r}, must be a structure"
        return
    for name in shape.metadata.get("required", []):
        if name not in value:
            yield f"{_join(path, name)}: is required"
    if shape.metadata.get("union") or shape.is_tagged_union:
        if len(value) != 1:
            yield f"{path}: must have exactly one member, has {sorted(value)}"
    for name, inner in value.items():
        if name not in shape.members:
            yield f"{_join(path, name)}: AWS knows no such member"
        else:
            yield from violations(shape.members[name], inner, _join(path, name))


def _list(shape, value, path):
    if not isinstance(value, list):
        yield f"{path}: is {value!r}, must be a list"
        return
    yield from _bounds(shape, len(value), path, "entries")
    for index, inner in enumerate(value):
        yield from violations(shape.member, inner, f"{path}[{index}]")


def _map(shape, value, path):
    if not isinstance(value, dict):
        yield f"{path}: is {value!r}, must be a map"
        return
    yield from _bounds(shape, len(value), path, "entries")
    for key, inner in value.items():
        yield from violations(shape.key, key, f"{path} key {key!r}")
        yield from violations(shape.value, inner, f"{path}[{key!r}]")


TYPES = {
    "string": str, "character": str, "boolean": bool, "blob": (bytes, str), "timestamp": (str, int, float),
    "integer": int, "long": int, "float": (int, float), "double": (int, float),
}


def _scalar(shape, value, path):
    kind = shape.type_name
    wrong = not isinstance(value, TYPES[kind]) or (isinstance(value, bool) and kind != "boolean")
    if wrong:
        yield f"{path}: is {value!r}, must be a {kind}"
    elif kind == "string":
        yield from _string(shape, value, path)
    elif kind == "blob":
        yield from _bounds(shape, len(value), path, "bytes")
    elif kind in ("integer", "long", "float", "double"):
        yield from _bounds(shape, value, path, "as a value")


def _string(shape, value, path):
    yield from _bounds(shape, len(value), path, "characters")
    if shape.enum and value not in shape.enum:
        yield f"{path}: {value!r} is none of {shape.enum}"
    pattern = shape.metadata.get("pattern")
    # AWS's services match the whole text, whether the model writes the anchors or not.
    if pattern and not compiled(pattern).fullmatch(value):
        yield f"{path}: {value!r} does not match {pattern}"


# Java's patterns, where they are not Python's: characters beyond U+FFFF are pairs, and a hyphen after a class is a hyphen.
PAIR = regex.compile(r"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")
HYPHEN = regex.compile(r"(\\[wdsWDS]|\\[pP]\{\w+\})-(?!\])")


def _character(pair):
    high, low = (int(half, 16) for half in pair.groups())
    return f"\\U{0x10000 + (high - 0xD800) * 0x400 + low - 0xDC00:08X}"


@functools.lru_cache(maxsize=None)
def compiled(pattern):
    """A pattern of the models, as Python writes it."""
    return regex.compile(HYPHEN.sub(r"\1\\-", PAIR.sub(_character, pattern)))


def _bounds(shape, size, path, what):
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and size < low:
        yield f"{path}: {size} {what}, AWS takes at least {low}"
    if high is not None and size > high:
        yield f"{path}: {size} {what}, AWS takes at most {high}"


def _join(path, name):
    return f"{path}.{name}" if path else name
