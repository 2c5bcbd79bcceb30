#!/bin/bash
# What root does in a machine with AppArmor 4: apparmor_inside.sh VENV COPIED. VENV and COPIED are venvs of the user `dev` with plugcli;
# the interpreter of COPIED is a file of its own (`venv --copies`). It takes namespaces away from plugcli by a profile, as Ubuntu does,
# installs what `plugcli doctor --apparmor` prints, and looks what that gives. Each check is a line; the exit status is 1 if one failed.
venv=$1 copied=$2 status=0

check() { # check WHAT PATTERN COMMAND...: the output of the command has the pattern
    local what=$1 pattern=$2 seen; shift 2
    seen=$("$@" 2>&1)
    if grep -q -- "$pattern" <<<"$seen"; then echo "ok: $what: $(grep -m1 -- "$pattern" <<<"$seen" | cut -c1-300)"
    else echo "FAILED: $what:"; head -40 <<<"$seen"; status=1; fi
}
dev() { su - dev -c "$*"; }
behind() { local profile=$1; shift; dev "python3 /tmp/behind.py $profile $*"; }

cat >/tmp/behind.py <<'P'
"""Run a command behind an AppArmor profile: behind.py PROFILE COMMAND..."""
import os, sys
with open("/proc/self/attr/apparmor/current", "w") as file: file.write("changeprofile " + sys.argv[1])
os.execv(sys.argv[2], sys.argv[2:])
P
cat >/tmp/code.py <<'P'
"""What honest code does, and what no code may."""
import asyncio, multiprocessing, os, shutil, socket, sqlite3, subprocess, tempfile
print("profile", open("/proc/self/attr/apparmor/current").read().strip())
assert subprocess.run(["/bin/sh", "-c", "id -u"], capture_output=True, text=True).stdout == "1000\n"
with multiprocessing.Pool(2) as pool: assert pool.map(abs, [-1, -2]) == [1, 2]
with sqlite3.connect("a.db") as database: database.execute("create table t (x)")
with socket.socket() as server:
    server.bind(("127.0.0.1", 0)); server.listen(); socket.create_connection(server.getsockname()).close()
asyncio.run(asyncio.sleep(0))
with tempfile.TemporaryDirectory() as folder: shutil.copytree("/etc", folder + "/etc")
for denied in ["os.unshare(0x10000000)", "open('/home/dev/.profile')", "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)"]:
    try: eval(denied)
    except OSError: continue
    except AttributeError: continue  # unshare is new in 3.12
    raise SystemExit(denied + " was allowed")
print("all is well")
P
# Like Ubuntu, where the server has no profile and can take descriptors of files in other mount namespaces: `powerless` lets a user namespace be made and refuses every capability in it; `refused` refuses the namespace.
cat >/tmp/restricted <<'P'
abi <abi/4.0>,
profile powerless flags=(attach_disconnected) { file, network, unix, signal, ptrace, dbus, mqueue, userns, change_profile, }
profile refused flags=(attach_disconnected) { file, network, unix, signal, ptrace, dbus, mqueue, capability, mount, umount, pivot_root, change_profile, }
P
apparmor_parser --replace /tmp/restricted || exit 1
chmod 644 /tmp/*.py

for profile in powerless refused; do
    check "before, $profile" "no namespaces here\|sandbox: refused" behind $profile "$venv/bin/plugcli" doctor
    check "before, $profile, what doctor saw" "saw: $profile (enforce)" behind $profile "$venv/bin/plugcli" doctor
done

dev "$venv/bin/plugcli doctor --apparmor" >/etc/apparmor.d/plugcli
check "the profile is loaded" "^0$" sh -c 'apparmor_parser --replace /etc/apparmor.d/plugcli; echo $?'
dmesg --clear
check "after, nothing around the server" "^sandbox: level namespaces" dev "$venv/bin/plugcli" doctor
check "after, nothing around the server, profile" "^profile plugcli (enforce)" dev "$venv/bin/plugcli" exec /tmp/code.py
check "after, nothing around the server, code" "all is well" dev "$venv/bin/plugcli" exec /tmp/code.py
for profile in powerless refused; do
    check "after, $profile" "^sandbox: level namespaces" behind $profile "$venv/bin/plugcli" doctor
    check "after, $profile, code" "all is well" behind $profile "$venv/bin/plugcli" exec /tmp/code.py
    check "after, $profile, the profile of the code" "^profile plugcli (enforce)" behind $profile "$venv/bin/plugcli" exec /tmp/code.py
done
check "after, root" "^sandbox: level namespaces" python3 /tmp/behind.py refused "$venv/bin/plugcli" doctor
check "after, root, code" "all is well" python3 /tmp/behind.py refused "$venv/bin/plugcli" exec /tmp/code.py
check "nobody else has the profile" "^unconfined" dev "cat /proc/self/attr/apparmor/current"
check "nothing that the launcher needs was refused" "^0$" sh -c 'dmesg | grep "profile=\"plugcli\"" | grep -c "class=\"cap\"\|class=\"mount\"\|userns_create"'
dmesg | grep 'apparmor="DENIED".*profile="plugcli"' | sed 's/^/refused: /' | cut -c1-250

check "container's profile" "^sandbox: level namespaces" behind plugcli-container "$venv/bin/plugcli" doctor
check "container's profile, code" "all is well" behind plugcli-container "$venv/bin/plugcli" exec /tmp/code.py
check "container's profile, root" "^sandbox: level namespaces" python3 /tmp/behind.py plugcli-container "$venv/bin/plugcli" doctor
for file in kernel/core_pattern vm/drop_caches; do
    check "container's profile keeps root from $file" "ermission denied" python3 /tmp/behind.py plugcli-container /bin/sh -c "echo 1 >/proc/sys/$file"
done

echo 1 >/proc/sys/kernel/apparmor_restrict_unprivileged_unconfined
check "restricted unconfined programs cannot enter it" "^profile .*//&" dev "$venv/bin/plugcli exec /tmp/code.py"
dev "$copied/bin/plugcli doctor --apparmor" >/etc/apparmor.d/plugcli
apparmor_parser --replace /etc/apparmor.d/plugcli || exit 1
check "a venv with an interpreter of its own can" "^profile plugcli (enforce)" dev "$copied/bin/plugcli exec /tmp/code.py"
exit $status
