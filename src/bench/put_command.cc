#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "base/duration_text.h"
#include "base/go_text.h"
#include "base/human_bytes.h"
#include "bench/keys.h"
#include "bench/kv_commands.h"
#include "ctl/repeated.h"
#include "proto/rpc.pb.h"
#include "runtime/posix/clock.h"

namespace bench {
namespace {

using cli::Outcome;

constexpr char kPut[] = "/etcdserverpb.KV/Put";
constexpr char kRange[] = "/etcdserverpb.KV/Range";
constexpr char kCompact[] = "/etcdserverpb.KV/Compact";
constexpr char kHashKv[] = "/etcdserverpb.Maintenance/HashKV";
constexpr char kStatus[] = "/etcdserverpb.Maintenance/Status";

struct PutOptions {
  std::string prefix;
  size_t key_size = 0;
  size_t value_size = 0;
  uint64_t key_space = 0;
  bool sequential = false;
};

Outcome ReadOptions(const Measuring& measuring, PutOptions* options) {
  const cli::Flags& flags = measuring.flags();
  const int64_t space = flags.GetInt("key-space-size");
  if (space <= 0) {
    return Refuse(measuring.invocation,
                  "expected positive --key-space-size, got (" + std::to_string(space) + ")");
  }
  options->key_space = static_cast<uint64_t>(space);
  options->prefix = flags.GetString("prefix");
  options->sequential = flags.GetBool("sequential-keys");
  if (Outcome outcome = ReadCount(measuring.invocation, "val-size", &options->value_size);
      !outcome.ok()) {
    return outcome;
  }
  return ReadKeySize(measuring, options->key_space, &options->key_size);
}

Requests NewPuts(const PutOptions& options, const std::string& value) {
  struct State {
    Keys keys;
    runtime::Random random;
    etcdserverpb::PutRequest request;  // used again by each put
  };
  const auto state = std::make_shared<State>(State{
      Keys(options.prefix, options.key_size), runtime::Random(runtime::posix::EntropySeed()), {}});
  state->request.set_value(value);
  return [state, options](Connection& connection, size_t, uint64_t number, Load::Done done) {
    const uint64_t key =
        options.sequential ? number % options.key_space : state->random.Below(options.key_space);
    state->keys.Write(key, state->request.mutable_key());
    connection.Call({kPut, Encode(state->request)},
                    [done = std::move(done)](const base::Status& status, base::ByteView) mutable {
                      done(status, 0);
                    });
  };
}

// Compacts to some way behind the present revision, and so on at an interval, if one is wanted.
class Compactions {
 public:
  Compactions(const Measuring& measuring, Fleet* fleet)
      : fleet_(*fleet),
        distance_(measuring.flags().GetInt("compact-index-delta")),
        teller_{measuring.invocation.err} {
    const std::chrono::nanoseconds interval = measuring.flags().GetDuration("compact-interval");
    if (interval <= std::chrono::nanoseconds(0)) return;
    repeated_ = std::make_unique<ctl::Repeated>("compact", interval, [this] { Post(); });
  }
  // What is under way then may fail without a word: its connection is about to go.
  ~Compactions() { *teller_.ended = true; }
  Compactions(const Compactions&) = delete;
  Compactions& operator=(const Compactions&) = delete;

 private:
  struct Teller {
    std::FILE* err;
    std::shared_ptr<std::atomic<bool>> ended = std::make_shared<std::atomic<bool>>(false);

    void Tell(const base::Status& status) const {
      if (status.ok() || *ended) return;
      cli::Print(err, "failed to compact: " + ErrorText(status) + "\n");
    }
  };

  void Post() {
    fleet_.loop(fleet_.ThreadOf(0))
        .Post([connection = &fleet_.connection(0), distance = distance_, teller = teller_] {
          Compact(connection, distance, teller);
        });
  }

  static void Compact(Connection* connection, int64_t distance, const Teller& teller) {
    etcdserverpb::RangeRequest request;
    request.set_key("foo");
    connection->Call(
        {kRange, Encode(request), /*wants_answer=*/true},
        [connection, distance, teller](const base::Status& status, base::ByteView bytes) {
          etcdserverpb::RangeResponse response;
          if (!status.ok() ||
              !response.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
            return teller.Tell(status);
          }
          etcdserverpb::CompactionRequest compaction;
          compaction.set_revision(std::max<int64_t>(0, response.header().revision() - distance));
          connection->Call(
              {kCompact, Encode(compaction)},
              [teller](const base::Status& ended, base::ByteView) { teller.Tell(ended); });
        });
  }

  Fleet& fleet_;
  const int64_t distance_;
  const Teller teller_;
  std::unique_ptr<ctl::Repeated> repeated_;
};

// Of the first endpoint.
Outcome CheckHashKv(const Measuring& measuring) {
  const std::string endpoint = measuring.setup.client.endpoints.front();
  Setup one = measuring.setup;
  Outcome outcome = SetEndpoints(measuring.invocation, {endpoint}, &one);
  if (!outcome.ok()) return outcome;
  const Measuring there{measuring.invocation, one, measuring.control, measuring.result};
  std::unique_ptr<Fleet> fleet;
  if (outcome = Open(there, 1, 1, &fleet); !outcome.ok()) return outcome;
  const runtime::Clock& clock = fleet->loop(0).clock();
  const runtime::TimePoint began = clock.Now();
  etcdserverpb::HashKVResponse hash;
  outcome = Ask(there, fleet.get(), kHashKv, etcdserverpb::HashKVRequest(), &hash);
  if (!outcome.ok()) return outcome;
  etcdserverpb::StatusResponse status;
  outcome = Ask(there, fleet.get(), kStatus, etcdserverpb::StatusRequest(), &status);
  if (!outcome.ok()) return outcome;
  measuring.result->appendix =
      "HashKV Summary:\n\tHashKV: " + std::to_string(hash.hash()) + "\n\tEndpoint: " + endpoint +
      "\n\tTime taken to get hashkv: " + base::FormatDuration(clock.Now() - began) +
      "\n\tDB size: " + base::HumanBytes(static_cast<uint64_t>(status.dbsize())) + "\n";
  return {};
}

}  // namespace

Outcome MeasurePut(const Measuring& measuring) {
  PutOptions puts;
  RunOptions options;
  Outcome outcome = ReadOptions(measuring, &puts);
  if (!outcome.ok()) return outcome;
  if (outcome = ReadLoad(measuring, &options.load); !outcome.ok()) return outcome;
  std::unique_ptr<Fleet> fleet;
  outcome = Open(measuring, measuring.setup.connections, measuring.setup.threads, &fleet);
  if (!outcome.ok()) return outcome;
  runtime::Random random(runtime::posix::EntropySeed());
  const std::string value = RandomBytes(puts.value_size, &random);
  options.requests = [&](size_t) { return NewPuts(puts, value); };
  {
    const Compactions compactions(measuring, fleet.get());
    MeasureOneKind(measuring, fleet.get(), std::move(options), "\n");
  }
  if (!measuring.flags().GetBool("check-hashkv") || !measuring.result->cut.ok()) return {};
  fleet.reset();
  return CheckHashKv(measuring);
}

}  // namespace bench
