# Latchkey. `make` lists what there is; `make run` and `make test` are all you need.
SHELL := /bin/bash
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

GO       ?= go
NODE     := node_modules/node/bin/node
WRANGLER := $(NODE) node_modules/wrangler/bin/wrangler.js
WORKER   := edge/dist
SITE     := site/dist
TOOLS    := .latchkey/tools

# Pinned: a check that changes by itself is no check.
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.7.0
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.1.4

# The usual checks, and that comments begin as they should. For js/wasm what only JavaScript calls (go:wasmexport) would count as unused.
CHECKS := inherit,ST1000,ST1020,ST1021,ST1022

GO_FILES   := $(shell git ls-files -co --exclude-standard '*.go' 2>/dev/null) go.mod go.sum
EDGE_FILES := $(filter edge/%,$(GO_FILES)) go.mod go.sum $(wildcard edge/*.mjs edge/internal/workerd/*.mjs edge/internal/workerd/*.s)
SITE_FILES := $(shell git ls-files -co --exclude-standard site wasm 2>/dev/null) edge/api/*.go edge/slim/*.go go.mod go.sum

.PHONY: help run test build bench e2e fuzz lint clean deploy chromium apache

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## run the whole service on this machine, over TLS, with a demo application
	@$(GO) run ./e2e/local/run

build: $(WORKER)/edge.wasm $(SITE)/_headers ## build the Worker (edge/dist) and the site (site/dist)

test: build chromium apache e2e/peers/node_modules/.package-lock.json lint ## run every test: unit, runtime, browser, real peers
	$(GO) test -count=1 -timeout 14m ./...

e2e: build chromium apache e2e/peers/node_modules/.package-lock.json ## run only the browser flows
	$(GO) test -count=1 -timeout 10m ./e2e/...

BENCH ?=
bench: build wrk chromium e2e/bench/peers/node_modules/.package-lock.json ## measure speeds and sizes beside their comparisons (BENCH="-only vault -rounds 3"); fails when a target is missed
	@$(GO) run ./e2e/bench $(BENCH)

FUZZTIME ?= 20s
fuzz: ## fuzz every parser of outside input (FUZZTIME=20s each)
	@set -e; for pkg in $$($(GO) list ./...); do \
	  for name in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
	    echo "== $$pkg $$name"; $(GO) test -run '^$$' -fuzz "^$$name$$" -fuzztime $(FUZZTIME) $$pkg; \
	  done; done

lint: node_modules/.package-lock.json $(TOOLS)/staticcheck ## gofmt, vet for both targets, staticcheck, govulncheck
	@out=$$(gofmt -l $(filter %.go,$(GO_FILES))); [ -z "$$out" ] || { echo "gofmt would change:"; echo "$$out"; exit 1; }
	$(GO) vet ./...
	GOOS=js GOARCH=wasm $(GO) vet ./edge/... ./wasm/...
	$(TOOLS)/staticcheck -checks $(CHECKS) ./...
	GOOS=js GOARCH=wasm $(TOOLS)/staticcheck -checks $(CHECKS),-U1000 ./edge/... ./wasm/...
	@$(MAKE) --no-print-directory vulncheck

.PHONY: wrk
wrk:
	@command -v wrk >/dev/null || { echo "installing Debian's wrk"; \
	  $$( [ "$$(id -u)" = 0 ] || echo sudo ) sh -c 'apt-get update -qq && apt-get install -y -qq --no-install-recommends wrk'; }

.PHONY: vulncheck
vulncheck: $(TOOLS)/govulncheck
	@if out=$$(timeout 90 $(TOOLS)/govulncheck ./... 2>&1); then echo "govulncheck: no known vulnerability is reachable"; \
	 elif [ -z "$$out" ] || grep -qiE 'vuln\.go\.dev|dial tcp|no such host|proxyconnect|Forbidden|fetching vulnerabilities' <<<"$$out" && ! grep -q 'Vulnerability #' <<<"$$out"; then \
	   echo "govulncheck: NOT RUN, its database cannot be reached from here"; \
	 else echo "$$out"; exit 1; fi

deploy: lint build ## check, then upload to Cloudflare
	@grep -q '^LATCHKEY_ISSUER = "https://localhost' wrangler.toml && { echo "set LATCHKEY_ISSUER and LATCHKEY_DEFAULT_DOMAIN in wrangler.toml to your own host first"; exit 1; } || true
	$(WRANGLER) deploy --dry-run --outdir .latchkey/deploy
	$(WRANGLER) deploy

clean: ## forget builds, local keys, certificates and all local state
	rm -rf .latchkey .wrangler $(WORKER) $(SITE)

# What the targets stand on.

node_modules/.package-lock.json: package.json package-lock.json
	npm ci --no-fund --no-audit
	@touch $@

%/peers/node_modules/.package-lock.json: %/peers/package.json %/peers/package-lock.json
	npm ci --no-fund --no-audit --prefix $*/peers
	@touch $@

$(WORKER)/edge.wasm: $(EDGE_FILES)
	@echo "building the Worker"
	@$(GO) run ./edge/selfhost/build $(WORKER)

$(SITE)/_headers: node_modules/.package-lock.json $(SITE_FILES)
	@$(GO) run ./site
	@touch $@

$(TOOLS)/staticcheck:
	@GOBIN=$(CURDIR)/$(TOOLS) $(GO) install $(STATICCHECK)

$(TOOLS)/govulncheck:
	@GOBIN=$(CURDIR)/$(TOOLS) $(GO) install $(GOVULNCHECK)

chromium:
	@command -v chromium >/dev/null || { echo "installing Debian's Chromium"; \
	  $$( [ "$$(id -u)" = 0 ] || echo sudo ) sh -c 'apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium libnss3-tools'; }

apache:
	@test -e /usr/lib/apache2/modules/mod_auth_openidc.so || { echo "installing Debian's Apache and mod_auth_openidc"; \
	  $$( [ "$$(id -u)" = 0 ] || echo sudo ) sh -c 'apt-get update -qq && apt-get install -y -qq --no-install-recommends apache2 libapache2-mod-auth-openidc'; }
