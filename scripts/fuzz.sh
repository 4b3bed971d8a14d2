#!/usr/bin/env bash
# Runs every fuzz target for FUZZTIME (default 10s) and sums up. go test takes
# one target at a time; one that fails does not keep the others from running.
#
# At the end of its time the fuzzing of Go before 1.27 may report "context
# deadline exceeded" although nothing failed (go.dev/issue/75804): without an
# input that fails that is no failure.
# The tag has the transcoder check each access to memory (docs/adr/0009).
# FUZZ (a regular expression) picks targets by "package Name".
set -uo pipefail
cd "$(dirname "$0")/.."

targets=0
summary=()
failed=()
while IFS= read -r file; do
  package=./$(dirname "$file")
  while IFS= read -r target; do
    if ! [[ "$package $target" =~ ${FUZZ:-.} ]]; then
      continue
    fi
    targets=$((targets + 1))
    echo "$package $target" >&2
    # An input is minimised once only: by default that may take a minute, in
    # which nothing new is tried.
    if output=$(go test -tags checked -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-10s}" -fuzzminimizetime 1x "$package" 2>&1); then
      verdict=ok
    elif grep -qx ' *context deadline exceeded' <<<"$output" && ! grep -q 'Failing input written\|panic:\|build failed' <<<"$output"; then
      verdict=ok
    else
      verdict=FAIL
      failed+=("$package $target")
      printf '%s\n' "$output" >&2
    fi
    tried=$(sed -n 's/.*execs: \([0-9]*\).*new interesting: \([0-9]*\) (total: \([0-9]*\)).*/\1 inputs, \2 new of \3/p' <<<"$output" | tail -1)
    summary+=("$(printf '%-4s %-22s %-45s %s' "$verdict" "$target" "$package" "$tried")")
  done < <(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' "$file")
done < <(grep -rl --include='*_test.go' '^func Fuzz' hertz-gateway kitex-server dgate-cli | LC_ALL=C sort)

printf '%s\n' "${summary[@]}"
if [ "$targets" -eq 0 ] || [ "${#failed[@]}" -gt 0 ]; then
  echo "${#failed[@]} of $targets fuzz targets failed; an input that fails is in testdata/fuzz of its package" >&2
  exit 1
fi
echo "ok: $targets fuzz targets"
