# make run starts the server; make test proves it. Everything else is in one line each.
GO ?= go

.PHONY: all build run ui test lint race fuzz soak bench cover parts gallery screenshots

all: build test

build: ui ## the binary, bin/carbon
	$(GO) build -o bin/carbon ./cmd/carbon

run: ui ## start the server: lines on :2003, pictures on :8080
	$(GO) run ./cmd/carbon serve

ui: ## build the user interface for the binary to embed, where npm is
	@scripts/build-ui

test: parts ui lint ## everything CI runs: linters, then all tests with the race detector
	$(GO) test -race ./...

lint: ## vet, staticcheck, formatting
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	@unformatted=$$($(GO) tool gofumpt -l .); if [ -n "$$unformatted" ]; then echo "not gofumpt-ed: $$unformatted"; exit 1; fi

parts: ## install what tests compare with (Debian's whisper, carbon and graphite-web), where it is missing
	@scripts/install-test-parts

race: ## all tests with the race detector, nothing else
	$(GO) test -race ./...

fuzz: ## every fuzz target for FUZZTIME (20s)
	@scripts/fuzz $(FUZZTIME)

soak: parts ## what takes long: fifty kills under load, minutes of simulated histories, all random lives of files
	SOAK=1 CI=$(CI) $(GO) test -v -count=1 -timeout 90m ./test/crash ./ingest ./wal ./cache ./storage/...

bench: ## every row of docs/performance.md, beside the peers that can be installed, and micro-benchmarks
	@scripts/install-bench-parts
	$(GO) run ./test/bench $(BENCHFLAGS)
	$(GO) test -run '^$$' -bench . -benchmem ./...

screenshots: ui ## bin/screenshots: every page of the user interface, light and dark, wide and narrow
	SCREENSHOTS=$(CURDIR)/bin/screenshots $(GO) test -count=1 ./test/browser -run '^TestScreenshots$$'

gallery: ## bin/gallery/index.html: every recorded picture, beside those of a folder GALLERY_REFERENCE
	GALLERY=$(CURDIR)/bin/gallery $(GO) test -count=1 ./test/conformance -run '^TestGallery$$'

cover: ## test coverage by function
	$(GO) test -coverprofile=bin/cover.out ./... && $(GO) tool cover -func=bin/cover.out | tail -1
