#!/bin/sh
# What is done in a place, a container or a virtual machine: sh inside.sh FOLDER VENV BOX WHICH [TESTS...]
# Installs the project from the wheels in FOLDER, walks through it, and runs the abuse suite: WHICH of its tests, first, rest, all or none.
# BOX is `here`, the place as it is, or `own`, namespaces around each attack. A line of what was seen begins with PLACE or ABUSE.
set -e
folder=$1 venv=$2 box=$3 which=$4
shift 4
[ $# -gt 0 ] || set -- tests/abuse
sh "$folder/install" "$venv"
cp -r "$folder/plugcli" "$venv.checkout"
cd "$venv.checkout"
"$venv/bin/python" tests/places/tour.py "$venv/bin/plugcli" | sed 's/^/PLACE /'
[ "$which" != none ] || exit 0
level=$("$venv/bin/plugcli" doctor --json | sed -n 's/.*"level": *"\([a-z]*\)".*/\1/p')
if [ -z "$level" ]; then
    echo 'PLACE {"what": "abuse suite", "is_good": false, "seen": "not tried: plugcli refuses here"}'
    exit 0
fi
[ "$which" = all ] || export PLUGCLI_ABUSE_ROWS="$which"
[ "$box" = own ] || export PLUGCLI_ABUSE_HERE=1
export PLUGCLI_ABUSE_LEVELS="$level"
status=0
"$venv/bin/python" -m pytest -n0 -p no:cacheprovider -v --tb=short "$@" || status=$?
echo "ABUSE $status"
