#!/usr/bin/env bash
# Are the generated files what their sources make? Generates again in a copy, and compares.
set -euo pipefail
cd "$(dirname "$0")/.."

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
git ls-files -z -co --exclude-standard | while IFS= read -rd '' f; do
	[ ! -e "$f" ] || printf '%s\0' "$f"
done | tar -c --null -T - | tar -xC "$copy"
cp -r "$copy" "$copy.before"
trap 'rm -rf "$copy" "$copy.before"' EXIT

(cd "$copy" && go generate -skip CONFUSABLES_TXT ./...) # that one needs a file of the Unicode Consortium
if ! diff -r "$copy.before" "$copy"; then
	echo "check-generated.sh: the files above are not what their sources make (<: as they are, >: as they should be). Run: go generate ./..." >&2
	exit 1
fi
