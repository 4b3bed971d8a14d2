#!/usr/bin/env bash
# Runs every fuzz target for FUZZTIME (default 10s): go test takes one at a time.
set -euo pipefail
cd "$(dirname "$0")/.."

targets=0
while IFS= read -r file; do
  while IFS= read -r target; do
    echo "$file: $target" >&2
    go test -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-10s}" "./$(dirname "$file")"
    targets=$((targets + 1))
  done < <(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' "$file")
done < <(grep -rl --include='*_test.go' '^func Fuzz' hertz-gateway kitex-server dgate-cli | sort)
echo "ok: $targets fuzz targets"
