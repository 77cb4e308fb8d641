#include "sim/plan_settings.h"

#include <array>
#include <type_traits>

namespace sim {
namespace {

using server::Options;
using server::RaftLimits;

constexpr uint64_t kMillisecond = 1000;
constexpr uint64_t kSecond = 1000 * kMillisecond;
constexpr uint64_t kHour = 3600 * kSecond;
constexpr uint64_t kMebibyte = uint64_t{1} << 20;
constexpr uint64_t kPermille = 1000;

// What a path of pointers to members leads to.
template <auto kFirst, auto... kRest>
auto& At(auto& object) {
  if constexpr (sizeof...(kRest) == 0) {
    return object.*kFirst;
  } else {
    return At<kRest...>(object.*kFirst);
  }
}

template <auto... kPath>
uint64_t Get(const Plan& plan) {
  const auto& value = At<kPath...>(plan);
  if constexpr (std::is_same_v<decltype(value), const runtime::Duration&>) {
    return static_cast<uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(value).count());
  } else {
    return static_cast<uint64_t>(value);
  }
}

template <auto... kPath>
void Set(Plan* plan, uint64_t number) {
  auto& value = At<kPath...>(*plan);
  using Value = std::remove_reference_t<decltype(value)>;
  if constexpr (std::is_same_v<Value, runtime::Duration>) {
    value = std::chrono::microseconds(number);
  } else {
    value = static_cast<Value>(number);
  }
}

struct Range {
  uint64_t least;
  uint64_t most;
};

template <auto... kPath>
constexpr Setting Of(std::string_view group, std::string_view name, Kind kind, Range range) {
  using Value = std::remove_cvref_t<decltype(At<kPath...>(std::declval<const Plan&>()))>;
  constexpr Unit kUnit = std::is_same_v<Value, runtime::Duration> ? Unit::kTime
                         : std::is_same_v<Value, bool>            ? Unit::kSwitch
                                                                  : Unit::kCount;
  return {group, name, kUnit, kind, range.least, range.most, &Get<kPath...>, &Set<kPath...>};
}

template <auto kMember>
constexpr Setting OfRaft(std::string_view name, Range range) {
  return Of<&Plan::options, &Options::raft, kMember>("raft", name, Kind::kKnob, range);
}

template <auto kMember>
constexpr Setting OfOptions(std::string_view group, std::string_view name, Range range) {
  return Of<&Plan::options, kMember>(group, name, Kind::kKnob, range);
}

constexpr Range kSwitchRange = {0, 1};
constexpr Range kChance = {0, kPermille};
constexpr Range kInterval = {kMillisecond, kHour};
constexpr Range kLatency = {20, kSecond};
// Each leader makes checkpoints, also where it leads for some seconds only.
constexpr uint64_t kCheckpointMax = 500 * kMillisecond;
constexpr Range kHistoryBytes = {0, 32 * kMebibyte};
constexpr Range kStreamBytes = {256, kMebibyte};
constexpr Range kAnyBytes = {1, 1024 * kMebibyte};

constexpr std::array kSettings = {
    Of<&Plan::members>("cluster", "members", Kind::kFrame, {1, 7}),
    Of<&Plan::turmoil>("cluster", "turmoil", Kind::kFrame, {0, kHour}),
    Of<&Plan::tick_interval_min>("cluster", "tick_min", Kind::kFrame, {kMillisecond, kSecond}),
    Of<&Plan::tick_interval_max>("cluster", "tick_max", Kind::kFrame, {kMillisecond, kSecond}),
    Of<&Plan::demands_service>("cluster", "service", Kind::kFrame, kSwitchRange),
    Of<&Plan::holds_minority>("cluster", "hold", Kind::kFrame, kSwitchRange),
    Of<&Plan::downtime_max>("cluster", "downtime", Kind::kStrength, {kMillisecond, kHour}),
    Of<&Plan::message_loss>("messages", "loss", Kind::kFeature, kChance),
    Of<&Plan::message_duplication>("messages", "duplication", Kind::kFeature, kChance),
    Of<&Plan::message_latency_max>("messages", "latency", Kind::kStrength, kLatency),
    Of<&Plan::partition_interval>("messages", "partition", Kind::kFeature, kInterval),
    Of<&Plan::wire_latency_max>("wires", "latency", Kind::kStrength, kLatency),
    Of<&Plan::wire_break_interval>("wires", "break", Kind::kFeature, kInterval),
    Of<&Plan::wire_cut_interval>("wires", "cut", Kind::kFeature, kInterval),
    Of<&Plan::kill_interval>("faults", "kill", Kind::kFeature, kInterval),
    Of<&Plan::pause_interval>("faults", "pause", Kind::kFeature, kInterval),
    Of<&Plan::power_failure_interval>("faults", "power", Kind::kFeature, kInterval),
    Of<&Plan::keeps_some_unsynced>("faults", "keeps_unsynced", Kind::kKnob, kSwitchRange),
    Of<&Plan::disk_latency_max>("disks", "latency", Kind::kStrength, {0, kSecond}),
    Of<&Plan::sync_failure_interval>("disks", "sync", Kind::kFeature, kInterval),
    Of<&Plan::stall_interval>("disks", "stall", Kind::kFeature, kInterval),
    Of<&Plan::full_interval>("disks", "full", Kind::kFeature, kInterval),
    Of<&Plan::damage_interval>("disks", "damage", Kind::kFeature, kInterval),
    Of<&Plan::loss_interval>("disks", "loss", Kind::kFeature, kInterval),
    Of<&Plan::log_damage_interval>("disks", "log_damage", Kind::kFeature, kInterval),
    OfOptions<&Options::disk_reserve_bytes>("disks", "reserve", {0, 1024 * kMebibyte}),
    Of<&Plan::write_interval>("work", "write", Kind::kFrame, kInterval),
    Of<&Plan::write_batch_max>("work", "batch", Kind::kStrength, {1, 1000}),
    Of<&Plan::read_interval>("work", "read", Kind::kFeature, kInterval),
    Of<&Plan::auth_interval>("work", "auth", Kind::kFeature, kInterval),
    Of<&Plan::rule_interval>("work", "rules", Kind::kFeature, kInterval),
    Of<&Plan::tree_interval>("work", "tree", Kind::kFeature, kInterval),
    Of<&Plan::client_library_interval>("work", "library", Kind::kFeature, kInterval),
    Of<&Plan::recipe_interval>("work", "recipes", Kind::kApart, kInterval),
    Of<&Plan::conf_change_interval>("operators", "members", Kind::kFeature, kInterval),
    Of<&Plan::transfer_interval>("operators", "transfer", Kind::kFeature, kInterval),
    Of<&Plan::campaign_interval>("operators", "campaign", Kind::kFeature, kInterval),
    Of<&Plan::stop_interval>("operators", "stop", Kind::kFeature, kInterval),
    OfOptions<&Options::strict_reconfig_check>("operators", "strict", kSwitchRange),
    Of<&Plan::clients>("clients", "count", Kind::kFrame, {1, 100}),
    Of<&Plan::call_timeout_max>("clients", "timeout", Kind::kFrame,
                                {500 * kMillisecond, 4 * kSecond}),
    Of<&Plan::hasty_calls>("clients", "hasty", Kind::kFeature, kChance),
    Of<&Plan::canceled_calls>("clients", "canceled", Kind::kFeature, kChance),
    Of<&Plan::keepalive_interval>("clients", "keepalive", Kind::kFeature,
                                  {100 * kMillisecond, kHour}),
    Of<&Plan::dial_interval>("clients", "dial", Kind::kFeature, kInterval),
    Of<&Plan::client_pause_interval>("clients", "pause", Kind::kFeature, kInterval),
    Of<&Plan::watch_pause_interval>("clients", "watch_pause", Kind::kApart, kInterval),
    Of<&Plan::stream_buffer_bytes>("clients", "stream_buffer", Kind::kStrength, kStreamBytes),
    Of<&Plan::stream_window_bytes>("clients", "stream_window", Kind::kStrength, kStreamBytes),
    OfOptions<&Options::pre_vote>("raft", "pre_vote", kSwitchRange),
    OfRaft<&RaftLimits::inflight_messages_max>("inflight", {1, 100'000}),
    OfRaft<&RaftLimits::message_bytes_max>("message_bytes", kAnyBytes),
    OfRaft<&RaftLimits::applying_bytes_max>("applying_bytes", kAnyBytes),
    OfRaft<&RaftLimits::uncommitted_bytes_max>("uncommitted_bytes", {1000, 1024 * kMebibyte}),
    OfRaft<&RaftLimits::log_bytes_max>("log_bytes", kAnyBytes),
    OfRaft<&RaftLimits::held_log_bytes_max>("held_log_bytes", kAnyBytes),
    OfOptions<&Options::disk_stall_handover>("raft", "stall_handover", kSwitchRange),
    OfOptions<&Options::snapshot_count>("log", "snapshot_count", {1, 1'000'000}),
    OfOptions<&Options::snapshot_catchup_entries>("log", "catchup_entries", {1, 1'000'000}),
    OfOptions<&Options::wal_segment_bytes>("log", "segment_bytes", {4096, 64 * kMebibyte}),
    OfOptions<&Options::max_wals>("log", "segments", {1, 100}),
    OfOptions<&Options::max_snapshots>("log", "snapshots", {1, 100}),
    OfOptions<&Options::backend_batch_interval>("database", "batch_interval",
                                                {kMillisecond, kSecond}),
    OfOptions<&Options::backend_batch_limit>("database", "batch_limit", {1, 1'000'000}),
    OfOptions<&Options::history_bytes>("database", "history_bytes", kHistoryBytes),
    OfOptions<&Options::compaction_batch_limit>("database", "compaction_batch", {1, 1'000'000}),
    OfOptions<&Options::compaction_sleep_interval>("database", "compaction_sleep", {0, kSecond}),
    OfOptions<&Options::lease_checkpoints>("leases", "checkpoints", kSwitchRange),
    OfOptions<&Options::lease_checkpoint_interval>("leases", "checkpoint_interval",
                                                   {kMillisecond, kCheckpointMax}),
    OfOptions<&Options::keep_lease_checkpoints>("leases", "keep_checkpoints", kSwitchRange),
    OfOptions<&Options::fast_lease_keep_alive>("leases", "fast_renewal", kSwitchRange),
    Of<&Plan::options, &Options::corrupt_check_interval>("checks", "corrupt", Kind::kFeature,
                                                         kInterval),
    Of<&Plan::options, &Options::compact_hash_check_interval>("checks", "compact_hash",
                                                              Kind::kFeature, kInterval),
    OfOptions<&Options::scrub_interval>("checks", "scrub", {kMillisecond, 24 * kHour}),
};

}  // namespace

std::span<const Setting> Settings() {
  return kSettings;
}

}  // namespace sim
