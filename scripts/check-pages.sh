#!/usr/bin/env bash
# Are the embedded pages what their sources build? Builds again and compares. What it
# finds stale is fresh afterwards: look at it and commit it.
set -euo pipefail
cd "$(dirname "$0")/../admin-ui"

before=$(mktemp -d)
trap 'rm -rf "$before"' EXIT
cp -r dist/. "$before"
npm run build
if ! diff -rq "$before" dist; then
	echo "check-pages.sh: admin-ui/dist was not what admin-ui/src builds. It is now: commit it" >&2
	exit 1
fi
