#!/usr/bin/env bash
# Writes kitex-server/kitex_gen again from idl/, with the generator that
# kitex-server/go.mod pins. With --check it writes nothing, shows what would
# change, and fails when anything would.
set -euo pipefail
cd "$(dirname "$0")/.."

case "${1:-}" in
  '' | --check) ;;
  *) echo "usage: scripts/generate.sh [--check]" >&2; exit 2 ;;
esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The generator writes below a folder that looks like the module, so that a
# file it no longer makes does not stay behind, and none of ours is touched
# before all has gone well.
(cd kitex-server && go build -buildvcs=false -o "$work/kitex" github.com/cloudwego/kitex/tool/cmd/kitex)
mkdir "$work/module"
cp -R idl "$work/idl"
printf 'module dgate/kitex-server\n' >"$work/module/go.mod"
(cd "$work/module" && "$work/kitex" -module dgate/kitex-server -no-dependency-check ../idl/book.thrift) >"$work/log" 2>&1 || {
  cat "$work/log" >&2
  exit 1
}

if [ "${1:-}" = --check ]; then
  diff -r kitex-server/kitex_gen "$work/module/kitex_gen" >&2 || {
    echo "generated code differs from its IDL: run make generate" >&2
    exit 1
  }
  exit 0
fi
rm -rf kitex-server/kitex_gen
mv "$work/module/kitex_gen" kitex-server/kitex_gen
