#!/bin/bash
# What root does in a machine with systemd and cgroups of version 2, in a checkout: cgroups_inside.sh PYTHON. The exit status is 1 if a
# test failed, or if a memory layer is not what it has to be.
python=$1 here=$PWD status=0
export PYTHONDONTWRITEBYTECODE=1
tests="$python -m pytest -n0 -p no:cacheprovider -q -rA --tb=short"

say() { echo "[$(cut -d. -f1 /proc/uptime) s] $*"; }
shows() { # shows WHERE COMMAND...: the tests pass there
    say "$1"; shift
    "$@" || status=1
}
memory() { # memory WHERE PATTERN COMMAND...: what doctor says of memory there
    local where=$1 pattern=$2 seen; shift 2
    seen=$("$@" 2>&1 | grep -A1 '^memory' | tail -1)
    say "$where:$seen"
    grep -q -- "$pattern" <<<"$seen" || { say "FAILED: not $pattern"; status=1; }
}
unit() { systemd-run -q --wait --pipe -p WorkingDirectory="$here" --setenv=PYTHONDONTWRITEBYTECODE=1 "$@"; }
dev() { su - dev -c "cd $here; export PYTHONDONTWRITEBYTECODE=1; $*"; }

# With swap, a limit on memory alone would be none.
dd if=/dev/zero of=/swap bs=1M count=256 status=none && chmod 600 /swap && mkswap -q /swap && swapon /swap

shows "a user's session, in a scope that systemd gives" dev "$tests tests/e2e/cgroup_v2.py"
shows "root, in a unit with Delegate" unit -p Delegate=yes $tests tests/e2e/cgroup_v2.py -k 'exec or both or runs_out'
# As in a container: a cgroup namespace whose top may be written, and no systemd.
mkdir /sys/fs/cgroup/container
shows "root, like in a container" sh -c 'echo $$ >/sys/fs/cgroup/container/cgroup.procs
    exec unshare --cgroup --mount sh -c "
        umount --lazy /sys/fs/cgroup; mount -t cgroup2 none /sys/fs/cgroup; mount -t tmpfs none /run
        exec $0 tests/e2e/cgroup_v2.py -k \"exec or both or memory\""' "$tests"
sleep 1
[ "$(cd /sys/fs/cgroup/container; find . -type d; cat cgroup.subtree_control)" = . ] || { say "FAILED: the container is not as it was"; status=1; }
shows "root, in a scope" $tests tests/e2e/cgroup_v2.py -k 'exec or both or memory or udp'
memory "a unit with a limit of its own keeps it" "measured by the jail's init" unit -p MemoryMax=2G "$python" -m plugcli doctor
memory "a user without a manager" "measured by the jail's init" dev "unset XDG_RUNTIME_DIR; $python -m plugcli doctor"
shows "a user, in a unit of the user's manager with Delegate" dev "systemd-run --user -q --wait --pipe -p Delegate=yes \
    -p WorkingDirectory=$here $tests tests/e2e/cgroup_v2.py -k 'exec or memory'"
shows "a user, in a unit of the system with Delegate" unit -p User=dev -p 'Delegate=memory pids cpu' $tests tests/e2e/cgroup_v2.py \
    -k 'exec or memory'
sleep 1
left=$(find /sys/fs/cgroup -name '*plugcli*')
[ -z "$left" ] || { say "FAILED: left: $left"; status=1; }
say "end"
exit $status
