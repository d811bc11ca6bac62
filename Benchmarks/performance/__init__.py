"""What Benchmarks/all measures. It needs nothing but Python's standard library and the runner of the peers."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "Benchmarks/peers"))
