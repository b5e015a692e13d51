# `make` lists what there is. Everything here works on a fresh checkout; what the tests
# need besides Go is installed where it is missing (Debian, as root or by sudo).

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

version = $(shell git describe --tags --always --dirty)
# The race detector, the servers that the Go tests start, and what the examples in docs run on.
go_needs := go gcc redis-server postgresql curl jq node python3 php
lint := bin/golangci-lint
pages := admin-ui/node_modules/.package-lock.json
spec := scripts/spec/node_modules/.package-lock.json

## run: start chatd here; http://localhost:8000
.PHONY: run
run:
	go run ./cmd/chatd

## build: the static program, bin/chatd
.PHONY: build
build:
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w -X main.version=$(version)' -o bin/chatd ./cmd/chatd

## test: everything: Go with the race detector, the pages, browsers, RFC 6455, the container
.PHONY: test
test: test-go test-pages test-browser test-conformance test-container

# The end-to-end tests put the program under load: they get the machine to themselves.
.PHONY: test-go
test-go:
	scripts/need.sh $(go_needs)
	go test -race -count=1 -timeout 20m $$(go list ./... | grep -v /e2e$$)
	go test -race -count=1 -timeout 20m ./e2e
	cd bench && go test -count=1 ./...

.PHONY: test-pages
test-pages: $(pages)
	cd admin-ui && npm test

.PHONY: test-browser
test-browser: $(pages)
	scripts/need.sh go chromium
	cd admin-ui && npm run test:e2e

.PHONY: test-conformance
test-conformance:
	scripts/need.sh go
	scripts/conformance.sh

.PHONY: test-container
test-container:
	scripts/need.sh go
	$(if $(filter 0,$(shell id -u)),,sudo env "PATH=$$PATH") deploy/check-container.sh

## check: formatting, lint, modules, generated files, built pages, contracts, habits
.PHONY: check
check: check-go check-modules check-layout check-generated check-pages check-spec check-habits

.PHONY: check-go
check-go: $(lint)
	@unformatted=$$(gofmt -l $$(git ls-files -co --exclude-standard '*.go')); \
	[ -z "$$unformatted" ] || { echo "not formatted by gofmt:"; echo "$$unformatted"; exit 1; }
	go vet ./...
	$(lint) run ./...
	cd bench && go vet ./... && ../$(lint) run ./...

.PHONY: check-modules
check-modules:
	go mod verify
	go mod tidy -diff
	cd bench && go mod verify && go mod tidy -diff

.PHONY: check-layout
check-layout:
	go test ./internal/...

.PHONY: check-generated
check-generated:
	scripts/check-generated.sh

.PHONY: check-pages
check-pages: $(pages)
	cd admin-ui && npm run check
	scripts/check-pages.sh

.PHONY: check-spec
check-spec: $(spec)
	scripts/need.sh go
	cd scripts/spec && npm run lint
	scripts/spec/breaking.sh

.PHONY: check-habits
check-habits:
	scripts/check-habits.sh

## fuzz: every fuzz target for a minute (FUZZTIME=60s)
.PHONY: fuzz
fuzz:
	scripts/fuzz.sh $(or $(FUZZTIME),60s)

## soak: the tests again, in their long forms
.PHONY: soak
soak:
	scripts/need.sh $(go_needs)
	CHATD_TEST_LONG=1 go test -race -count=1 -timeout 90m $$(go list ./... | grep -v /e2e$$)
	CHATD_TEST_LONG=1 go test -race -count=1 -timeout 90m ./e2e

## bench: chatd beside other servers, a quarter of an hour (ARGS='-quick', see bench/README.md)
.PHONY: bench
bench:
	scripts/need.sh go
	cd bench && go run . $(ARGS)

## bench-go: every Go benchmark, with allocations
.PHONY: bench-go
bench-go:
	go test -run '^$$' -bench . -benchmem ./...

## screenshots: the pictures in docs, taken from the running program
.PHONY: screenshots
screenshots: $(pages)
	scripts/need.sh go chromium
	cd admin-ui && npm run screenshots

## pages: build the pages again, after a change in admin-ui/src
.PHONY: pages
pages: $(pages)
	cd admin-ui && npm run build

## clean: what was built or installed into this folder
.PHONY: clean
clean:
	rm -rf bin admin-ui/node_modules scripts/spec/node_modules

## help: this list
.PHONY: help
help:
	@sed -nE 's/^## ([a-z-]+): /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 20

# The linter is pinned by a module of its own, so that go.mod stays small.
$(lint): scripts/tools/go.mod scripts/tools/go.sum
	scripts/need.sh go
	go build -C scripts/tools -o ../../bin/ github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	@touch $@

$(pages): admin-ui/package.json admin-ui/package-lock.json
	scripts/need.sh npm
	cd admin-ui && npm ci
	@touch $@

$(spec): scripts/spec/package.json scripts/spec/package-lock.json
	scripts/need.sh npm
	cd scripts/spec && npm ci
	@touch $@
