#include "bench/watch_commands.h"

#include <charconv>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bench/event_counter.h"
#include "bench/keys.h"
#include "bench/watch_streams.h"
#include "proto/rpc.pb.h"
#include "runtime/posix/clock.h"

namespace bench {
namespace {

using cli::Outcome;

constexpr char kPut[] = "/etcdserverpb.KV/Put";

// What the flags say of `watch`.
struct WatchOptions {
  uint64_t streams = 0;
  uint64_t watches_per_stream = 0;
  uint64_t keys = 0;
  uint64_t puts = 0;
  double put_rate = 0;
  size_t key_size = 0;
  uint64_t key_space = 0;
  bool sequential = false;
};

Outcome ReadOptions(const Measuring& measuring, WatchOptions* options) {
  const int64_t space = measuring.flags().GetInt("key-space-size");
  if (space <= 0) {
    return Refuse(measuring.invocation,
                  "expected positive --key-space-size, got (" + std::to_string(space) + ")");
  }
  options->key_space = static_cast<uint64_t>(space);
  options->sequential = measuring.flags().GetBool("sequential-keys");
  uint64_t rate = 0;
  for (const auto& [name, value] : {std::pair("streams", &options->streams),
                                    {"watch-per-stream", &options->watches_per_stream},
                                    {"watched-key-total", &options->keys},
                                    {"put-total", &options->puts},
                                    {"put-rate", &rate}}) {
    Outcome outcome = ReadCount(measuring.invocation, name, value);
    if (!outcome.ok()) return outcome;
  }
  options->put_rate = static_cast<double>(rate);
  if (options->keys == 0 || options->streams == 0) {
    return Refuse(measuring.invocation, "expected positive --streams and --watched-key-total");
  }
  return ReadKeySize(measuring, options->key_space, &options->key_size);
}

std::vector<std::string> ChooseKeys(const WatchOptions& options) {
  runtime::Random random(runtime::posix::EntropySeed());
  const Keys keys("", options.key_size);
  std::vector<std::string> chosen(options.keys);
  for (uint64_t i = 0; i < options.keys; ++i) {
    keys.Write(options.sequential ? i % options.key_space : random.Below(options.key_space),
               &chosen[i]);
  }
  return chosen;
}

// Puts by number, which the value tells, and when each began and ended.
Requests NewPuts(std::function<std::string(uint64_t number)> key_of, std::string padding,
                 EventCounter* counter) {
  return [key_of = std::move(key_of), padding = std::move(padding), counter](
             Connection& connection, size_t, uint64_t number, Load::Done done) {
    etcdserverpb::PutRequest request;
    request.set_key(key_of(number));
    request.set_value(padding.empty() ? std::to_string(number) : padding);
    counter->OnPutBegun(number);
    connection.Call({kPut, Encode(request)},
                    [number, counter, done = std::move(done)](const base::Status& status,
                                                              base::ByteView) mutable {
                      if (status.ok()) counter->OnPutEnded(number);
                      done(status, 0);
                    });
  };
}

template <typename Pointer>
Pointer NewCounter(const Measuring& measuring, Fleet* fleet, const EventCounter::Options& options) {
  runtime::posix::Parker& parker = measuring.control->parker();
  return Pointer(new EventCounter(&fleet->loop(0), options, [&parker] { parker.Unpark(); }));
}

uint64_t NumberIn(const std::string& value) {
  uint64_t number = UINT64_MAX;
  std::from_chars(value.data(), value.data() + value.size(), number);
  return number;
}

// What is shared by the watches of `watch`, on the loop.
struct WatchState {
  std::vector<std::string> keys;
  std::map<std::string, uint64_t> watchers;  // of each key
  std::unique_ptr<EventCounter> counter;     // once there are puts
};

Requests NewWatches(WatchState* state, WatchStreams* streams) {
  return [state, streams](Connection&, size_t stream, uint64_t number, Load::Done done) {
    const std::string& key = state->keys[number % state->keys.size()];
    ++state->watchers[key];
    streams->Start(stream, {.key = key, .created_notify = true},
                   [state, done = std::move(done)](const etcd::WatchResponse& response) mutable {
                     if (response.is_created) std::exchange(done, {})(base::Status(), 0);
                     if (state->counter == nullptr) return true;
                     for (const etcd::Event& event : response.events) {
                       state->counter->OnEvent(NumberIn(event.kv.value));
                     }
                     return true;
                   });
  };
}

void AddSeries(const Measuring& measuring, const std::string& name, Results results,
               runtime::Duration took, const std::string& before) {
  measuring.result->series.push_back({name, std::move(results), took, before, ""});
}

// Waits for the events that puts have led to.
Cut AwaitEvents(const Measuring& measuring, Fleet* fleet, const WatchStreams& streams,
                const EventCounter& counter, uint64_t expected) {
  const std::unique_ptr<Progress> progress = NewProgress(measuring, fleet, expected);
  Cut cut = Wait(fleet, measuring.control,
                 {.has_ended = [&] { return counter.has_all() || !streams.failure().empty(); },
                  .answered = [&] { return counter.received(); },
                  .patience = measuring.setup.dial_timeout,
                  .progress = progress.get()});
  if (cut.failure.empty()) cut.failure = streams.failure();
  return cut;
}

// Why there will not be an event of each put; false if there will.
bool HasFailed(const RunResult& run, Cut* cut) {
  *cut = run.cut;
  if (!run.kinds[0].errors.empty()) {
    cut->failure = "failed to put: " + run.kinds[0].errors.begin()->first.text;
  }
  return !cut->ok();
}

// The puts of `watch`, and what comes of them.
void PutWatched(const Measuring& measuring, Fleet* fleet, const WatchStreams& streams,
                const WatchOptions& watches, WatchState* state) {
  uint64_t expected = 0;
  for (uint64_t i = 0; i < watches.puts; ++i) {
    expected += state->watchers[state->keys[i % state->keys.size()]];
  }
  fleet->RunAndWait(0, [&] {
    state->counter = NewCounter<std::unique_ptr<EventCounter>>(
        measuring, fleet, {watches.puts, expected, measuring.setup.keeps_seconds});
  });
  RunOptions options;
  options.load.clients = measuring.setup.clients;
  options.load.total = watches.puts;
  options.load.rate = watches.put_rate;
  options.load.from_due = false;
  options.requests = [state](size_t) {
    return NewPuts([state](uint64_t number) { return state->keys[number % state->keys.size()]; },
                   "", state->counter.get());
  };
  const RunResult run = RunMeasured(measuring, fleet, std::move(options));
  Cut& cut = measuring.result->cut;
  if (!HasFailed(run, &cut)) {
    cut = AwaitEvents(measuring, fleet, streams, *state->counter, expected);
  }
  fleet->RunAndWait(0, [&] {
    AddSeries(measuring, "watch-put", state->counter->since_begin(), state->counter->took(),
              "Watch events received summary:\n");
  });
}

}  // namespace

Outcome MeasureWatch(const Measuring& measuring) {
  WatchOptions watches;
  Outcome outcome = ReadOptions(measuring, &watches);
  if (!outcome.ok()) return outcome;
  std::unique_ptr<Fleet> fleet;
  outcome = Open(measuring, measuring.setup.connections, 1, &fleet);
  if (!outcome.ok()) return outcome;
  const auto state = std::make_shared<WatchState>();
  fleet->Keep(state);
  state->keys = ChooseKeys(watches);
  WatchStreams streams(fleet.get(), measuring.control, fleet->connections(), watches.streams);
  RunOptions options;
  options.load.clients = watches.streams;
  options.load.total = watches.streams * watches.watches_per_stream;
  options.requests = [&](size_t) { return NewWatches(state.get(), &streams); };
  options.is_enough = [&] { return !streams.failure().empty(); };
  RunResult made = RunMeasured(measuring, fleet.get(), std::move(options));
  AddSeries(measuring, "watch-make", std::move(made.kinds[0]), made.took,
            "Watch creation summary:\n");
  if (made.cut.ok()) PutWatched(measuring, fleet.get(), streams, watches, state.get());
  return {};
}

// ---- watch-get ----

namespace {

constexpr char kRange[] = "/etcdserverpb.KV/Range";
constexpr char kWatchedKey[] = "watchkey";

Requests NewGets() {
  etcdserverpb::RangeRequest request;
  request.set_key("abc");
  request.set_serializable(true);
  return [encoded = request.SerializeAsString()](Connection& connection, size_t, uint64_t,
                                                 Load::Done done) {
    connection.Call({kRange, rpc::Message(encoded)},
                    [done = std::move(done)](const base::Status& status, base::ByteView) mutable {
                      done(status, 0);
                    });
  };
}

// Writes what the watchers are to catch up with, and answers since when.
Outcome PutHistory(const Measuring& measuring, Fleet* fleet, uint64_t events, int64_t* revision) {
  *revision = 0;
  for (uint64_t i = 0; i < events; ++i) {
    etcdserverpb::PutRequest request;
    request.set_key(kWatchedKey);
    request.set_value(std::to_string(i));
    etcdserverpb::PutResponse response;
    Outcome outcome = Ask(measuring, fleet, kPut, request, &response);
    if (!outcome.ok()) return outcome;
    if (i == 0) *revision = response.header().revision();
  }
  return {};
}

struct CatchingUp {
  uint64_t watchers = 0;
  uint64_t events = 0;  // of each
  int64_t since = 0;
  std::atomic<uint64_t> ready = 0;  // watchers that have them all
};

void StartWatchers(WatchStreams* streams, uint64_t stream_count, CatchingUp* state) {
  for (uint64_t i = 0; i < state->watchers; ++i) {
    streams->Start(i % stream_count, {.key = kWatchedKey, .start_revision = state->since},
                   [state, left = state->events](const etcd::WatchResponse& response) mutable {
                     const uint64_t before = left;
                     left -= std::min<uint64_t>(left, response.events.size());
                     if (left == 0 && before > 0) ++state->ready;
                     return true;
                   });
  }
}

}  // namespace

Outcome MeasureWatchGet(const Measuring& measuring) {
  const auto state = std::make_shared<CatchingUp>();
  uint64_t stream_count = 0;
  for (const auto& [name, value] : {std::pair("watchers", &state->watchers),
                                    {"streams", &stream_count},
                                    {"events", &state->events}}) {
    Outcome outcome = ReadCount(measuring.invocation, name, value);
    if (!outcome.ok()) return outcome;
    if (*value == 0)
      return Refuse(measuring.invocation, std::string("expected positive --") + name);
  }
  std::unique_ptr<Fleet> fleet;
  const size_t connections = measuring.setup.connections;
  // The last one is that of the gets.
  Outcome outcome = Open(measuring, connections + 1, 1, &fleet);
  if (!outcome.ok()) return outcome;
  fleet->Keep(state);
  outcome = PutHistory(measuring, fleet.get(), state->events, &state->since);
  if (!outcome.ok()) return outcome;
  WatchStreams streams(fleet.get(), measuring.control, connections, stream_count);
  fleet->loop(0).Post([&] { StartWatchers(&streams, stream_count, state.get()); });
  RunOptions options;
  options.load.total = kUnknownTotal;
  options.connection = connections;
  options.requests = [](size_t) { return NewGets(); };
  options.is_enough = [&] { return state->ready == state->watchers || !streams.failure().empty(); };
  RunResult run = RunMeasured(measuring, fleet.get(), std::move(options));
  AddSeries(measuring, measuring.result->command, std::move(run.kinds[0]), run.took,
            "Get during watch summary:\n");
  if (run.cut.ok()) measuring.result->cut.failure = streams.failure();
  return {};
}

// ---- watch-latency ----

namespace {

struct LatencyOptions {
  uint64_t streams = 0;
  uint64_t watchers = 0;  // of each stream
  uint64_t puts = 0;
  uint64_t put_rate = 0;
  uint64_t key_size = 0;
  uint64_t value_size = 0;
};

Outcome ReadOptions(const Measuring& measuring, LatencyOptions* options) {
  for (const auto& [name, value] : {std::pair("streams", &options->streams),
                                    {"watchers-per-stream", &options->watchers},
                                    {"put-total", &options->puts},
                                    {"put-rate", &options->put_rate},
                                    {"key-size", &options->key_size},
                                    {"val-size", &options->value_size}}) {
    Outcome outcome = ReadCount(measuring.invocation, name, value);
    if (!outcome.ok()) return outcome;
  }
  if (options->key_size == 0) return Refuse(measuring.invocation, "expected positive --key-size");
  return {};
}

// A watch of the key by each watcher. The puts come one after the other, so that the events do.
Requests NewLatencyWatches(const std::string& key, bool prev_kv, WatchStreams* streams,
                           EventCounter* counter) {
  return [=](Connection&, size_t stream, uint64_t, Load::Done done) {
    streams->Start(stream, {.key = key, .prev_kv = prev_kv, .created_notify = true},
                   [counter, next = uint64_t{0},
                    done = std::move(done)](const etcd::WatchResponse& response) mutable {
                     if (response.is_created) std::exchange(done, {})(base::Status(), 0);
                     for (size_t i = 0; i < response.events.size(); ++i) counter->OnEvent(next++);
                     return true;
                   });
  };
}

// The measurement, once the connections are there; the last one is that of the puts.
Cut MeasureLatency(const Measuring& measuring, Fleet* fleet, const LatencyOptions& latencies,
                   EventCounter* counter) {
  runtime::Random random(runtime::posix::EntropySeed());
  const std::string key = RandomBytes(latencies.key_size, &random);
  WatchStreams streams(fleet, measuring.control, fleet->connections() - 1, latencies.streams);
  RunOptions making;
  making.load.clients = latencies.streams;
  making.load.total = latencies.streams * latencies.watchers;
  making.requests = [&](size_t) {
    return NewLatencyWatches(key, measuring.flags().GetBool("prevkv"), &streams, counter);
  };
  making.is_enough = [&] { return !streams.failure().empty(); };
  const RunResult made = RunMeasured(measuring, fleet, std::move(making));
  if (!made.cut.ok()) return made.cut;
  RunOptions putting;
  putting.load.total = latencies.puts;
  putting.load.rate = static_cast<double>(latencies.put_rate);
  putting.load.from_due = false;
  putting.connection = fleet->connections() - 1;
  const std::string value = RandomBytes(latencies.value_size, &random);
  putting.requests = [&](size_t) {
    return NewPuts([key](uint64_t) { return key; }, value, counter);
  };
  RunResult put = RunMeasured(measuring, fleet, std::move(putting));
  Cut cut;
  const bool failed = HasFailed(put, &cut);
  AddSeries(measuring, measuring.result->command + "-put", std::move(put.kinds[0]), put.took,
            "\nPut summary:\n");
  if (failed) return cut;
  return AwaitEvents(measuring, fleet, streams, *counter,
                     latencies.puts * latencies.streams * latencies.watchers);
}

}  // namespace

Outcome MeasureWatchLatency(const Measuring& measuring) {
  LatencyOptions latencies;
  Outcome outcome = ReadOptions(measuring, &latencies);
  if (!outcome.ok()) return outcome;
  std::unique_ptr<Fleet> fleet;
  outcome = Open(measuring, measuring.setup.connections + 1, 1, &fleet);
  if (!outcome.ok()) return outcome;
  const auto counter = NewCounter<std::shared_ptr<EventCounter>>(
      measuring, fleet.get(),
      {latencies.puts, latencies.puts * latencies.streams * latencies.watchers,
       measuring.setup.keeps_seconds});
  fleet->Keep(counter);
  measuring.result->cut = MeasureLatency(measuring, fleet.get(), latencies, counter.get());
  const std::string& command = measuring.result->command;
  // The watches have ended: nothing writes it any more.
  AddSeries(measuring, command + "-watch", counter->since_end(), counter->took(),
            "\nWatch events summary:\n");
  AddSeries(measuring, command + "-watch-since-put", counter->since_begin(), counter->took(),
            "\nWatch events since their puts were sent summary:\n");
  return {};
}

}  // namespace bench
