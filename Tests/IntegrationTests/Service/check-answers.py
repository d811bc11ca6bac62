"""Holds answers of the service against its OpenAPI description: one line of JSON an answer, with path, method, status and body.

usage: check-answers.py openapi.json answers.jsonl
"""

import json
import sys

import jsonschema

description = json.load(open(sys.argv[1], encoding="utf-8"))
faults = []


def resolved(value):
    """The value, or what its $ref points to."""
    while isinstance(value, dict) and "$ref" in value:
        target = description
        for key in value["$ref"].removeprefix("#/").split("/"):
            target = target[key]
        value = target
    return value


def undeclared(schema, instance, place):
    """Keys of objects that the schema does not name: a description that says less than the answer is not one."""
    schema = resolved(schema)
    if isinstance(instance, dict) and "properties" in schema:
        for key, value in instance.items():
            if key in schema["properties"]:
                yield from undeclared(schema["properties"][key], value, f"{place}.{key}")
            elif schema.get("additionalProperties") is None:
                yield f"{place}.{key}"
    if isinstance(instance, list) and "items" in schema:
        for index, value in enumerate(instance):
            yield from undeclared(schema["items"], value, f"{place}[{index}]")


for line in open(sys.argv[2], encoding="utf-8"):
    answer = json.loads(line)
    name = f"{answer['method']} {answer['path']} {answer['status']}"
    try:
        response = resolved(description["paths"][answer["path"]][answer["method"]]["responses"][str(answer["status"])])
        content = response["content"]
    except KeyError as key:
        faults.append(f"{name}: {key} is not described")
        continue
    schema = next(iter(content.values()))["schema"]
    instance = json.loads(answer["body"])
    whole = {"$ref": "#/x", "x": schema, "components": description["components"]}
    for error in jsonschema.Draft202012Validator(whole).iter_errors(instance):
        faults.append(f"{name}: {error.json_path}: {error.message}")
    faults += [f"{name}: {place} is not described" for place in undeclared(schema, instance, "$")]

print("\n".join(faults))
sys.exit(1 if faults else 0)
