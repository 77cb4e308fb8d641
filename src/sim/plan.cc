#include "sim/plan.h"

#include <algorithm>

#include "runtime/random.h"
#include "sim/swarm.h"
#include "state/admission/rules.h"
#include "state/v2/store.h"

namespace sim {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Between low and high, or zero one time in three.
runtime::Duration MaybeBetween(runtime::Random& random, milliseconds low, milliseconds high) {
  if (random.OneIn(3)) return runtime::Duration{0};
  return milliseconds(
      random.Between(static_cast<uint64_t>(low.count()), static_cast<uint64_t>(high.count())));
}

// What is demanded besides that everything is right and recovers in the end.
void DrawDemands(runtime::Random& random, Plan* plan) {
  if (random.OneIn(5)) {
    plan->demands_service = true;
    plan->partition_interval = plan->conf_change_interval = runtime::Duration{0};
    plan->options.disk_reserve_bytes = 0;
    const runtime::Duration election = Plan::kElectionTicks * plan->tick_interval_min;
    plan->message_latency_max = std::min(plan->message_latency_max, election / 8);
    plan->disk_latency_max = std::min(plan->disk_latency_max, election / 2);
    if (plan->harms_logs() && plan->dial_interval == runtime::Duration{0}) {
      plan->dial_interval = seconds(2);
    }
  }
  if (random.OneIn(5)) {
    plan->holds_minority = true;
    plan->conf_change_interval = plan->loss_interval = plan->log_damage_interval = {};
  }
}

void UseExtensions(server::Options* options) {
  options->extensions = {admission::kExtension, v2::kExtension};
  options->max_learners = 2;
}

void DrawOptions(runtime::Random& random, server::Options* options) {
  options->pre_vote = random.OneIn(2);
  UseExtensions(options);
  options->snapshot_count = random.OneIn(2) ? random.Between(5, 100) : random.Between(500, 2000);
  options->snapshot_catchup_entries = random.Between(1, options->snapshot_count);
  options->max_wals = 2;
  options->max_snapshots = 2;
  options->wal_segment_bytes = random.OneIn(2) ? 16 * 1024 : 64 * 1024;
  options->backend_batch_interval = milliseconds(random.OneIn(2) ? random.Between(1, 20) : 100);
  server::RaftLimits& raft = options->raft;
  raft.inflight_messages_max = static_cast<uint32_t>(random.Between(1, 64));
  if (random.OneIn(2)) raft.message_bytes_max = random.Between(1, 4096);
  if (random.OneIn(2)) raft.applying_bytes_max = random.Between(1, 4096);
  if (random.OneIn(2)) raft.uncommitted_bytes_max = random.Between(1000, 20'000);
}

void DrawFaults(runtime::Random& random, Plan* plan) {
  plan->message_loss = random.OneIn(2) ? random.Below(100) : 0;
  plan->message_duplication = random.OneIn(2) ? random.Below(100) : 0;
  plan->message_latency_max = microseconds(random.OneIn(4) ? 60'000 : random.Between(100, 8'000));
  plan->kill_interval = MaybeBetween(random, milliseconds(200), milliseconds(2000));
  plan->power_failure_interval = MaybeBetween(random, milliseconds(200), milliseconds(2000));
  plan->sync_failure_interval = MaybeBetween(random, milliseconds(500), milliseconds(5000));
  plan->partition_interval = MaybeBetween(random, milliseconds(200), milliseconds(1000));
  plan->pause_interval = MaybeBetween(random, milliseconds(300), milliseconds(2000));
  plan->keeps_some_unsynced = random.OneIn(2);
}

// Leaders come and go before their entries are everywhere, which is when it matters what exactly
// commits an entry (raft paper, figure 8).
void DrawChurn(runtime::Random& random, Plan* plan) {
  plan->options.raft.message_bytes_max = 1;
  plan->options.raft.inflight_messages_max = static_cast<uint32_t>(random.Between(1, 4));
  plan->message_latency_max = milliseconds(random.Between(2, 30));
  plan->kill_interval = milliseconds(random.Between(30, 150));
  plan->partition_interval = milliseconds(random.Between(30, 200));
  plan->downtime_max = milliseconds(random.Between(1, 100));
}

void DrawLoad(runtime::Random& random, Plan* plan) {
  // More than 300 requests in every run.
  plan->write_interval = milliseconds(random.Between(15, 60));
  plan->write_batch_max = random.OneIn(2) ? random.Between(1, 10) : 1;
  plan->read_interval = MaybeBetween(random, milliseconds(5), milliseconds(50));
  plan->conf_change_interval = MaybeBetween(random, milliseconds(20), milliseconds(500));
  plan->transfer_interval = MaybeBetween(random, milliseconds(100), milliseconds(1000));
  plan->campaign_interval = MaybeBetween(random, milliseconds(200), milliseconds(2000));
}

void DrawClients(runtime::Random& random, Plan* plan) {
  plan->clients = random.Between(1, 3);
  plan->keepalive_interval = random.OneIn(2) ? seconds(6) : runtime::Duration{0};
  plan->call_timeout_max = milliseconds(random.OneIn(2) ? 4000 : random.Between(500, 2000));
  plan->hasty_calls = random.OneIn(2) ? random.Below(200) : 0;
  plan->canceled_calls = random.OneIn(2) ? random.Below(100) : 0;
  plan->wire_latency_max = microseconds(random.OneIn(4) ? 60'000 : random.Between(100, 8'000));
  plan->wire_break_interval = MaybeBetween(random, milliseconds(300), milliseconds(3000));
  plan->wire_cut_interval = MaybeBetween(random, milliseconds(300), milliseconds(2000));
  plan->dial_interval = milliseconds(random.Between(1000, 4000));
  plan->stop_interval = MaybeBetween(random, milliseconds(500), milliseconds(5000));
}

