"""To be imported before the modules of test/e2e that are used here: cluster, member, protocol."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
