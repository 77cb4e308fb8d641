#!/usr/bin/python3
"""One scenario, once. ETCD in the environment is the program, or several of them: A:B.

  round.py SCENARIO SEED MEMBERS SECONDS [OPTIONS]    those of a `Run`, as JSON
"""

import json
import sys
import traceback

from scenarios import SCENARIOS, for_seconds


def main() -> int:
    name, seed, members, seconds, *options = sys.argv[1:]
    if name not in SCENARIOS:
        print(f"there is no {name}, but {', '.join(SCENARIOS)}")
        return 2
    print(f"{name}, seed {seed}, {members} members", flush=True)
    try:
        run = SCENARIOS[name].run(name, int(seed), for_seconds(float(seconds)),
                                  members=int(members), **json.loads("".join(options) or "{}"))
    except KeyboardInterrupt:
        return 130
    except Exception as wrong:
        if not isinstance(wrong, AssertionError):
            traceback.print_exc()
        print(f"{wrong}\nFAILED: {name}, seed {seed}, {members} members")
        return 1
    print(f"{run.verdict}\nlinearizable, and the members are equal")
    return 0


if __name__ == "__main__":
    sys.exit(main())
