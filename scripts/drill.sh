#!/usr/bin/env bash
# Runs the drills of a cluster: three gateways on three members of etcd, killed,
# cut off and started again under load. Prints each figure beside its target.
#   scripts/drill.sh [NAME]     NAME: a regular expression, as for go test -run
# DRILL (default 1m) is how long each drill that repeats something goes on.
set -euo pipefail
cd "$(dirname "$0")/.."

export DGATE_DRILL=${DRILL:-1m}
go test -count 1 -timeout 3h -v -run "${1:-.}" ./hertz-gateway/internal/gateway/drill |
  sed -n -E 's/^ *[a-z_]+\.go:[0-9]+: FIGURE //p; /^ *--- |^FAIL|^ok|[a-z_]+\.go:[0-9]+: [^F]/p'
