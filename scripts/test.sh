#!/usr/bin/env bash
# Runs everything that can be tested here. The last line tells the outcome, and
# names what was skipped; with CI=true a skip is a failure.
set -euo pipefail
cd "$(dirname "$0")/.."

modules=(./hertz-gateway/... ./kitex-server/... ./dgate-cli/...)
skipped=()

# Whether C can be compiled is found out by compiling: a compiler without its
# headers is none.
compiles_c() {
  [ "$(go env CGO_ENABLED)" = 1 ] || return 1
  local cc
  read -ra cc <<<"$(go env CC)"
  printf '#include <stdlib.h>\nint main(void) { return 0; }\n' | "${cc[@]}" -x c -o /dev/null - 2>/dev/null
}

race=()
if compiles_c; then
  race=(-race)
else
  export CGO_ENABLED=0
  skipped+=("race detector (needs a C compiler)")
fi

echo "go vet" >&2
go vet "${modules[@]}"
echo "go test ${race[*]-}" >&2
go test ${race[@]+"${race[@]}"} -timeout 10m "${modules[@]}"

if (cd kitex-server && go build -o /dev/null github.com/cloudwego/kitex/tool/cmd/kitex) 2>/dev/null; then
  scripts/generate.sh --check
else
  skipped+=("generated code (its generator cannot be built)")
fi

if [ ${#skipped[@]} -eq 0 ]; then
  echo "ok: all tests passed, with the race detector"
  exit 0
fi
list=$(printf '%s; ' "${skipped[@]}")
echo "all other tests passed"
echo "skipped: ${list%; }"
[ "${CI:-}" != true ]
