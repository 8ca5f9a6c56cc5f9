"""From a recorded HTTP request to the operation and its parameters, by botocore's own service models.

What the models do not name is kept under its own name, so that the validator finds it.
"""

import base64
import functools
import json
import re
from urllib.parse import parse_qsl, unquote

import botocore.session
from botocore.model import ServiceModel
from botocore.parsers import create_parser

import xml_body

# Where the name in a signature is not the model's.
MODELS = {"elasticloadbalancing": "elbv2", "monitoring": "cloudwatch", "tagging": "resourcegroupstaggingapi", "email": "ses"}
SIGNED_BY = re.compile(r"Credential=[^/]+/\d+/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request")


class Undecodable(Exception):
    """A request that is none of the models' operations."""


@functools.lru_cache(maxsize=None)
def model(signing_name):
    """The model of a service, by the name in its signatures."""
    name = MODELS.get(signing_name, signing_name)
    loader = botocore.session.get_session().get_component("data_loader")
    try:
        return ServiceModel(loader.load_service_model(name, "service-2"), name)
    except Exception as error:
        raise Undecodable(f"botocore has no model for requests signed for {signing_name!r}") from error


def decode(request):
    """(service, operation model, parameters) of {method, path, headers, body}."""
    headers = {name.lower(): value for name, value in request["headers"].items()}
    signed = SIGNED_BY.search(headers.get("authorization", ""))
    if not signed:
        raise Undecodable(f"{request['method']} {request['path']} is not signed")
    service = model(signed["service"])
    body = base64.b64decode(request["body"])
    protocol = _protocol(service, headers)
    if protocol == "smithy-rpc-v2-cbor":
        return (service.service_name, *_cbor(service, request["path"], body))
    if protocol in ("query", "ec2"):
        return (service.service_name, *_query(service, protocol, body.decode()))
    if protocol == "json":
        return (service.service_name, *_json(service, headers, body))
    if protocol in ("rest-xml", "rest-json"):
        return (service.service_name, *_rest(service, protocol, request["method"], request["path"], headers, body))
    raise Undecodable(f"{service.service_name} speaks {protocol}, which is not decoded here")


def _protocol(service, headers):
    """A service may speak several; the request shows which one this is."""
    spoken = [service.metadata["protocol"], *service.metadata.get("protocols", [])]
    if "smithy-protocol" in headers:
        return "smithy-rpc-v2-cbor"
    if "x-amz-target" in headers:
        return "json"
    if headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return "ec2" if "ec2" in spoken else "query"
    return spoken[0]


def _operation(service, name):
    if name not in service.operation_names:
        raise Undecodable(f"{service.service_name} has no operation {name!r}")
    return service.operation_model(name)


def typed(shape, text):
    """A scalar from its text; what is not of the type stays text, for the validator to refuse."""
    try:
        if shape.type_name in ("integer", "long"):
            return int(text)
        if shape.type_name in ("float", "double"):
            return float(text)
    except ValueError:
        return text
    if shape.type_name == "boolean":
        return {"true": True, "false": False}.get(text, text)
    return text


# ── query, and EC2's dialect of it ──────────────────────────────────────────────────────────────


def _query(service, protocol, body):
    fields = dict(parse_qsl(body, keep_blank_values=True))
    operation = _operation(service, fields.pop("Action", None))
    fields.pop("Version", None)
    left = set(fields)
    value = _Form(fields, left, protocol).structure(operation.input_shape, "") if operation.input_shape else {}
    value.update({name: fields[name] for name in left})
    return operation, value


class _Form:
    """Reads parameters out of `A.1.B=c` fields, and crosses off what it has read."""

    def __init__(self, fields, left, protocol):
        self.fields, self.left, self.protocol = fields, left, protocol

    def has(self, prefix):
        return any(name == prefix or name.startswith(prefix + ".") for name in self.fields)

    def structure(self, shape, prefix):
        found = {}
        for name, member in shape.members.items():
            key = prefix + ("." if prefix else "") + self.name(name, member)
            if self.has(key):
                found[name] = self.value(member, key)
        return found

    def name(self, name, member):
        if self.protocol == "query":
            return member.serialization.get("name", name)
        own = member.serialization.get("queryName")
        name = own or member.serialization.get("name", name)
        return name if own else name[0].upper() + name[1:]

    def value(self, shape, key):
        if shape.type_name == "structure":
            return self.structure(shape, key)
        if shape.type_name == "list":
            return self.list(shape, key)
        if shape.type_name == "map":
            return self.map(shape, key)
        self.left.discard(key)
        return typed(shape, self.fields.get(key, ""))

    def list(self, shape, key):
        if self.fields.get(key) == "":  # how `query` writes an empty list
            self.left.discard(key)
        if self.protocol == "query" and not shape.serialization.get("flattened"):
            key += "." + shape.member.serialization.get("name", "member")
        elif self.protocol == "query" and "name" in shape.member.serialization:
            key = ".".join([*key.split(".")[:-1], shape.member.serialization["name"]])
        return [self.value(shape.member, f"{key}.{index}") for index in self.indices(key)]

    def map(self, shape, key):
        entry = key if shape.serialization.get("flattened") else key + ".entry"
        names = (shape.key.serialization.get("name", "key"), shape.value.serialization.get("name", "value"))
        pairs = ([self.value(part, f"{entry}.{index}.{name}") for part, name in zip((shape.key, shape.value), names)]
                 for index in self.indices(entry))
        return {name: value for name, value in pairs}

    def indices(self, key):
        start = len(key) + 1
        numbers = (name[start:].split(".")[0] for name in self.fields if name.startswith(key + "."))
        return sorted({int(number) for number in numbers if number.isdigit()})


