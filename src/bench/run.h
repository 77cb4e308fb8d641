#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "bench/control.h"
#include "bench/fleet.h"
#include "bench/progress.h"
#include "bench/results.h"
#include "bench/wait.h"
#include "ctl/load.h"

namespace bench {

using ctl::Load;

// A load, and what is kept of it.
struct LoadOptions : ctl::LoadOptions {
  bool keeps_seconds = false;
  // Kinds of requests, which have results of their own.
  size_t kinds = 1;
};

// What the clients of a load ask for; on one thread.
using Requests =
    std::function<void(Connection& connection, size_t client, uint64_t number, Load::Done done)>;

struct RunOptions {
  // `first` and `step` are the run's to set; `clients` are all of them, dealt out over the
  // connections in turn.
  LoadOptions load;
  // The connection that all clients go to; they take turns if there is none.
  std::optional<size_t> connection = {};
  // Called once for each thread.
  std::function<Requests(size_t thread)> requests;
  // A run in which nothing is answered for so long, while an endpoint cannot be reached, ends.
  runtime::Duration patience = std::chrono::seconds(5);
  // Asked by the waiting thread whenever it is unparked: true, and no further request is begun.
  std::function<bool()> is_enough = [] { return false; };
  Progress* progress = nullptr;  // null: nobody wants to know
};

struct RunResult {
  std::vector<Results> kinds;
  runtime::Duration took{};  // from the start to the end of the last request
  Cut cut = {};
};

// Runs a load over the connections and waits for its end. An interruption ends it early, and what
// is under way then does not count.
RunResult Run(Fleet* fleet, Control* control, const RunOptions& options);

}  // namespace bench
