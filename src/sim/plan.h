#pragma once

#include <cstdint>
#include <string_view>

#include "net/http/limits.h"
#include "runtime/time.h"
#include "server/options.h"

namespace sim {

// What one run is like, all of it drawn from the seed: how members are configured and which
// faults strike how hard. Most runs leave some faults out, so that each also strikes alone.
struct Plan {
  // Of an election timeout.
  static constexpr int kElectionTicks = 10;

  // At the beginning.
  uint64_t members = 0;
  // Of each member, but for its name and its place, which the cluster fills in.
  server::Options options;
  runtime::Duration tick_interval_min{0};
  runtime::Duration tick_interval_max{0};
  runtime::Duration disk_latency_max{0};

  // Chances in a thousand for each message.
  uint64_t message_loss = 0;
  uint64_t message_duplication = 0;
  runtime::Duration message_latency_max{0};

  // The mean time between two faults of a kind; zero leaves the kind out.
  runtime::Duration kill_interval{0};
  runtime::Duration power_failure_interval{0};
  runtime::Duration sync_failure_interval{0};
  runtime::Duration partition_interval{0};
  runtime::Duration pause_interval{0};
  runtime::Duration stall_interval{0};   // of the log's disk
  runtime::Duration full_interval{0};    // of a disk
  runtime::Duration damage_interval{0};  // of a database, while the member is down
  // Of a log, likewise; members that lose theirs have themselves replaced.
  runtime::Duration loss_interval{0};
  // Of a bit of a log. A member that finds it where nothing makes it good has itself replaced.
  runtime::Duration log_damage_interval{0};
  // How long a member stays down.
  runtime::Duration downtime_max{0};
  // Members are killed only where that loses nothing, and changes of the configuration are of one
  // member at a time.
  bool can_be_traced = false;
  // Unsynced writes of a power failure: all lost, or any subset kept.
  bool keeps_some_unsynced = false;

  // The mean time between two requests of a kind; zero leaves the kind out.
  runtime::Duration write_interval{0};
  uint64_t write_batch_max = 0;  // requests at one moment
  runtime::Duration read_interval{0};
  runtime::Duration conf_change_interval{0};
  runtime::Duration transfer_interval{0};
  runtime::Duration campaign_interval{0};
  // Of users and who gives them rights; zero leaves authentication disabled.
  runtime::Duration auth_interval{0};
  // Of who changes and lists the admission rules.
  runtime::Duration rule_interval{0};

  // Of a client of the v2 API.
  runtime::Duration tree_interval{0};

  // Of each thread of those who use the client library, and of those who use its other recipes:
  // queues, barriers, transactions of functions.
  runtime::Duration client_library_interval{0};
  runtime::Duration recipe_interval{0};

  uint64_t clients = 0;
  runtime::Duration keepalive_interval{0};  // of their connections; zero: none
  // How long a call waits for its answer; shorter than a member that stops waits for calls.
  runtime::Duration call_timeout_max{0};
  // Chances in a thousand for each call: that it gives up after a moment, and that it is canceled.
  uint64_t hasty_calls = 0;
  uint64_t canceled_calls = 0;
  // What a member holds for a stream whose client takes nothing, and what the client lets come of
  // it.
  uint64_t stream_buffer_bytes = http::Limits().stream_send_buffer;
  uint64_t stream_window_bytes = http::Limits().stream_window;
  // Of the wires between clients and members.
  runtime::Duration wire_latency_max{0};
  // The mean time between two of a kind; zero leaves the kind out.
  runtime::Duration wire_break_interval{0};    // connections are reset
  runtime::Duration wire_cut_interval{0};      // and stalled for a while, one way or both
  runtime::Duration dial_interval{0};          // a client starts anew
  runtime::Duration client_pause_interval{0};  // a client stands still, and reads nothing
  runtime::Duration watch_pause_interval{0};   // a client does not read what a watch is told
  runtime::Duration stop_interval{0};          // a member is stopped as an operator does

  // How long faults go on; afterwards the cluster must recover.
  runtime::Duration turmoil{0};
  // Nothing is done to a member that would leave too few of the others whole, nor before something
  // was committed since the last time, and something must be committed all the time. Without what
  // may rightly keep that from happening (Contradiction).
  bool demands_service = false;
  // At first so many members stay down that the others are just a quorum, which must recover.
  // Without changes of the members and losses of logs.
  bool holds_minority = false;

  // Three members and two clients that write, without any fault; members behave as usual.
  static Plan Quiet();
  // Of every second seed all kinds of faults and of work are likely to be there; the others are of
  // a swarm (see Swarm).
  static Plan FromSeed(uint64_t seed);
  // Four times as long: some 5,000 requests of clients, if it is of a seed.
  Plan Lengthened() const;
  // Of a run whose steps the TLA+ specification that etcd/raft publishes can express: short, with
  // few messages, and with faults that it knows.
  static Plan ForTrace(uint64_t seed);

  // Whether a member may lose what it has promised.
  bool harms_logs() const {
    return loss_interval != runtime::Duration{0} || log_damage_interval != runtime::Duration{0};
  }
  bool uses_client_library() const {
    return client_library_interval != runtime::Duration{0} ||
           recipe_interval != runtime::Duration{0};
  }
  // Which settings exclude each other, as a text for people; empty if none do.
  std::string_view Contradiction() const;
};

}  // namespace sim
