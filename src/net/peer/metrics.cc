#include "net/peer/metrics.h"

#include "state/members/member.h"

namespace peer {
namespace {

using observe::Buckets;
using observe::Family;
using observe::Labels;

constexpr Family kSentBytes = {"etcd_network_peer_sent_bytes_total",
                               "The total number of bytes sent to peers."};
constexpr Family kReceivedBytes = {"etcd_network_peer_received_bytes_total",
                                   "The total number of bytes received from peers."};
constexpr Family kSentFailures = {"etcd_network_peer_sent_failures_total",
                                  "The total number of send failures from peers."};
constexpr Family kReceivedFailures = {"etcd_network_peer_received_failures_total",
                                      "The total number of receive failures from peers."};
constexpr Family kRoundTrip = {"etcd_network_peer_round_trip_time_seconds",
                               "Round-Trip-Time histogram between peers"};
constexpr Family kClockDifference = {"cornerstore_peer_clock_difference_seconds",
                                     "How far this member's clock is ahead of the peer's."};
constexpr Family kActive = {"etcd_network_active_peers",
                            "The current number of active peer connections."};
constexpr Family kDisconnected = {"etcd_network_disconnected_peers_total",
                                  "The total number of disconnected peers."};
constexpr Family kKnown = {"etcd_network_known_peers", "The current number of known peers."};
constexpr Family kSendSuccess = {"etcd_network_snapshot_send_success",
                                 "Total number of successful snapshot sends"};
constexpr Family kSendFailures = {"etcd_network_snapshot_send_failures",
                                  "Total number of snapshot send failures"};
constexpr Family kSendInflights = {"etcd_network_snapshot_send_inflights_total",
                                   "Total number of inflight snapshot sends"};
constexpr Family kSendSeconds = {"etcd_network_snapshot_send_total_duration_seconds",
                                 "Total latency distributions of v3 snapshot sends"};
constexpr Family kReceiveSuccess = {"etcd_network_snapshot_receive_success",
                                    "Total number of successful snapshot receives"};
constexpr Family kReceiveFailures = {"etcd_network_snapshot_receive_failures",
                                     "Total number of snapshot receive failures"};
constexpr Family kReceiveInflights = {"etcd_network_snapshot_receive_inflights_total",
                                      "Total number of inflight snapshot receives"};
constexpr Family kReceiveSeconds = {"etcd_network_snapshot_receive_total_duration_seconds",
                                    "Total latency distributions of v3 snapshot receives"};

Labels To(base::MemberId peer) {
  return {{"To", members::HexText(peer.value())}};
}
Labels From(base::MemberId peer) {
  return {{"From", members::HexText(peer.value())}};
}
Labels Between(base::MemberId self, base::MemberId peer) {
  return {{"Local", members::HexText(self.value())}, {"Remote", members::HexText(peer.value())}};
}

Buckets RoundTripBuckets() {
  return Buckets::Exponential(0.0001, 2, 16);
}
Buckets SnapshotBuckets() {
  return Buckets::Exponential(0.1, 2, 10);
}

}  // namespace

PeerMetrics::PeerMetrics(observe::Registry* registry, base::MemberId self, base::MemberId peer)
    : sent_bytes(registry->AddCounter(kSentBytes, To(peer))),
      received_bytes(registry->AddCounter(kReceivedBytes, From(peer))),
      sent_failures(registry->AddCounter(kSentFailures, To(peer))),
      received_failures(registry->AddCounter(kReceivedFailures, From(peer))),
      round_trip_seconds(registry->AddHistogram(kRoundTrip, RoundTripBuckets(), To(peer))),
      clock_difference_seconds(registry->AddGauge(kClockDifference, To(peer))),
      active(registry->AddGauge(kActive, Between(self, peer))),
      known(registry->AddGauge(kKnown, Between(self, peer))),
      disconnected(registry->AddCounter(kDisconnected, Between(self, peer))),
      snapshots_sent(registry->AddCounter(kSendSuccess, To(peer))),
      snapshots_not_sent(registry->AddCounter(kSendFailures, To(peer))),
      snapshots_being_sent(registry->AddGauge(kSendInflights, To(peer))),
      snapshot_send_seconds(registry->AddHistogram(kSendSeconds, SnapshotBuckets(), To(peer))) {}

SnapshotReceiveMetrics::SnapshotReceiveMetrics(observe::Registry* registry, base::MemberId peer)
    : received(registry->AddCounter(kReceiveSuccess, From(peer))),
      not_received(registry->AddCounter(kReceiveFailures, From(peer))),
      being_received(registry->AddGauge(kReceiveInflights, From(peer))),
      receive_seconds(registry->AddHistogram(kReceiveSeconds, SnapshotBuckets(), From(peer))) {}

}  // namespace peer
