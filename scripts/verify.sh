#!/usr/bin/env bash
# Checks that every module builds without the workspace, as its users get it,
# that the generated code is what its generator writes, and that the benchmark
# (a module outside of the workspace) still works.
set -euo pipefail
cd "$(dirname "$0")/.."

for module in hertz-gateway kitex-server dgate-cli; do
  echo "GOWORK=off: $module" >&2
  (cd "$module" && GOWORK=off go build -buildvcs=false -o /dev/null ./... && GOWORK=off go vet ./...)
done
(cd scripts/bench && GOWORK=off go vet ./... && GOWORK=off go test ./...)
scripts/generate.sh --check
if [ "$(uname)" = Linux ]; then scripts/bench.sh --quick; fi
echo "ok: every module builds on its own, generated code is current"