// What is legal and hardly ever so: each is there in one of some seeds.
void DrawRareKnobs(runtime::Random& random, Plan* plan) {
  server::Options& options = plan->options;
  if (random.OneIn(4)) options.backend_batch_limit = random.Between(1, 20);
  if (random.OneIn(4)) options.compaction_batch_limit = random.Between(1, 10);
  if (random.OneIn(8)) options.compaction_sleep_interval = milliseconds(random.Between(0, 200));
  // Whoever falls behind gets a snapshot.
  if (random.OneIn(2))
    options.raft.log_bytes_max = random.Between(1, random.OneIn(2) ? 20 : 20'000);
  if (random.OneIn(8)) options.raft.held_log_bytes_max = random.Between(1, 50'000);
  if (random.OneIn(8)) options.max_wals = options.max_snapshots = 1;
  if (random.OneIn(4)) options.fast_lease_keep_alive = false;
  if (random.OneIn(4)) options.keep_lease_checkpoints = true;
  // Whoever is a little behind reads the database.
  if (random.OneIn(2)) options.history_bytes = random.Between(0, 8 * 1024);
}

// So little is held for a stream that what a watch is told comes to that within a second or two.
void DrawSlowReaders(runtime::Random& random, Plan* plan) {
  plan->watch_pause_interval = milliseconds(random.Between(300, 1500));
  plan->stream_buffer_bytes = random.Between(512, 8 * 1024);
  plan->stream_window_bytes = random.Between(512, 8 * 1024);
}

}  // namespace

Plan Plan::Quiet() {
  Plan plan;
  plan.members = 3;
  plan.clients = 2;
  plan.turmoil = seconds(20);
  plan.tick_interval_min = milliseconds(8);
  plan.tick_interval_max = milliseconds(12);
  plan.downtime_max = milliseconds(400);
  plan.disk_latency_max = milliseconds(1);
  plan.message_latency_max = plan.wire_latency_max = milliseconds(1);
  plan.write_interval = milliseconds(30);
  plan.write_batch_max = 1;
  plan.call_timeout_max = seconds(4);
  UseExtensions(&plan.options);
  plan.options.snapshot_count = 100;
  plan.options.snapshot_catchup_entries = 50;
  plan.options.wal_segment_bytes = 64 * 1024;
  plan.options.disk_reserve_bytes = 0;
  plan.options.lease_checkpoint_interval = milliseconds(300);
  plan.options.compact_hash_check_interval = runtime::Duration{0};
  return plan;
}

Plan Plan::FromSeed(uint64_t seed) {
  runtime::Random random(seed);
  Plan plan;
  plan.members = random.Between(3, 5);
  DrawOptions(random, &plan.options);
  plan.tick_interval_min = milliseconds(random.Between(4, 10));
  plan.tick_interval_max = milliseconds(random.Between(10, 16));
  // Without pre-votes, members of a short log whose clocks run twice as fast as the others'
  // campaign in vain, and each time have the others wait anew; also in etcd.
  if (!plan.options.pre_vote) {
    plan.tick_interval_max = std::min(plan.tick_interval_max, plan.tick_interval_min * 3 / 2);
  }
  plan.disk_latency_max = microseconds(random.OneIn(4) ? 50'000 : random.Between(10, 5'000));
  DrawFaults(random, &plan);
  DrawLoad(random, &plan);
  plan.downtime_max = milliseconds(400);
  if (random.OneIn(3)) DrawChurn(random, &plan);
  DrawClients(random, &plan);
  plan.turmoil = seconds(20);
  // In turmoil few members are connected for as long as it demands.
  plan.options.strict_reconfig_check = random.OneIn(3);
  plan.stall_interval = MaybeBetween(random, milliseconds(500), milliseconds(5000));
  plan.options.disk_stall_handover = !random.OneIn(4);
  // Whoever differs from the others would be found, and nobody does.
  plan.options.corrupt_check_interval = MaybeBetween(random, milliseconds(100), milliseconds(3000));
  plan.options.compact_hash_check_interval =
      MaybeBetween(random, milliseconds(100), milliseconds(3000));
  plan.options.lease_checkpoints = random.OneIn(2);
  plan.options.lease_checkpoint_interval = milliseconds(random.Between(100, 400));
  if (random.OneIn(2)) plan.auth_interval = milliseconds(random.Between(20, 80));
  if (random.OneIn(3)) plan.rule_interval = milliseconds(random.Between(50, 300));
  // With a reserve an alarm comes before a disk is full, and keeps writes out for half of the run.
  if (random.OneIn(3)) plan.full_interval = milliseconds(random.Between(500, 5000));
  plan.options.disk_reserve_bytes = random.OneIn(3) ? 64 << 10 : 0;
  if (random.OneIn(3)) plan.tree_interval = milliseconds(random.Between(10, 60));
  plan.options.scrub_interval = milliseconds(random.Between(1000, 5000));
  if (random.OneIn(3)) plan.damage_interval = milliseconds(random.Between(500, 5000));
  if (random.OneIn(4)) plan.loss_interval = milliseconds(random.Between(500, 4000));
  // A stream of its own: what is added here leaves the rest of each plan as it is.
  runtime::Random rare(~seed);
  DrawRareKnobs(rare, &plan);
  if (rare.OneIn(4)) plan.log_damage_interval = milliseconds(rare.Between(500, 4000));
  if (rare.OneIn(2)) Swarm(rare, &plan);
  DrawDemands(rare, &plan);
  // By chances of its own, so that plans without it are as they were.
  runtime::Random library(seed * 0x9e3779b97f4a7c15);
  if (library.OneIn(8)) plan.client_pause_interval = milliseconds(library.Between(500, 4000));
  if (library.OneIn(4)) plan.client_library_interval = milliseconds(library.Between(50, 300));
  runtime::Random slow(seed * 0xd1342543de82ef95);
  if (slow.OneIn(4)) DrawSlowReaders(slow, &plan);
  runtime::Random recipes(seed * 0xda942042e4dd58b5);
  if (recipes.OneIn(5)) plan.recipe_interval = milliseconds(recipes.Between(30, 150));
  return plan;
}

