"""Parameters from an XML body, by botocore's shapes."""

import xml.etree.ElementTree as ElementTree

import wire


def read(shape, body):
    """What a document says; an element that the shape does not name is kept under its own name."""
    return _value(shape, ElementTree.fromstring(body))


def _value(shape, element):
    if shape.type_name == "structure":
        return _structure(shape, element)
    if shape.type_name == "list":
        return [_value(shape.member, entry) for entry in element]
    if shape.type_name == "map":
        key, value = (part.serialization.get("name", name) for part, name in ((shape.key, "key"), (shape.value, "value")))
        return {_child(entry, key).text: _value(shape.value, _child(entry, value)) for entry in element}
    return wire.typed(shape, element.text or "")


def _structure(shape, element):
    names, found = {}, {}
    for name, member in shape.members.items():
        own = member.serialization.get("name", name)
        if member.serialization.get("xmlAttribute"):
            found.update(_attribute(name, own, element))
        elif "location" not in member.serialization:
            names[_flat(member) or own] = name
    for child in element:
        tag = _tag(child)
        name = names.get(tag, tag)
        member = shape.members.get(name)
        if member is not None and _flat(member):
            found.setdefault(name, []).append(_value(member.member, child))
        else:
            found[name] = _value(member, child) if member is not None else child.text
    return found


def _flat(member):
    """The element's name of a list without an element around it."""
    if member.type_name != "list" or not member.serialization.get("flattened"):
        return None
    return member.member.serialization.get("name") or member.serialization.get("name") or member.name


def _attribute(name, own, element):
    plain = own.rpartition(":")[2]
    return {name: text for key, text in element.attrib.items() if key.rpartition("}")[2] == plain}


def _tag(element):
    return element.tag.rpartition("}")[2]


def _child(element, name):
    return next(child for child in element if _tag(child) == name)
