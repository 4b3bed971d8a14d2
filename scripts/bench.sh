#!/usr/bin/env bash
# Compares the gateway, in one run, with other ways to do its job, and writes
# docs/benchmarks.md, its plot, and CPU profiles of the gateway.
#
#   scripts/bench.sh            all of it: the comparison and the Go benchmarks
#   scripts/bench.sh --quick    a few seconds, to see that it works: writes nothing,
#                               fails when an answer is wrong or not 2xx
#   scripts/bench.sh --modules  what modules add to a request; a table to standard output
#   scripts/bench.sh --framed   with the framed transport; tables to standard output
#   scripts/bench.sh --go       Go benchmarks of all packages
#   scripts/bench.sh --pgo      writes hertz-gateway/default.pgo from CPU profiles
#
# BENCH_SECONDS (1) is the length of one measurement, BENCH_ROUNDS (5) how many
# rounds count. BENCH is a regular expression and BENCHTIME as go test's, for the
# Go benchmarks.
set -euo pipefail
cd "$(dirname "$0")/.."

mode=${1:-}
case "$mode" in
  '' | --quick | --modules | --framed | --pgo) ;;
  --go)
    exec go test -run '^$' -bench "${BENCH:-.}" -benchtime "${BENCHTIME:-1s}" -benchmem \
      ./hertz-gateway/... ./kitex-server/... ./dgate-cli/...
    ;;
  *) echo "usage: scripts/bench.sh [--quick | --modules | --framed | --go | --pgo]" >&2; exit 2 ;;
esac
if [ "$(uname)" != Linux ]; then
  echo "the comparison reads CPU times from /proc: it needs Linux" >&2
  exit 1
fi

root=$PWD
work=$(mktemp -d)
run=
cleanup() {
  # Its processes end with it.
  if [ -n "$run" ]; then kill -TERM "$run" 2>/dev/null || true; fi
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

# All sides get the same compiler settings: none of their own.
export CGO_ENABLED=0
build=(go build -buildvcs=false -pgo=off)
echo "building" >&2
(cd scripts/bench && GOWORK=off "${build[@]}" -o "$work/bench" .)
args=(run --idl "$root/scripts/bench/idl" --work "$work")
if [ "$mode" != --pgo ]; then
  "${build[@]}" -o "$work/hertz-gateway" ./hertz-gateway
  args+=(--gateway "$work/hertz-gateway" --commit "$(git describe --tags --always --dirty 2>/dev/null || echo unknown)")
fi
if [ "$mode" != --framed ] && [ "$mode" != --modules ]; then
  printf '{"Replace": {"%s": "%s"}}\n' "$root/hertz-gateway/bench_profile.go" "$root/scripts/bench/_overlay/profile.go" >"$work/overlay.json"
  "${build[@]}" -overlay "$work/overlay.json" -o "$work/hertz-gateway-profiled" ./hertz-gateway
  args+=(--profiled "$work/hertz-gateway-profiled")
fi
if [ "$mode" != --pgo ] && [ "$mode" != --modules ]; then
  go build -buildvcs=false -o "$work/hertz-gateway-shipped" ./hertz-gateway
  args+=(--shipped "$work/hertz-gateway-shipped")
fi

command="make bench"
case "$mode" in
  --quick) args+=(--conns 8 --measure 100ms --warm 20ms --rounds 1 --open-rounds 1 --docs "$work/docs")
    mkdir "$work/docs"
    cp docs/benchmarks.md "$work/docs"
    ;;
  --modules) args+=(--modules-only) command="scripts/bench.sh --modules" ;;
  --framed) args+=(--framed) command="scripts/bench.sh --framed" ;;
  --pgo) args+=(--pgo "$root/hertz-gateway/default.pgo") ;;
  '') args+=(--docs "$root/docs") ;;
esac
if [ "$mode" != --quick ]; then
  args+=(--measure "${BENCH_SECONDS:-1}s" --rounds "${BENCH_ROUNDS:-5}")
  if [ -n "${BENCH_SECONDS:-}${BENCH_ROUNDS:-}" ]; then
    command="BENCH_SECONDS=${BENCH_SECONDS:-1} BENCH_ROUNDS=${BENCH_ROUNDS:-5} $command"
  fi
fi
args+=(--command "$command")

if [ -z "$mode" ]; then
  echo "Go benchmarks" >&2
  go test -run '^$' -bench "${BENCH:-.}" -benchtime "${BENCHTIME:-100ms}" -benchmem \
    ./hertz-gateway/transcode ./hertz-gateway/servicemapping ./hertz-gateway/router ./hertz-gateway/internal/proxy | tee "$work/go-bench" >&2
  go test -run '^$' -bench '^BenchmarkHandle$' -benchtime "${BENCHTIME:-100ms}" -benchmem \
    ./hertz-gateway/internal/upstream/kitex | tee -a "$work/go-bench" >&2
  args+=(--go-bench "$work/go-bench")
fi

"$work/bench" "${args[@]}" >"$work/out" &
run=$!
wait "$run" || { run=; cat "$work/out"; exit 1; }
run=
case "$mode" in
  --quick) echo "ok: every variant answers alike, and all answers are 2xx" ;;
  --framed | --modules) cat "$work/out" ;;
  --pgo) echo "wrote hertz-gateway/default.pgo" ;;
  '') echo "wrote docs/benchmarks.md" ;;
esac
