# Read by the scripts of package.json, as `. ops/local/setup.sh`, before they run anything.
sh ops/local/install.sh || exit 1
# npm puts node_modules/.bin on PATH too, but no PATH can hold a folder with a colon in its name.
PATH=node_modules/.bin:$PATH
