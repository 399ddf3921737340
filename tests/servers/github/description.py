"""GitHub's own OpenAPI description as the judge of every request, and of every answer of the double."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from openapi_schema_validator import OAS30Validator
from referencing import Registry
from referencing.jsonschema import DRAFT4

from tests.servers.base import Request, Response

CUT: Final = Path(__file__).with_name("api.json")
_HERE: Final = "urn:github"


@cache
def _whole() -> dict[str, Any]:
    text = CUT.read_text(encoding="utf-8")
    return dict(json.loads(text.replace('"#/components/', f'"{_HERE}#/components/')))


@cache
def _registry() -> Registry[Any]:
    registry: Registry[Any] = Registry().with_resource(_HERE, DRAFT4.create_resource(_whole()))
    return registry


@dataclass(frozen=True)
class _Operation:
    """Describe what the description asks of one verb on one path.

    Attributes:
        query: the judges of the parameters in the query, by name.
        required: those that must be there.
        body: the judge of the body; None where there is none.
        answers: the judges of the answers by status; None where an answer has no body.
    """

    query: Mapping[str, OAS30Validator]
    required: frozenset[str]
    body: OAS30Validator | None
    answers: Mapping[int, OAS30Validator | None]


@cache
def _operation(pattern: str, verb: str) -> _Operation:
    found = _whole()["paths"][pattern][verb]
    parameters = [parameter for parameter in map(_resolved, found.get("parameters", ())) if parameter["in"] == "query"]
    return _Operation(
        query={parameter["name"]: _judge(parameter["schema"]) for parameter in parameters},
        required=frozenset(parameter["name"] for parameter in parameters if parameter.get("required")),
        body=_content(found.get("requestBody", {})),
        answers={int(status): _content(_resolved(answer)) for status, answer in found["responses"].items()},
    )


def _resolved(part: Mapping[str, Any]) -> Mapping[str, Any]:
    return _registry().resolver().lookup(part["$ref"]).contents if "$ref" in part else part


def _content(part: Mapping[str, Any]) -> OAS30Validator | None:
    content = part.get("content", {})
    return _judge(content["application/json"]["schema"]) if "application/json" in content else None


def _judge(schema: Mapping[str, Any]) -> OAS30Validator:
    return OAS30Validator(schema, registry=_registry())


def faults_of_request(pattern: str, request: Request) -> list[str]:
    """Return what the description has against a request."""
    operation = _operation(pattern, request.method.lower())
    found = [f"{name} is missing" for name in operation.required - request.query.keys()]
    for name, text in request.query.items():
        if name in operation.query:
            found += _said(operation.query[name], int(text) if text.isdecimal() else text)
        else:
            found.append(f"GitHub knows no parameter {name!r} here")
    if operation.body and request.body:
        found += _said(operation.body, request.json())
    return [f"{request.line}: {fault}" for fault in found]


def faults_of_answer(pattern: str, request: Request, response: Response) -> list[str]:
    """Return what the description has against an answer of the double; refusals are not judged."""
    if response.status >= 400:
        return []
    operation = _operation(pattern, request.method.lower())
    if response.status not in operation.answers:
        found = [f"GitHub never answers {response.status} here"]
    else:
        judge = operation.answers[response.status]
        found = _said(judge, json.loads(response.body)) if judge else []
    return [f"the double's answer to {request.line}: {fault}" for fault in found]


def _said(judge: OAS30Validator, value: object) -> list[str]:
    return [f"{error.json_path}: {error.message[:300]}" for error in judge.iter_errors(value)]
