#!/bin/sh
# Installs the npm packages, Node 22 among them, unless what package-lock.json wants is there already.
# Runs before the commands of package.json, with whichever Node the machine has.

marker=node_modules/.package-lock.json # npm writes it last
if [ -x node_modules/.bin/node ] && [ -f "$marker" ] &&
  [ ! package-lock.json -nt "$marker" ] && [ ! package.json -nt "$marker" ]; then
  exit 0
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
code() { sed -n 's/^npm error code //p' "$log" | head -n 1; }

# Without a network npm tries package after package for minutes; one question tells at once. A registry that answers
# with an HTTP status (E404: it knows no ping) is there. Without one, npm's own cache may hold everything.
from=--prefer-offline
if ! npm ping --fetch-retries=1 --fetch-retry-mintimeout=1000 --fetch-timeout=10000 >"$log" 2>&1; then
  case $(code) in
    E[0-9]*) ;;
    *) from=--offline ;;
  esac
fi
why=$(code)

echo "installing the npm packages" >&2
if npm install --no-audit --no-fund --loglevel=error "$from" >"$log" 2>&1 && [ -x node_modules/.bin/node ]; then
  touch "$marker"
  exit 0
fi
if [ "$from" = --offline ]; then
  echo "The npm packages could not be installed, because the npm registry is out of reach ($why): connect this machine to the network and try again." >&2
else
  why=$(code)
  echo "The npm packages could not be installed (${why:-npm install failed}): run 'npm install' to see what npm says, mend that and try again." >&2
fi
exit 1
