#!/usr/bin/env bash
# Builds the three programs into bin/. --quick leaves out what makes the gateway
# faster: its profile of CPU time (scripts/bench.sh --pgo writes it), for which
# the compiler builds everything anew.
set -euo pipefail
cd "$(dirname "$0")/.."

version=$(git describe --tags --always --dirty 2>/dev/null || true)
# The version comes from here and not from the go command's own stamp, which
# fails the build where git distrusts the owner of the folder. None of the
# programs needs C.
export CGO_ENABLED=0
profile=off
if [ "${1:-}" != --quick ]; then profile=$PWD/hertz-gateway/gateway.pgo; fi
for program in hertz-gateway kitex-server dgate-cli; do
  pgo=off
  if [ "$program" = hertz-gateway ]; then pgo=$profile; fi
  go build -buildvcs=false "-pgo=$pgo" -ldflags "-X dgate/hertz-gateway/api.version=$version" -o "bin/$program" "./$program"
done
