# What each target does stands in scripts/; this file only names them.
.DEFAULT_GOAL := help
.PHONY: help run test build lint fmt generate verify bench drill e2e fuzz

help: ## list the targets
	@grep -E '^[a-z0-9]+:.*## ' Makefile | while IFS= read -r line; do printf '  make %-10s %s\n' "$${line%%:*}" "$${line##*## }"; done

run: ## build and start everything: gateway, embedded etcd, two book services
	@scripts/run.sh

test: ## vet and all tests, with the race detector where a C compiler is
	@scripts/test.sh

build: ## the three programs into bin/
	@scripts/build.sh

lint: ## golangci-lint (built by itself, once) and gofmt
	@scripts/lint.sh

fmt: ## format every Go file
	@scripts/lint.sh --fix

generate: ## write the generated code again
	@scripts/generate.sh

verify: ## every module on its own (GOWORK=off), and the generated code
	@scripts/verify.sh

bench: ## compare with other ways to do the same, and write docs/benchmarks.md
	@scripts/bench.sh

drill: ## kill gateways and etcd under load, and print the figures (DRILL=1m)
	@scripts/drill.sh

e2e: ## `make run` on free ports, called like a user would
	@scripts/e2e.sh

fuzz: ## every fuzz target, a while each (FUZZTIME=10s)
	@scripts/fuzz.sh
