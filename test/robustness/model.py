"""etcd's key-value store, as small as it can be said: what a request does to a state, its reply.

Requests, replies and kvs are those of history.py.
"""

from history import FROM_KEY

KEY, VALUE, CREATE, MOD, VERSION = range(5)  # of a kv
TARGETS = {"value": VALUE, "create": CREATE, "mod": MOD, "version": VERSION}

# kvs by key. They are not changed but replaced.
State = dict[str, list]
# What a request makes of a state: by key, None for what it deletes.
Changes = dict[str, list | None]


def execute(state: State, request: dict, revision: int) -> tuple[dict, Changes]:
    """The reply without its revision, and the changes, of a request that is carried out at
    `revision` if it changes anything. The state stays as it is."""
    if request["op"] != "txn":
        return _execute(state, request, revision)
    succeeded = all(_holds(state, *compare) for compare in request["compare"])
    changes: Changes = {}
    responses = []
    for inner in request["then" if succeeded else "else"]:
        response, more = _execute(changed(state, changes) if changes else state, inner, revision)
        changes |= more
        responses.append(response)
    return {"succeeded": succeeded, "responses": responses}, changes


def changed(state: State, changes: Changes) -> State:
    after = dict(state)
    apply(after, changes)
    return after


def apply(state: State, changes: Changes) -> None:
    for key, kv in changes.items():
        if kv is None:
            state.pop(key, None)
        else:
            state[key] = kv


def difference(before: State, after: State) -> Changes:
    """The changes that lead from one to the other."""
    changes: Changes = {key: None for key in before if key not in after}
    return changes | {key: kv for key, kv in after.items() if before.get(key) != kv}


def _execute(state: State, request: dict, revision: int) -> tuple[dict, Changes]:
    match request["op"]:
        case "put":
            before = state.get(request["key"])
            create, version = (before[CREATE], before[VERSION]) if before else (revision, 0)
            after = [request["key"], request["value"], create, revision, version + 1]
            reply = {"prev": [before] if before else []} if request.get("prev") else {}
            return reply, {request["key"]: after}
        case "delete":
            found = inside(state, request)
            reply = {"deleted": len(found)}
            if request.get("prev"):
                reply["prev"] = found
            return reply, {kv[KEY]: None for kv in found}
        case "range":
            found = inside(state, request)
            return {"kvs": found, "count": len(found)}, {}
    raise ValueError(request)


def inside(state: State, request: dict) -> list[list]:
    """Those that the request is about, in order."""
    first, end = request["key"], request.get("end")
    if end is None:
        return [state[first]] if first in state else []
    return [state[key] for key in sorted(state)
            if key >= first and (end == FROM_KEY or key < end)]


def _holds(state: State, key: str, target: str, sign: str, wanted) -> bool:
    kv = state.get(key)
    if kv is None and target == "value":
        return False
    found = kv[TARGETS[target]] if kv else 0
    match sign:
        case "=":
            return found == wanted
        case "!=":
            return found != wanted
        case "<":
            return found < wanted
    return found > wanted
