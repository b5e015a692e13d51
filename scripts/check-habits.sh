#!/usr/bin/env bash
# What no tracked file may hold: where one machine keeps things, where packages were
# fetched from, unfinished notes, merge leftovers; and what must be there.
set -euo pipefail
cd "$(dirname "$0")/.."
failed=0

# refuse WHY PATTERN [PATHSPEC…]: no file may match the extended regular expression.
refuse() {
	local why=$1 pattern=$2 found
	shift 2
	found=$(git grep -nIE "$pattern" -- "$@" ':!scripts/check-habits.sh' | cut -c1-160) || return 0
	printf 'check-habits.sh: %s:\n%s\n' "$why" "$found" >&2
	failed=1
}

refuse 'a lock file that says where packages come from' '"resolved": *"[a-z+]+:' '*package-lock.json'
refuse 'the host of a package registry' '\b(registry|proxy|sum|deb|security|packages)\.(npm|yarn|go|debian|ubuntu)[a-z]*\.(org|com|net)\b'
refuse 'a folder of one machine' "(^|[^A-Za-z0-9_.~/-])/(root|Users|home/[a-z][a-z0-9]*)/|$(pwd | sed 's/[].[*^$()+?{}|\\]/\\&/g')/"
refuse 'an unfinished note' '\b(TODO|FIXME|XXX)\b' '*.go' '*.ts' '*.tsx' '*.mjs' '*.sh' '*.md' '*.yaml' '*.yml' Makefile Dockerfile
refuse 'a left-over of a merge' '^(<<<<<<< |>>>>>>> )'
refuse 'a test that hides what is missing' '\b(t|b|tb)\.Skip(f|Now)?\(|\b(it|test|describe)\.(skip|only)\(' '*_test.go' '*test/*.go' '*.test.ts' '*.test.tsx' '*.spec.ts'

# Addresses on the page of the README and the docs must lead somewhere.
while IFS=: read -r file link; do
	target=${link%%#*}
	[ -z "$target" ] || [ -e "$(dirname "$file")/$target" ] || {
		echo "check-habits.sh: $file links to $link, which isn't there" >&2
		failed=1
	}
done < <(git ls-files '*.md' | xargs grep -oHE '\]\([^)[:space:]]+\)' | sed -E 's/\]\(([^)]*)\)$/\1/' | grep -vE ':(https?|mailto):' || true)

exit $failed
