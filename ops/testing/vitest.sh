#!/bin/sh
# Runs vitest with the arguments given. Vite reads #, ?, % and * in a folder's name as its own signs: there the tests run by way
# of a link with a plain name.
case $PWD in
  *[#%?*]*) ;;
  *) exec vitest "$@" ;;
esac
plain=$(mktemp -d) && ln -s "$PWD" "$plain/project" || exit 1
trap 'rm -rf "$plain"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
export NODE_OPTIONS="${NODE_OPTIONS:-} --preserve-symlinks --preserve-symlinks-main"
cd "$plain/project" || exit 1
"$PWD/node_modules/.bin/node" "$PWD/node_modules/vitest/vitest.mjs" "$@" --configLoader native --root "$PWD"
