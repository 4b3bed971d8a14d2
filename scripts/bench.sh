#!/usr/bin/env bash
# Runs the Go benchmarks. BENCH is a regular expression, BENCHTIME as go test's.
set -euo pipefail
cd "$(dirname "$0")/.."

go test -run '^$' -bench "${BENCH:-.}" -benchtime "${BENCHTIME:-1s}" -benchmem \
  ./hertz-gateway/... ./kitex-server/... ./dgate-cli/...
