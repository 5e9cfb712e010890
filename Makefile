# "make help" lists the targets.
GO ?= go

.PHONY: all help build run ui test lint parts race docs fuzz soak bench screenshots gallery cover

all: build test

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ui ## build the binary, bin/carbon
	$(GO) build -buildvcs=auto -o bin/carbon ./cmd/carbon

run: ui ## build and start a server: lines on :2003, graphs on http://127.0.0.1:8080
	$(GO) run ./cmd/carbon serve

ui: ## build the user interface that the binary embeds; skipped without npm
	@scripts/build-ui

test: parts ui lint ## all that CI runs: the linters, then all tests with the race detector
	$(GO) test -race $$($(GO) list ./... | grep -v '/test/')
	$(GO) test -race -count=1 ./test/... # go does not see that the binary they run has changed

lint: ui ## go vet, staticcheck, formatting; biome for the user interface
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	@unformatted=$$($(GO) tool gofumpt -l .); if [ -n "$$unformatted" ]; then echo "not formatted, run go tool gofumpt -w on:" $$unformatted; exit 1; fi
	@if [ -d web/ui/node_modules/@biomejs ]; then npm --prefix web/ui run --silent lint; \
	elif [ "$(CI)" = true ]; then echo "web/ui: biome is not installed" >&2; exit 1; \
	else echo "web/ui not linted: npm has not installed biome" >&2; fi

parts: ## install the programs that tests compare with, as far as this user may
	@scripts/install-test-parts

race: ## all tests with the race detector, without linters
	$(GO) test -race ./...

docs: ## rewrite generated files: carbon.conf, docs/configuration.md, functions.md, commands.md, tables of ARCHITECTURE.md and http-api.md
	$(GO) test . ./api ./config ./render/function ./cmd/carbon -update

fuzz: ## every fuzz target, each for FUZZTIME (20s)
	@scripts/fuzz $(FUZZTIME)

soak: parts ## the long tests: fifty kills under load, minutes of simulated histories, random whisper files
	SOAK=1 CI=$(CI) $(GO) test -v -count=1 -timeout 90m ./test/crash ./ingest ./wal ./cache ./storage/...

bench: ## every row of docs/performance.md, beside the peers that can be installed, then the micro-benchmarks
	@scripts/install-bench-parts
	$(GO) run ./test/bench $(BENCHFLAGS)
	$(GO) test -run '^$$' -bench . -benchmem ./...

screenshots: ui ## every page of the user interface, light and dark, wide and narrow, into bin/screenshots
	SCREENSHOTS=$(CURDIR)/bin/screenshots $(GO) test -count=1 ./test/browser -run '^TestScreenshots$$'

gallery: ## every recorded graph, beside those of the directory GALLERY_REFERENCE, into bin/gallery/index.html
	GALLERY=$(CURDIR)/bin/gallery $(GO) test -count=1 ./test/conformance -run '^TestGallery$$'

cover: ## total test coverage; by function with go tool cover -func=bin/cover.out
	@mkdir -p bin
	$(GO) test -coverprofile=bin/cover.out ./... && $(GO) tool cover -func=bin/cover.out | tail -1
