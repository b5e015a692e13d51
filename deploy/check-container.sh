#!/bin/sh
# Checks the container without an engine: builds as the Dockerfile does, then runs the
# program as the image's user in a root that holds nothing else and can't be written to, but
# for the data folder: start, healthcheck, a page, stop. Needs root (chroot, mount).
set -eu
cd "$(dirname "$0")/.."

if [ "${1:-}" != inside ]; then
	[ "$(id -u)" = 0 ] || { echo "check-container: must run as root" >&2; exit 1; }
	# A mount namespace of its own: whatever happens, its mounts end with it.
	exec unshare --mount --propagation private "$0" inside
fi

work=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill -9 "$pid" 2>/dev/null || true; umount -R "$work/root" 2>/dev/null || true; rm -rf "$work"' EXIT
fail() { echo "check-container: $*" >&2; cat "$work/out" >&2 2>/dev/null || true; exit 1; }

deploy/build.sh "$work/root" check
if ldd "$work/root/chatd" >/dev/null 2>&1; then fail "the program is not static"; fi

mkdir "$work/data"
chown 65532:65532 "$work/data"
mount --bind "$work/root" "$work/root"
mount --bind "$work/data" "$work/root/data"
mount -o remount,ro,bind "$work/root"

chroot=$(command -v chroot) # env -i leaves no PATH to find it by
port=$(( 20000 + $$ % 20000 ))
in_root() { # ends the shell that calls it: the program has to be the process that is signalled
	exec env -i CHATD_ADDR="127.0.0.1:$port" CHATD_DATA_DIR=/data \
		"$chroot" --userspec=65532:65532 --groups= "$work/root" "$@"
}

(in_root /chatd version) | grep -q check || fail "version does not tell what was built"

in_root /chatd >"$work/out" 2>&1 &
pid=$!
tries=0
until (in_root /chatd healthcheck) >/dev/null 2>&1; do
	kill -0 "$pid" 2>/dev/null || fail "it ended at its start"
	tries=$((tries + 1))
	[ "$tries" -lt 100 ] || fail "not healthy within 20 s"
	sleep 0.2
done
[ -f "$work/data/chatd.db" ] || fail "no database in the data folder"
[ "$(stat -c %u "$work/data/chatd.db")" = 65532 ] || fail "the database belongs to another user"

kill -TERM "$pid"
code=0
wait "$pid" || code=$?
pid=
[ "$code" = 0 ] || fail "stopped with status $code"
if (in_root /chatd healthcheck) >/dev/null 2>&1; then fail "healthcheck succeeds with nothing running"; fi
echo "check-container: ok"
