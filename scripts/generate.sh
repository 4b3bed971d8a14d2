#!/usr/bin/env bash
# Writes kitex_gen of kitex-server, from idl/, and of scripts/bench, from its own
# idl/, again, with the generator that kitex-server/go.mod pins. With --check it
# writes nothing, shows what would change, and fails when anything would.
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

# generate MODULE FOLDER IDL-DIRECTORY FILE
generate() {
  local dir=$work/$2
  mkdir -p "$dir/module"
  cp -R "$3" "$dir/idl"
  printf 'module %s\n' "$1" >"$dir/module/go.mod"
  (cd "$dir/module" && "$work/kitex" -module "$1" -no-dependency-check "../idl/$4") >"$work/log" 2>&1 || {
    cat "$work/log" >&2
    exit 1
  }
}
generate dgate/kitex-server kitex-server idl book.thrift
generate dgate/bench scripts/bench scripts/bench/idl bench.thrift

for folder in kitex-server scripts/bench; do
  if [ "${1:-}" = --check ]; then
    diff -r "$folder/kitex_gen" "$work/$folder/module/kitex_gen" >&2 || {
      echo "generated code differs from its IDL: run make generate" >&2
      exit 1
    }
    continue
  fi
  rm -rf "$folder/kitex_gen"
  mv "$work/$folder/module/kitex_gen" "$folder/kitex_gen"
done
