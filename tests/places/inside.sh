#!/bin/sh
# What is done in a place, a container or a virtual machine: sh inside.sh FOLDER VENV WHICH
# Installs the project from the wheels in FOLDER, walks through it, and runs the abuse suite: WHICH of its tests, first, rest, all or none.
# Each line of what was seen begins with "PLACE ".
set -e
folder=$1 venv=$2 which=$3
cd "$folder/plugcli"
sh "$folder/install" "$venv"
"$venv/bin/python" tests/places/tour.py "$venv/bin/plugcli" | sed 's/^/PLACE /'
[ "$which" != none ] || exit 0
[ "$which" = all ] || export PLUGCLI_ABUSE_ROWS="$which"
export PLUGCLI_ABUSE_HERE=1
level=$("$venv/bin/plugcli" doctor --json | sed -n 's/.*"level": *"\([a-z]*\)".*/\1/p')
if [ -z "$level" ]; then
    echo 'PLACE {"what": "abuse", "is_good": false, "seen": "not tried: plugcli refuses here"}'
    exit 0
fi
export PLUGCLI_ABUSE_LEVELS="$level"
status=0
"$venv/bin/python" -m pytest -n0 -p no:cacheprovider -q --tb=short tests/abuse || status=$?
echo "ABUSE $status"
