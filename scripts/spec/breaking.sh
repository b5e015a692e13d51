#!/bin/sh
# Within v1 there are only additions: compares openapi.yaml with that of the last release.
set -eu
cd "$(dirname "$0")/../.."

last=
for tag in $(git tag --sort=-creatordate --merged HEAD); do
	if git cat-file -e "$tag:openapi.yaml" 2>/dev/null; then
		last=$tag
		break
	fi
done
if [ -z "$last" ]; then
	echo "openapi.yaml: no release has one yet, so nothing can break"
	exit 0
fi
before=$(mktemp)
trap 'rm -f "$before"' EXIT
git show "$last:openapi.yaml" >"$before"
echo "openapi.yaml against that of $last"
go -C scripts/spec tool oasdiff breaking --fail-on ERR "$before" "$PWD/openapi.yaml"
