"""Checks openapi.yaml, and what a node really answered, against each other.

Usage: check_contract.py openapi.yaml ROUTES EXCHANGES
  ROUTES     a line for each route of the router: METHOD PATH
  EXCHANGES  a JSON object a line: method, path, status, type, body (text), request (text or null),
             isValid (whether the request keeps to the contract)
Prints what is wrong, a line each; nothing when nothing is.
"""
import json
import re
import sys

import jsonschema
import yaml


class Loader(yaml.SafeLoader):
    """JSON has no times: what looks like one is text."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}

METHODS = ["get", "post", "put", "patch", "delete"]


def main(contract_path, routes_path, exchanges_path):
    with open(contract_path, encoding="utf-8") as file:
        contract = yaml.load(file, Loader)
    with open(routes_path, encoding="utf-8") as file:
        routes = {tuple(line.split()) for line in file}
    with open(exchanges_path, encoding="utf-8") as file:
        exchanges = [json.loads(line) for line in file]

    check_routes(contract, routes)
    for method, path, operation in operations(contract):
        check_examples(contract, f"{method} {path}", operation)
    seen = set()
    for exchange in exchanges:
        check_exchange(contract, exchange, seen)
    for method, path, operation in operations(contract):
        if not any(key[:2] == (method, path) and key[2] < 400 for key in seen):
            print(f"{method} {path}: no exchange shows a success")


def operations(contract):
    for path, item in contract["paths"].items():
        for method in METHODS:
            if method in item:
                yield method.upper(), path, item[method]


def check_routes(contract, routes):
    documented = {(method, path) for method, path, _ in operations(contract)}
    for method, path in sorted(routes - documented):
        print(f"{method} {path}: the router has it, the contract has not")
    for method, path in sorted(documented - routes):
        print(f"{method} {path}: the contract has it, the router has not")


def resolve(contract, node):
    while "$ref" in node:
        target = contract
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def faults(contract, schema, value):
    """The first faults of a value, innermost first, so that a person sees the cause."""
    root = {"components": contract["components"], "allOf": [schema]}
    validator = jsonschema.Draft202012Validator(root)
    for error in validator.iter_errors(value):
        cause = jsonschema.exceptions.best_match([error])
        yield f"{'/'.join(map(str, cause.absolute_path))}: {cause.message[:300]}"


def check_examples(contract, where, operation):
    bodies = [("request", resolve(contract, operation["requestBody"]))] if "requestBody" in operation else []
    bodies += [(status, resolve(contract, answer)) for status, answer in operation["responses"].items()]
    for name, body in bodies:
        for media in body.get("content", {}).values():
            examples = [resolve(contract, example)["value"] for example in media.get("examples", {}).values()]
            if "example" in media:
                examples.append(media["example"])
            for example in examples:
                for fault in faults(contract, media["schema"], example):
                    print(f"{where}: an example of {name}: {fault}")


def operation_of(contract, method, target):
    path = target.split("?")[0]
    for template_method, template, operation in operations(contract):
        pattern = re.sub(r"\\\{[a-z_]+\\\}", "[^/]+", re.escape(template))
        if template_method == method and re.fullmatch(pattern, path):
            # A path that is written out comes before a parameter.
            if "{" not in template or path not in contract["paths"]:
                return template, operation
    return None, None


def check_exchange(contract, exchange, seen):
    method, status = exchange["method"], exchange["status"]
    where = f"{method} {exchange['path']}: {status}"
    path, operation = operation_of(contract, method, exchange["path"])
    if operation is None:
        return print(f"{where}: not an operation of the contract")
    seen.add((method, path, status))
    answer = operation["responses"].get(str(status))
    if answer is None:
        return print(f"{where}: not documented; {exchange['body'][:300]}")
    answer = resolve(contract, answer)
    media = answer["content"].get(exchange["type"].split(";")[0])
    if media is None:
        return print(f"{where}: {exchange['type']} is not documented")
    is_json = exchange["type"].split(";")[0].endswith("json")
    body = json.loads(exchange["body"]) if is_json else exchange["body"]
    for fault in faults(contract, media["schema"], body):
        print(f"{where}: {fault}")
    if exchange["isValid"] and exchange["request"] is not None:
        schema = resolve(contract, operation["requestBody"])["content"]["application/json"]["schema"]
        for fault in faults(contract, schema, json.loads(exchange["request"])):
            print(f"{where}: the request was taken, and breaks the contract: {fault}")


if __name__ == "__main__":
    main(*sys.argv[1:])
