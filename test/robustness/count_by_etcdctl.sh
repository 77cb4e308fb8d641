#!/bin/sh
# Counts under the lock of examples/client/lock.cc, as that does, by commands: takes it with `etcdctl lock`, adds one to
# the count in a transaction that only its holder can make, and lets the next one have it, for ever. Whatever fails is
# tried again. Usage: count_by_etcdctl.sh ENDPOINTS PREFIX; ETCDCTL in the environment is the program.
#
# It says "counted N with token T" each time.

export ETCDCTL_ENDPOINTS="$1" prefix="$2"

if [ -z "$ETCD_LOCK_KEY" ]; then
  while true; do
    "$ETCDCTL" lock --ttl 2 "${prefix}lock" "$0" "$1" "$2"
    sleep 0.2
  done
fi

count=$("$ETCDCTL" get "${prefix}count" --print-value-only) || exit
token=$("$ETCDCTL" get "$ETCD_LOCK_KEY" -w fields | sed -n 's/^"CreateRevision" : //p')
[ -n "$token" ] || exit
count=$((count + 1))
answer=$(printf 'create("%s") = "%s"\n\nput %scount %s\nput %stoken %s\n\n\n' "$ETCD_LOCK_KEY" "$token" \
  "$prefix" "$count" "$prefix" "$token" | "$ETCDCTL" txn) || exit
case "$answer" in
  SUCCESS*) echo "counted $count with token $token" ;;
esac
