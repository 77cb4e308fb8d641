#include <etcd/kv.h>

#include <memory>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "bench/kv_commands.h"
#include "bench/usage.h"
#include "proto/rpc.pb.h"

namespace bench {
namespace {

using cli::Outcome;
using etcdserverpb::RangeRequest;
using etcdserverpb::RangeResponse;

constexpr char kRange[] = "/etcdserverpb.KV/Range";
constexpr char kRangeStream[] = "/etcdserverpb.KV/RangeStream";
// Of the pages in which Kubernetes' watch cache reads.
constexpr int64_t kPageSize = 10'000;

struct RangeOptions {
  RangeRequest request;
  bool stream = false;
  bool paginate = false;
};

void SetRange(const Measuring& measuring, RangeOptions* options) {
  const std::vector<std::string>& arguments = measuring.invocation.arguments;
  RangeRequest& request = options->request;
  request.set_key(arguments.empty() ? "" : arguments[0]);
  if (measuring.flags().GetBool("prefix")) {
    request.set_range_end(etcd::PrefixEnd(request.key()));
    // All keys.
    if (request.key().empty()) request.set_key(std::string(1, '\0'));
  } else if (arguments.size() == 2) {
    request.set_range_end(arguments[1]);
  }
}

Outcome ReadOptions(const Measuring& measuring, RangeOptions* options) {
  const cli::Flags& flags = measuring.flags();
  const size_t count = measuring.invocation.arguments.size();
  if (count > 2 || (count == 0 && !flags.GetBool("prefix"))) {
    return RefuseUsage(measuring.invocation, "range");
  }
  options->stream = flags.GetBool("stream");
  options->paginate = flags.GetBool("paginate") && !options->stream;
  const int64_t limit = flags.GetInt("limit");
  if (flags.GetBool("paginate") && limit > 0) {
    return Refuse(measuring.invocation, "--paginate and --limit are mutually exclusive");
  }
  if (flags.GetBool("count-only") && flags.GetBool("keys-only")) {
    return Refuse(measuring.invocation,
                  "`--keys-only` and `--count-only` cannot be set at the same time");
  }
  bool serializable = false;
  if (Outcome outcome = ReadConsistency(measuring, "range", &serializable); !outcome.ok()) {
    return outcome;
  }
  SetRange(measuring, options);
  if (limit > 0) options->request.set_limit(limit);
  if (options->paginate) options->request.set_limit(kPageSize);
  options->request.set_count_only(flags.GetBool("count-only"));
  options->request.set_keys_only(flags.GetBool("keys-only"));
  options->request.set_serializable(serializable);
  return {};
}

// One page after the other, all of the revision of the first.
void ReadPage(Connection* connection, RangeRequest request, Load::Done done) {
  rpc::Message message = Encode(request);
  connection->Call({kRange, std::move(message), /*wants_answer=*/true},
                   [connection, request = std::move(request), done = std::move(done)](
                       const base::Status& status, base::ByteView bytes) mutable {
                     RangeResponse page;
                     if (!status.ok()) return done(status, 0);
                     if (!page.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
                       return done(base::Status(base::Code::kInternal, "an answer is damaged"), 0);
                     }
                     if (!page.more() || page.kvs().empty()) return done(status, 0);
                     if (request.revision() == 0) request.set_revision(page.header().revision());
                     request.set_key(page.kvs().rbegin()->key() + '\0');
                     ReadPage(connection, std::move(request), std::move(done));
                   });
}

Requests NewRanges(const RangeOptions& options) {
  return [options, encoded = options.request.SerializeAsString()](Connection& connection, size_t,
                                                                  uint64_t, Load::Done done) {
    if (options.paginate) return ReadPage(&connection, options.request, std::move(done));
    connection.Call({options.stream ? kRangeStream : kRange, rpc::Message(encoded)},
                    [done = std::move(done)](const base::Status& status, base::ByteView) mutable {
                      done(status, 0);
                    });
  };
}

}  // namespace

Outcome MeasureRange(const Measuring& measuring) {
  RangeOptions ranges;
  RunOptions options;
  Outcome outcome = ReadOptions(measuring, &ranges);
  if (!outcome.ok()) return outcome;
  if (outcome = ReadLoad(measuring, &options.load); !outcome.ok()) return outcome;
  std::unique_ptr<Fleet> fleet;
  outcome = Open(measuring, measuring.setup.connections, measuring.setup.threads, &fleet);
  if (!outcome.ok()) return outcome;
  options.requests = [&](size_t) { return NewRanges(ranges); };
  MeasureOneKind(measuring, fleet.get(), std::move(options), "");
  return {};
}

}  // namespace bench
