#!/bin/sh
# Reads the realm's standings and the newest events of its public log.
set -eu
world=${WORLD_URL:-http://127.0.0.1:8080}/api/world/${REALM:-amoi-1}
curl -sSf "$world/summary"
echo
curl -sSf "$world/events"
echo
