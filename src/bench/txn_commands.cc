#include "bench/txn_commands.h"

#include <memory>
#include <string>
#include <utility>

#include "bench/keys.h"
#include "bench/usage.h"
#include "proto/rpc.pb.h"
#include "runtime/posix/clock.h"

namespace bench {
namespace {

using cli::Outcome;
using etcdserverpb::TxnRequest;

constexpr char kTxn[] = "/etcdserverpb.KV/Txn";

struct TxnOptions {
  size_t key_size = 0;
  std::string value;
  uint64_t key_space = 0;
  uint64_t puts = 1;  // of txn-put
  // Of txn-mixed.
  double read_part = 0;
  TxnRequest read;
};
enum Kind : size_t { kRead = 0, kWrite = 1 };

Outcome ReadKeySpace(const Measuring& measuring, TxnOptions* options) {
  const int64_t space = measuring.flags().GetInt("key-space-size");
  if (space <= 0) {
    return Refuse(measuring.invocation,
                  "expected positive --key-space-size, got (" + std::to_string(space) + ")");
  }
  options->key_space = static_cast<uint64_t>(space);
  uint64_t value_size = 0;
  Outcome outcome = ReadCount(measuring.invocation, "val-size", &value_size);
  if (!outcome.ok()) return outcome;
  runtime::Random random(runtime::posix::EntropySeed());
  options->value = RandomBytes(value_size, &random);
  return ReadKeySize(measuring, options->key_space, &options->key_size);
}

// A transaction that does so many puts, and is used again.
std::shared_ptr<TxnRequest> NewPuts(const TxnOptions& options) {
  const auto request = std::make_shared<TxnRequest>();
  for (uint64_t i = 0; i < options.puts; ++i) {
    request->add_success()->mutable_request_put()->set_value(options.value);
  }
  return request;
}

void Commit(Connection* connection, const TxnRequest& request, size_t kind, Load::Done done) {
  connection->Call({kTxn, Encode(request)},
                   [kind, done = std::move(done)](const base::Status& status,
                                                  base::ByteView) mutable { done(status, kind); });
}

Requests NewTxnPuts(const TxnOptions& options) {
  return [options, keys = std::make_shared<Keys>("", options.key_size), request = NewPuts(options)](
             Connection& connection, size_t, uint64_t number, Load::Done done) {
    for (uint64_t i = 0; i < options.puts; ++i) {
      keys->Write(
          (number * options.puts + i) % options.key_space,
          request->mutable_success(static_cast<int>(i))->mutable_request_put()->mutable_key());
    }
    Commit(&connection, *request, 0, std::move(done));
  };
}

Requests NewMixed(const TxnOptions& options) {
  // Of so many one is drawn.
  constexpr uint64_t kParts = uint64_t{1} << 53;
  const auto reads = static_cast<uint64_t>(options.read_part * static_cast<double>(kParts));
  return [options, reads, keys = std::make_shared<Keys>("", options.key_size),
          write = NewPuts(options),
          random = std::make_shared<runtime::Random>(runtime::posix::EntropySeed())](
             Connection& connection, size_t, uint64_t number, Load::Done done) {
    if (random->Below(kParts) < reads) {
      return Commit(&connection, options.read, kRead, std::move(done));
    }
    keys->Write(number % options.key_space,
                write->mutable_success(0)->mutable_request_put()->mutable_key());
    Commit(&connection, *write, kWrite, std::move(done));
  };
}

// Compat: all keys whatever --end-key says, as clientv3 makes of it.
void SetRead(const Measuring& measuring, bool serializable, TxnOptions* options) {
  etcdserverpb::RangeRequest* const range = options->read.add_success()->mutable_request_range();
  range->set_key(std::string(1, '\0'));
  range->set_range_end(std::string(1, '\0'));
  range->set_serializable(serializable);
  range->set_limit(measuring.flags().GetInt("limit"));
}

}  // namespace

Outcome MeasureTxnPut(const Measuring& measuring) {
  TxnOptions txns;
  RunOptions options;
  Outcome outcome = ReadKeySpace(measuring, &txns);
  if (!outcome.ok()) return outcome;
  if (outcome = ReadCount(measuring.invocation, "txn-ops", &txns.puts); !outcome.ok()) {
    return outcome;
  }
  if (txns.puts > txns.key_space) {
    return Refuse(measuring.invocation,
                  "expected --txn-ops no larger than --key-space-size, got txn-ops(" +
                      std::to_string(txns.puts) + ") key-space-size(" +
                      std::to_string(txns.key_space) + ")");
  }
  if (outcome = ReadLoad(measuring, &options.load); !outcome.ok()) return outcome;
  std::unique_ptr<Fleet> fleet;
  outcome = Open(measuring, measuring.setup.connections, measuring.setup.threads, &fleet);
  if (!outcome.ok()) return outcome;
  options.requests = [&](size_t) { return NewTxnPuts(txns); };
  MeasureOneKind(measuring, fleet.get(), std::move(options), "\n");
  return {};
}

Outcome MeasureTxnMixed(const Measuring& measuring) {
  TxnOptions txns;
  RunOptions options;
  Outcome outcome = ReadKeySpace(measuring, &txns);
  if (!outcome.ok()) return outcome;
  bool serializable = false;
  outcome = ReadConsistency(measuring, "txn-mixed", &serializable);
  if (!outcome.ok()) return outcome;
  const double ratio = measuring.flags().GetFloat("rw-ratio");
  if (!(ratio >= 0)) return Refuse(measuring.invocation, "expected --rw-ratio of at least 0");
  txns.read_part = ratio / (1 + ratio);
  SetRead(measuring, serializable, &txns);
  if (outcome = ReadLoad(measuring, &options.load); !outcome.ok()) return outcome;
  options.load.kinds = 2;
  std::unique_ptr<Fleet> fleet;
  outcome = Open(measuring, measuring.setup.connections, measuring.setup.threads, &fleet);
  if (!outcome.ok()) return outcome;
  options.requests = [&](size_t) { return NewMixed(txns); };
  RunResult run = RunMeasured(measuring, fleet.get(), std::move(options));
  for (const auto& [kind, name, title] :
       {std::tuple(kRead, "-read", "Read"), {kWrite, "-write", "Write"}}) {
    Results& results = run.kinds[kind];
    const std::string count = std::to_string(results.done() + results.failed());
    measuring.result->series.push_back(
        {measuring.result->command + name, std::move(results), run.took,
         std::string("Total ") + title + " Ops: " + count + "\nDetails:", "\n"});
  }
  return {};
}

}  // namespace bench
