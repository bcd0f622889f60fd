"""What is asked about: things that are there, now and then, and never the one who asks."""

import json
import os

import schemathesis

ROBOT = os.environ["DOORWARD_ROBOT"]
# The noun of an address, and the name of one such thing that was made before.
THERE = json.loads(os.environ["DOORWARD_THERE"])


@schemathesis.hook
def map_path_parameters(context: schemathesis.HookContext, path_parameters: dict | None) -> dict | None:
    """Names something that there is in every second request: others get no further than 404."""
    operation = context.operation
    if not path_parameters or operation.method.upper() == "DELETE" or sum(map(ord, str(path_parameters))) % 2:
        return path_parameters
    parts = operation.path.split("/")
    for name in path_parameters:
        noun = parts[parts.index(f"{{{name}}}") - 1]
        path_parameters[name] = THERE.get(noun, path_parameters[name])
    return path_parameters


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: schemathesis.Case, kwargs: dict) -> None:
    """Nobody changes the client whose token this is: every request after that would be answered 401."""
    if case.method != "GET" and case.path_parameters.get("client_id") == ROBOT:
        case.path_parameters["client_id"] = "nobody"
