#!/usr/bin/env bash
# Sees to it that the named tools are on this machine, and installs what is missing from
# Debian's packages: as root, or by sudo. What can't be had fails here, with a word.
#
#   scripts/need.sh go gcc npm redis-server postgresql chromium
set -euo pipefail

die() {
	echo "need.sh: $*" >&2
	exit 1
}

# have TOOL: is it here, and new enough?
have() {
	case $1 in
	postgresql) compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null ;;
	npm) command -v npm >/dev/null && node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || a == 20 && b >= 19 ? 0 : 1)' ;;
	*) command -v "$1" >/dev/null ;;
	esac
}

# packages TOOL: the Debian packages that bring it.
packages() {
	case $1 in
	npm) echo nodejs npm ;;
	node) echo nodejs ;;
	php) echo php-cli ;;
	chromium) echo chromium fonts-noto-color-emoji ;;
	gcc) echo gcc libc6-dev ;; # the race detector wants cgo
	*) echo "$1" ;;
	esac
}

asroot() {
	if [ "$(id -u)" = 0 ]; then
		env DEBIAN_FRONTEND=noninteractive "$@"
	elif command -v sudo >/dev/null; then
		sudo env DEBIAN_FRONTEND=noninteractive "$@"
	else
		die "must be root, or have sudo, to run: $*"
	fi
}

missing=()
for tool in "$@"; do
	have "$tool" || missing+=("$tool")
done
[ ${#missing[@]} -gt 0 ] || exit 0

for tool in "${missing[@]}"; do
	[ "$tool" != go ] || die "Go is missing: install the version that go.mod names, or newer"
done
command -v apt-get >/dev/null || die "missing: ${missing[*]}. This script installs from Debian's packages only; install them by hand"

wanted=()
for tool in "${missing[@]}"; do
	read -ra more < <(packages "$tool")
	wanted+=("${more[@]}")
done
echo "installing: ${wanted[*]}"
asroot apt-get update -qq
asroot apt-get install -y -qq --no-install-recommends "${wanted[@]}"

for tool in "${missing[@]}"; do
	have "$tool" || die "$tool was installed but still isn't usable (npm needs Node.js 20.19 or newer)"
done
