#!/usr/bin/env bash
# Builds and starts everything: the gateway with its embedded etcd and two book
# services of weights 10 and 20 registered in it. Ctrl-C stops all of it.
# Arguments and the environment (DGATE_LISTEN, DGATE_ADMIN_LISTEN, DGATE_DATA …)
# go to the gateway.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }

gateway=
servers=()
waiter=

# start COMMAND…: in the background and in a process group of its own, so that
# Ctrl-C reaches this script alone and the order of stopping is ours. Leaves
# the process id in $started.
start() {
  set -m
  "$@" &
  started=$!
  set +m
}

# end PID…: asks the processes to stop, and insists after 20 s.
end() {
  local pid left=200
  for pid in "$@"; do kill -TERM "$pid" 2>/dev/null || true; done
  for pid in "$@"; do
    while kill -0 "$pid" 2>/dev/null; do
      left=$((left - 1))
      if [ "$left" -le 0 ]; then kill -KILL "$pid" 2>/dev/null || true; fi
      sleep 0.1
    done
    wait "$pid" 2>/dev/null || true
  done
}

# The services go first: to take themselves out of the registry they need it.
stop() {
  trap - EXIT
  trap '' INT TERM HUP
  if [ -n "$waiter" ]; then
    kill -KILL "$waiter" 2>/dev/null || true
    wait "$waiter" 2>/dev/null || true
  fi
  end ${servers[@]+"${servers[@]}"}
  if [ -n "$gateway" ]; then end "$gateway"; fi
}
trap stop EXIT
trap 'say "stopping"; stop; exit 0' INT TERM HUP

# ended: names a process that is gone, if one is.
ended() {
  local pid
  if ! kill -0 "$gateway" 2>/dev/null; then
    echo "the gateway"
    return
  fi
  for pid in ${servers[@]+"${servers[@]}"}; do
    if ! kill -0 "$pid" 2>/dev/null; then
      echo "a book service (process $pid)"
      return
    fi
  done
}

# watch: returns when $waiter has succeeded; without one, never. Ends everything
# when it fails or one of ours is gone.
watch() {
  local who
  while true; do
    who=$(ended)
    if [ -n "$who" ]; then
      say "$who has ended; its last lines above say why. Stopping the rest."
      exit 1
    fi
    if [ -n "$waiter" ] && ! kill -0 "$waiter" 2>/dev/null; then
      wait "$waiter" || exit 1
      waiter=
      return
    fi
    # As a background process, so that a signal is not held up by it.
    sleep 0.2 &
    wait $! || true
  done
}

# await FLAG…: watches until dgate-cli status with these flags has succeeded.
await() {
  bin/dgate-cli status "$@" --timeout 60s >/dev/null &
  waiter=$!
  watch
}

# at [HOST]:PORT: the address to call a listener at.
at() {
  local host=${1%:*} port=${1##*:}
  case $host in '' | 0.0.0.0 | '[::]') host=127.0.0.1 ;; esac
  printf '%s:%s' "$host" "$port"
}

say "building"
scripts/build.sh

config=$(bin/hertz-gateway config print --config hertz-gateway/dgate.yaml "$@")
while IFS= read -r line; do
  value=${line#*: }
  case $line in
    'listen: '*) listen=$(at "$value") ;;
    'admin.listen: '*) admin=$(at "$value") ;;
    'etcd.listen: '*) etcd=$(at "$value") ;;
    'etcd.endpoints: '?*) cluster=$value ;;
  esac
done <<<"$config"
etcd=${cluster:-$etcd}
export DGATE_ADMIN_API=http://$admin

# Another gateway on the same address would answer in the place of ours.
taken=
if bin/dgate-cli status >/dev/null 2>&1; then taken=yes; fi

start bin/hertz-gateway --config hertz-gateway/dgate.yaml "$@"
gateway=$started
if [ -n "$taken" ]; then watch; fi
await --wait-ready

for weight in 10 20; do
  start bin/kitex-server --service book --etcd "$etcd" --weight "$weight"
  servers+=("$started")
done
await --wait-instances BookSvc=2

cat <<TEXT

Ready. The gateway serves http://$listen; its admin API is $DGATE_ADMIN_API. Try:

  curl 'http://$listen/book/query?num=1'
  curl 'http://$listen/book/query?num=200'
  curl -X POST http://$listen/book/insert -d 'id=42' -d 'title=Dune' -d 'author=Herbert'
  curl -X POST http://$listen/book/insert -H 'content-type: application/json' -d '{"id":"43","title":"Emma","author":"Austen"}'
  curl -X POST http://$listen/gateway/BookSvc/queryBook -d '{"Num":1}'
  bin/dgate-cli status

Ctrl-C stops everything.
TEXT
watch
