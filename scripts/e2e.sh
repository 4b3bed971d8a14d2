#!/usr/bin/env bash
# Starts what `make run` starts, on free ports and with data of its own, and
# calls it as the README says. Then stops it, and looks for what is left over.
set -euo pipefail
cd "$(dirname "$0")/.."

command -v curl >/dev/null || { echo "make e2e needs curl" >&2; exit 1; }

dir=$(mktemp -d)
base=$((20000 + RANDOM % 10000))
export DGATE_LISTEN=127.0.0.1:$base DGATE_ADMIN_LISTEN=127.0.0.1:$((base + 1)) \
  DGATE_ETCD_LISTEN=127.0.0.1:$((base + 2)) DGATE_DATA=$dir/data
url=http://$DGATE_LISTEN

scripts/run.sh >"$dir/out" 2>"$dir/err" &
run=$!
cleanup() {
  kill -TERM "$run" 2>/dev/null || true
  wait "$run" 2>/dev/null || true
  rm -rf "$dir"
}
trap cleanup EXIT

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  cat "$dir/err" "$dir/out" >&2
  exit 1
}

until grep -q '^Ready' "$dir/out"; do
  kill -0 "$run" 2>/dev/null || fail "make run ended"
  sleep 0.2
done

# expect NAME STATUS TEXT CURL-ARGUMENT…: the answer has that status, and TEXT in it.
expect() {
  local name=$1 status=$2 text=$3 answer
  shift 3
  answer=$(curl -sS --max-time 10 -w '\n%{http_code}' "$@") || fail "$name: no answer"
  [ "${answer##*$'\n'}" = "$status" ] || fail "$name: want status $status, got: $answer"
  case $answer in *"$text"*) ;; *) fail "$name: want $text in: $answer" ;; esac
  echo "ok: $name"
}

expect 'query' 200 '"ID":"1"' "$url/book/query?num=1"
expect 'insert a form' 200 '"Ok":true' -X POST "$url/book/insert" -d id=42 -d title=Dune -d author=Herbert
expect 'insert JSON' 200 '"Ok":true' -X POST "$url/book/insert" \
  -H 'content-type: application/json' -d '{"id":"43","title":"Emma","author":"Austen"}'
expect 'generic route' 200 '"ID":"1"' -X POST "$url/gateway/BookSvc/queryBook" -d '{"Num":1}'
expect 'validation' 400 'num must less than 100' "$url/book/query?num=200"
expect 'no route' 404 '"code":"not_found"' "$url/nowhere"

export DGATE_ADMIN_API=http://$DGATE_ADMIN_LISTEN

# Every command that README shows under "Try it" works as it stands there, on
# the ports of this run.
shown=0
while IFS= read -r line; do
  command=${line//127.0.0.1:8080/$DGATE_LISTEN}
  case $command in
    curl\ *)
      status=$(eval "${command/curl/curl -sS --max-time 10 -o \"$dir/body\" -w '%{http_code}'}") || fail "README: $line"
      case $status in 200 | 400) ;; *) fail "README: $line: status $status: $(cat "$dir/body")" ;; esac
      ;;
    *) eval "$command" >/dev/null || fail "README: $line" ;;
  esac
  shown=$((shown + 1))
done < <(sed -n '/^## Try it/,/^## /s/^    //p' README.md)
[ "$shown" -ge 7 ] || fail "README shows only $shown commands"
echo "ok: the $shown commands of README"

bin/dgate-cli status >/dev/null || fail "dgate-cli status"
bin/dgate-cli call BookSvc queryBook '{"Num":1}' | grep -q '"ID": *"1"' || fail "dgate-cli call"
echo "ok: dgate-cli"

# A second gateway on the same ports says so in one line, and the first stays.
if second=$(bin/hertz-gateway --config hertz-gateway/dgate.yaml --data "$dir/second" 2>&1); then
  fail "a second gateway on the same ports started"
fi
expect 'still there' 200 '"ID":"1"' "$url/book/query?num=1"
printf 'ok: taken port: %s\n' "${second##*$'\n'}"

kill -TERM "$run"
wait "$run" || fail "make run did not stop cleanly"
if curl -s --max-time 2 "$url/book/query?num=1" >/dev/null; then fail "something still answers"; fi
echo "ok: all stopped"
