#!/bin/sh
# Builds what the container holds into FOLDER: the static program, and its empty data folder.
# Dockerfile and check-container.sh both use it, so that what is checked is what is shipped.
set -eu
folder=${1:?usage: build.sh FOLDER [VERSION]}
version=${2:-dev}
mkdir -p "$folder/data"
CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=$version" -o "$folder/chatd" ./cmd/chatd
