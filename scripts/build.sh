#!/usr/bin/env bash
# Builds the three programs into bin/.
set -euo pipefail
cd "$(dirname "$0")/.."

version=$(git describe --tags --always --dirty 2>/dev/null || true)
# The version comes from here and not from the go command's own stamp, which
# fails the build where git distrusts the owner of the folder. None of the
# programs needs C.
export CGO_ENABLED=0
for program in hertz-gateway kitex-server dgate-cli; do
  go build -buildvcs=false -ldflags "-X dgate/hertz-gateway/api.version=$version" -o "bin/$program" "./$program"
done
