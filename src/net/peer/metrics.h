#pragma once

#include <string>

#include "base/ids.h"
#include "observe/metrics.h"

namespace peer {

// What is measured of one other member, under etcd's names. Written on the peer loop.
struct PeerMetrics {
  // `self` is this member, `peer` the other one.
  PeerMetrics(observe::Registry* registry, base::MemberId self, base::MemberId peer);

  observe::Counter sent_bytes;
  observe::Counter received_bytes;
  observe::Counter sent_failures;
  observe::Counter received_failures;
  observe::Histogram round_trip_seconds;
  observe::Gauge clock_difference_seconds;
  observe::Gauge active;
  observe::Gauge known;
  observe::Counter disconnected;
  observe::Counter snapshots_sent;
  observe::Counter snapshots_not_sent;
  observe::Gauge snapshots_being_sent;
  observe::Histogram snapshot_send_seconds;
};

// Of snapshots that come from one other member.
struct SnapshotReceiveMetrics {
  SnapshotReceiveMetrics(observe::Registry* registry, base::MemberId peer);

  observe::Counter received;
  observe::Counter not_received;
  observe::Gauge being_received;
  observe::Histogram receive_seconds;
};

}  // namespace peer
