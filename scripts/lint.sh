#!/usr/bin/env bash
# Lints the three modules and the one of the benchmark. With --fix: formats their files instead.
set -euo pipefail
cd "$(dirname "$0")/.."

modules=(./hertz-gateway/... ./kitex-server/... ./dgate-cli/...)

# The linter is pinned in a module of its own, which is not part of the
# workspace. It reads only code of a Go that is not newer than the one that
# built it, so that one names it too.
version=$(cd scripts/tools && GOWORK=off go list -m -f '{{.Version}}' github.com/golangci/golangci-lint/v2)
linter=.tools/golangci-lint-$version-$(go env GOVERSION)
if [ ! -x "$linter" ]; then
  echo "building golangci-lint $version (once, a minute or two)" >&2
  mkdir -p .tools
  (cd scripts/tools && GOWORK=off go build -buildvcs=false -o "../../$linter.$$" github.com/golangci/golangci-lint/v2/cmd/golangci-lint)
  mv "$linter.$$" "$linter"
fi

if [ "${1:-}" = --fix ]; then
  exec "$linter" fmt "${modules[@]}" ./scripts/bench/...
fi

unformatted=$(find hertz-gateway kitex-server dgate-cli scripts/bench -name '*.go' -not -path '*/kitex_gen/*' -exec gofmt -l {} +)
if [ -n "$unformatted" ]; then
  printf 'not gofmt-ed (make fmt mends it):\n%s\n' "$unformatted" >&2
  exit 1
fi
"$linter" run "${modules[@]}"
(cd scripts/bench && GOWORK=off "../../$linter" run ./...)