Plan Plan::Lengthened() const {
  Plan plan = *this;
  plan.turmoil = 4 * turmoil;
  return plan;
}

Plan Plan::ForTrace(uint64_t seed) {
  runtime::Random random(seed);
  Plan plan;
  plan.can_be_traced = true;
  plan.options.pre_vote = false;
  plan.options.strict_reconfig_check = false;  // it would wait for longer than the run lasts
  plan.members = 3;
  plan.options.max_learners = 2;
  plan.options.backend_batch_interval = milliseconds(10);
  plan.options.raft.inflight_messages_max = static_cast<uint32_t>(random.Between(1, 64));
  if (random.OneIn(2)) plan.options.raft.message_bytes_max = random.Between(1, 4096);
  plan.tick_interval_min = milliseconds(60);
  plan.tick_interval_max = milliseconds(80);
  plan.disk_latency_max = milliseconds(random.Between(1, 5));
  plan.message_loss = random.OneIn(3) ? 0 : random.Below(100);
  plan.message_latency_max = milliseconds(random.OneIn(2) ? random.Between(10, 60) : 1);
  plan.kill_interval = MaybeBetween(random, milliseconds(300), milliseconds(1500));
  plan.partition_interval = MaybeBetween(random, milliseconds(300), milliseconds(1500));
  plan.pause_interval = MaybeBetween(random, milliseconds(300), milliseconds(2000));
  plan.conf_change_interval = MaybeBetween(random, milliseconds(500), milliseconds(1500));
  plan.transfer_interval = MaybeBetween(random, milliseconds(500), milliseconds(2000));
  plan.campaign_interval = MaybeBetween(random, milliseconds(500), milliseconds(2000));
  plan.downtime_max = milliseconds(400);
  plan.write_interval = milliseconds(random.Between(150, 400));
  plan.write_batch_max = random.Between(1, 4);
  plan.clients = 1;
  plan.call_timeout_max = milliseconds(2000);
  plan.wire_latency_max = milliseconds(1);
  plan.turmoil = seconds(5);
  return plan;
}

std::string_view Plan::Contradiction() const {
  constexpr runtime::Duration kNone{0};
  const bool changes_members = conf_change_interval != kNone;
  if (tick_interval_min > tick_interval_max) return "cluster.tick_min is more than tick_max";
  if (holds_minority && (changes_members || harms_logs())) {
    return "cluster.hold excludes operators.members, disks.loss and disks.log_damage";
  }
  if (!demands_service) return "";
  if (partition_interval != kNone) return "cluster.service excludes messages.partition";
  if (changes_members) return "cluster.service excludes operators.members";
  if (options.disk_reserve_bytes != 0) return "cluster.service excludes disks.reserve";
  // All that a client knows of may be replaced in time.
  if (harms_logs() && dial_interval == kNone) {
    return "cluster.service with disks.loss or disks.log_damage demands clients.dial";
  }
  if (4 * message_latency_max + disk_latency_max > kElectionTicks * tick_interval_min) {
    return "cluster.service excludes latencies that an election cannot bear";
  }
  return "";
}

}  // namespace sim