# ── JSON ────────────────────────────────────────────────────────────────────────────────────────


def _json(service, headers, body):
    operation = _operation(service, headers.get("x-amz-target", "").rpartition(".")[2])
    return operation, from_json(operation.input_shape, json.loads(body or b"{}")) if operation.input_shape else {}


def from_json(shape, value):
    """Parameters from JSON: members under the models' names, bytes from base64; null is absent."""
    if shape.type_name == "structure" and isinstance(value, dict):
        names = {member.serialization.get("name", name): name for name, member in shape.members.items()}
        pairs = ((names.get(key, key), inner) for key, inner in value.items() if inner is not None)
        return {key: from_json(shape.members[key], inner) if key in shape.members else inner for key, inner in pairs}
    if shape.type_name == "list" and isinstance(value, list):
        return [from_json(shape.member, inner) for inner in value]
    if shape.type_name == "map" and isinstance(value, dict):
        return {key: from_json(shape.value, inner) for key, inner in value.items()}
    if shape.type_name == "blob" and isinstance(value, str):
        return base64.b64decode(value)
    return value


def _cbor(service, path, body):
    operation = _operation(service, path.rpartition("/")[2])
    parser = create_parser("smithy-rpc-v2-cbor")
    found = parser.parse_data_item(parser.get_peekable_stream_from_bytes(body)) if body else {}
    return operation, found


# ── REST ────────────────────────────────────────────────────────────────────────────────────────


def _rest(service, protocol, method, target, headers, body):
    path, _, text = target.partition("?")
    query = parse_qsl(text, keep_blank_values=True)
    operation, labels = _route(service, method, path, dict(query), headers)
    shape = operation.input_shape
    if shape is None:
        return operation, {}
    value = _head(shape, labels, query, headers)
    value.update(_body(shape, protocol, body))
    return operation, value


def _route(service, method, path, query, headers):
    """The operation that takes the request: of those whose path fits, the one that asks for most and gets it."""
    fitting = []
    for name in service.operation_names:
        operation = service.operation_model(name)
        uri, _, literal = operation.http["requestUri"].partition("?")
        asked = dict(parse_qsl(literal, keep_blank_values=True))
        labels = _pattern(uri).fullmatch(path)
        if operation.http["method"] == method and labels and _asks(operation, asked, query, headers):
            fitting.append((name == query.get("x-id"), len(asked), _demands(operation), name, labels, operation))
    if not fitting:
        raise Undecodable(f"{service.service_name} has no operation for {method} {path}")
    *_, labels, operation = max(fitting, key=lambda found: found[:4])
    return operation, {name: unquote(text) for name, text in labels.groupdict().items()}


@functools.lru_cache(maxsize=None)
def _pattern(uri):
    parts = re.split(r"(\{[^}]+\})", uri.rstrip("/"))
    label = lambda part: f"(?P<{part.strip('{}+')}>{'.+' if part.endswith('+}') else '[^/]+'})"
    return re.compile("".join(label(part) if part.startswith("{") else re.escape(part) for part in parts) + "/?")


def _asks(operation, asked, query, headers):
    literals = all(name in query and query[name] == value for name, value in asked.items())
    return literals and all(name in (query if place == "querystring" else headers) for place, name in _needed(operation))


def _needed(operation):
    """Required members outside of path and body: they tell operations of one path apart."""
    shape = operation.input_shape
    for name in shape.required_members if shape else []:
        place = shape.members[name].serialization
        if place.get("location") in ("querystring", "header"):
            key = place["name"]
            yield place["location"], key.lower() if place["location"] == "header" else key


def _demands(operation):
    return len(list(_needed(operation)))


def _head(shape, labels, query, headers):
    found = {}
    for name, member in shape.members.items():
        place, key = member.serialization.get("location"), member.serialization.get("name", name)
        if place == "uri" and key in labels:
            found[name] = typed(member, labels[key])
        elif place == "querystring" and any(given == key for given, _ in query):
            values = [typed(getattr(member, "member", member), value) for given, value in query if given == key]
            found[name] = values if member.type_name == "list" else values[0]
        elif place == "header" and key.lower() in headers:
            found[name] = typed(member, headers[key.lower()])
        elif place == "headers":
            prefix = key.lower()
            given = {key[len(prefix):]: value for key, value in headers.items() if key.startswith(prefix)}
            found.update({name: given} if given else {})
    return found


def _body(shape, protocol, body):
    payload = shape.serialization.get("payload")
    read = xml_body.read if protocol == "rest-xml" else lambda shape, body: from_json(shape, json.loads(body))
    if payload:
        member = shape.members[payload]
        if member.type_name in ("blob", "string"):
            return {payload: body} if body else {}
        return {payload: read(member, body)} if body else {}
    return read(shape, body) if body else {}
