#!/usr/bin/env bash
# A Ceph RADOS Gateway from Debian's packages as a cluster of one (monitor, store, gateway) on 127.0.0.1.
# usage: ceph-rgw.sh [install | start | stop | status]; "start" leaves a gateway that already answers alone.
# Settings: RGW_PORT=7480 RGW_KEY=testaccess RGW_SECRET=testsecretkey RGW_SIZE_GB=20 RGW_DIR=<os tmp>/s3files-rgw-PORT
# RGW_FAST_DIR=/dev/shm/s3files-rgw-PORT
set -euo pipefail
PORT=${RGW_PORT:-7480}
KEY=${RGW_KEY:-testaccess}
SECRET=${RGW_SECRET:-testsecretkey}
SIZE=$((${RGW_SIZE_GB:-20} * 1073741824))
DIR=${RGW_DIR:-${TMPDIR:-/tmp}/s3files-rgw-$PORT}
CONF=$DIR/ceph.conf
FAST=${RGW_FAST_DIR:-/dev/shm/s3files-rgw-$PORT}
# The monitor listens beside the gateway, below the range from which the kernel takes client ports.
MONITOR=$((PORT + 12000))

answers() { (exec 3<>"/dev/tcp/127.0.0.1/$PORT") 2>/dev/null; }

installed() {
  command -v radosgw >/dev/null && command -v ceph-osd >/dev/null && command -v ceph-mon >/dev/null
}

install() {
  installed && return 0
  apt-get update -qq
  # Run level 1 keeps the packages from starting daemons of their own.
  RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    radosgw ceph-mon ceph-osd >/dev/null
}

stop_daemons() {
  local file pid
  for file in "$DIR"/run/*.pid; do
    [[ -e $file ]] || continue
    pid=$(<"$file")
    # A pid file can outlive its process, and the number can be another program's by now.
    if grep -qsaF "$CONF" "/proc/$pid/cmdline"; then
      # Nothing is kept, so nothing needs the ten seconds of an orderly end.
      kill -9 "$pid" 2>/dev/null || true
      for _ in {1..100}; do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
    fi
  done
  # Only folders that this script filled.
  if [[ -e $CONF ]]; then rm -rf "$DIR" "$FAST"; fi
}

# A cluster has its database on flash. Here every step of a deletion would wait for the disk's own flush, four times as
# long in all; what the database holds is little, and goes to the disk when it grows beyond its room in memory.
database_in_memory() {
  local free
  mkdir -p "$FAST" 2>/dev/null || return 0
  free=$(df --output=avail -k "$FAST" | tail -1)
  if ((free < 6 * 1048576)) || ! dd if=/dev/zero of="$FAST/try" bs=4096 count=1 oflag=direct 2>/dev/null; then
    rm -rf "$FAST"
    return 0
  fi
  rm "$FAST/try"
  cat <<EOF
bluestore block wal path = $FAST/wal
bluestore block wal create = true
bluestore block wal size = 536870912
bluestore block db path = $FAST/db
bluestore block db create = true
bluestore block db size = 2147483648
EOF
}

configure() {
  cat >"$CONF" <<EOF
[global]
fsid = $(</proc/sys/kernel/random/uuid)
mon host = v2:127.0.0.1:$MONITOR/0
public network = 127.0.0.0/8
public addr = 127.0.0.1
cluster addr = 127.0.0.1
auth cluster required = none
auth service required = none
auth client required = none
run dir = $DIR/run
log file = $DIR/log/\$name.log
pid file = $DIR/run/\$name.pid
admin socket = $DIR/run/\$name.asok
crash dir = $DIR/log
ms bind msgr1 = false
ms bind ipv6 = false
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pgp num = 4
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon max pg per osd = 4000
mon warn on pool no redundancy = false
mon allow pool delete = true
mon data = $DIR/mon
mon data avail warn = 2
mon data avail crit = 1
paxos propose interval = 0.05
debug ms = 0
debug rgw = 0
debug osd = 0
debug bluestore = 0
debug rocksdb = 0
[osd]
osd data = $DIR/osd
osd objectstore = bluestore
bluestore block size = $SIZE
osd class default list = *
osd class load list = *
osd max object name len = 2048
$(database_in_memory)
[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:$PORT tcp_nodelay=1
rgw data = $DIR/rgw
# radosgw insists on an encrypted line to the monitor, which never comes up without authentication.
ms mon client mode = crc
rgw thread pool size = 64
rgw enable usage log = false
rgw enable ops log = false
rgw run sync thread = false
rgw gc obj min wait = 5
rgw gc processor period = 20
rgw override bucket index max shards = 1
rgw gc max objs = 4
rgw lc max objs = 4
rgw objexp hints num shards = 4
rgw data log num shards = 1
rgw md log max shards = 1
rgw num control oids = 1
EOF
}

start_daemons() {
  local log=$DIR/log/start.log fsid uuid id
  stop_daemons
  mkdir -p "$DIR"/{mon,osd,rgw,run,log}
  configure
  fsid=$(sed -n 's/^fsid = //p' "$CONF")
  uuid=$(</proc/sys/kernel/random/uuid)
  {
    monmaptool --create --clobber --fsid "$fsid" --addv a "[v2:127.0.0.1:$MONITOR/0]" "$DIR/monmap"
    ceph-mon -c "$CONF" -i a --mkfs --monmap "$DIR/monmap"
    ceph-mon -c "$CONF" -i a
    id=$(ceph -c "$CONF" --connect-timeout 20 osd new "$uuid")
    ceph-osd -c "$CONF" -i "$id" --mkfs --osd-uuid "$uuid"
    ceph-osd -c "$CONF" -i "$id"
    for _ in {1..200}; do ceph -c "$CONF" osd stat | grep -q '1 up' && break; sleep 0.1; done
    # The user must exist before the gateway runs: the gateway remembers that it was missing.
    radosgw-admin -c "$CONF" -n client.rgw user create --uid=test --display-name=test \
      --access-key="$KEY" --secret="$SECRET" --max-buckets=0
    radosgw -c "$CONF" -n client.rgw
  } >>"$log" 2>&1 9>&-
  for _ in {1..300}; do answers && return 0; sleep 0.1; done
  echo "The Ceph gateway did not start; its logs are in $DIR/log." >&2
  return 1
}

start() {
  installed || { echo 'Ceph RGW is not installed: ceph-rgw.sh install' >&2; exit 3; }
  # One starter at a time; the daemons must not inherit the lock (9>&- above).
  exec 9>"$DIR.lock"
  flock 9
  if ! answers; then start_daemons; fi
  echo "S3 at http://127.0.0.1:$PORT"
}

case ${1:-start} in
  install) install ;;
  start) start ;;
  stop) stop_daemons ;;
  status) ceph -c "$CONF" -s ;;
  *) sed -n '2,5p' "$0" >&2; exit 2 ;;
esac
