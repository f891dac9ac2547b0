#!/bin/sh
# Follows the realm by server-sent events and prints them until the next tick's delta has come; exit code 1 where none comes.
set -eu
stream="${WORLD_URL:-http://127.0.0.1:8080}/api/world/${REALM:-amoi-1}/stream"
curl -sSfN --max-time "${SECONDS_AT_MOST:-1000}" "$stream" | {
  while IFS= read -r line; do
    printf '%s\n' "$line" | cut -c 1-120
    case $line in
      *'"type":"delta"'*) exit 0 ;;
    esac
  done
  echo "no tick came" >&2
  exit 1
}
