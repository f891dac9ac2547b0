"""Reads the realm's summary and the newest events of its public log."""

import json
import os
from urllib.request import urlopen

WORLD = f"{os.environ.get('WORLD_URL', 'http://127.0.0.1:8080')}/api/world/{os.environ.get('REALM', 'amoi-1')}"

for read in ("summary", "events"):
    with urlopen(f"{WORLD}/{read}", timeout=10) as response:
        print(json.dumps(json.load(response), indent=2))
