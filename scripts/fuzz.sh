#!/usr/bin/env bash
# Runs every fuzz target of the project, one after another, for the time given.
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:?usage: scripts/fuzz.sh 60s}

targets=0
while IFS=: read -r file line; do
	name=$(grep -oE 'Fuzz[A-Za-z0-9_]*' <<<"$line" | head -1)
	echo "== $(dirname "$file") $name, $time =="
	go test -run '^$' -fuzz "^$name\$" -fuzztime "$time" "./$(dirname "$file")"
	targets=$((targets + 1))
done < <(git ls-files -co --exclude-standard '*_test.go' | xargs grep -HE '^func Fuzz[A-Za-z0-9_]*\(' | sort)

[ $targets -gt 0 ] || {
	echo "fuzz.sh: found no fuzz target" >&2
	exit 1
}
echo "$targets fuzz targets, no crash"
