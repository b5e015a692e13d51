#!/usr/bin/env bash
# Holds a running chatd to RFC 6455 on both protocols, dripping handshakes and dead peers
# included. Fails on the first FAIL; takes about three minutes.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null || true; wait; rm -rf "$work"' EXIT

go build -o "$work/chatd" ./cmd/chatd
go build -C scripts/wsconform -o "$work/wsconform" .

port=$((20000 + $$ % 10000))
CHATD_ADDR=127.0.0.1:$port CHATD_DATA_DIR=$work/data CHATD_LOG_LEVEL=warn CHATD_FRAME_MAX=64KiB \
	CHATD_RATE_CONNECTIONS_ADDRESS=off CHATD_RATE_JOINS_ADDRESS=off CHATD_CONNECTIONS_ADDRESS_MAX=0 \
	CHATD_RATE_MESSAGES_USER=off CHATD_RATE_MESSAGES_ADDRESS=off CHATD_RATE_ACTIONS_USER=off \
	"$work/chatd" >"$work/log" 2>&1 &
pid=$!
for _ in $(seq 100); do
	(exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
	kill -0 "$pid" 2>/dev/null || break
	sleep 0.1
done

failed=0
conform() {
	echo "== $* =="
	"$work/wsconform" -url "ws://127.0.0.1:$port/ws/chat/conf" -origin "http://127.0.0.1:$port" \
		-max 65536 -slow -hs 15s -idle 75s -p 16 "$@" || failed=1
}
conform -valid '%s'
conform -proto chatd.v1 -valid '{"type":"post","id":"1","room":"conf","text":"%s"}'

kill -0 "$pid" 2>/dev/null || {
	echo "conformance.sh: chatd ended" >&2
	failed=1
}
[ $failed = 0 ] || cat "$work/log" >&2
exit $failed
