#include <memory>
#include <utility>
#include <vector>

#include "base/errors.h"
#include "bench/kv_commands.h"
#include "proto/rpc.pb.h"

namespace bench {
namespace {

using cli::Outcome;
using Leases = std::vector<int64_t>;

constexpr char kGrant[] = "/etcdserverpb.Lease/LeaseGrant";
constexpr char kKeepAlive[] = "/etcdserverpb.Lease/LeaseKeepAlive";
constexpr int64_t kTtlSeconds = 100;

// One lease for each of the clients.
Requests NewGrants(Leases* leases) {
  return [leases](Connection& connection, size_t, uint64_t number, Load::Done done) {
    etcdserverpb::LeaseGrantRequest request;
    request.set_ttl(kTtlSeconds);
    connection.Call({kGrant, Encode(request), /*wants_answer=*/true},
                    [leases, number, done = std::move(done)](const base::Status& status,
                                                             base::ByteView bytes) mutable {
                      etcdserverpb::LeaseGrantResponse response;
                      response.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
                      (*leases)[number] = response.id();
                      done(status, 0);
                    });
  };
}

Requests NewRenewals(const Leases* leases) {
  return [leases](Connection& connection, size_t client, uint64_t, Load::Done done) {
    etcdserverpb::LeaseKeepAliveRequest request;
    request.set_id((*leases)[client]);
    connection.Call(
        {kKeepAlive, Encode(request), /*wants_answer=*/true},
        [done = std::move(done)](const base::Status& status, base::ByteView bytes) mutable {
          etcdserverpb::LeaseKeepAliveResponse response;
          response.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
          const bool is_lost = status.ok() && response.ttl() <= 0;
          done(is_lost ? base::Status(base::errors::kLeaseNotFound) : status, 0);
        });
  };
}

}  // namespace

Outcome MeasureLeaseKeepAlive(const Measuring& measuring) {
  RunOptions options;
  Outcome outcome = ReadCount(measuring.invocation, "total", &options.load.total);
  if (!outcome.ok()) return outcome;
  std::unique_ptr<Fleet> fleet;
  outcome = Open(measuring, measuring.setup.connections, measuring.setup.threads, &fleet);
  if (!outcome.ok()) return outcome;
  const auto leases = std::make_shared<Leases>(measuring.setup.clients);
  fleet->Keep(leases);
  options.load.clients = leases->size();
  RunOptions granting;
  granting.load.clients = granting.load.total = leases->size();
  granting.requests = [&](size_t) { return NewGrants(leases.get()); };
  const RunResult granted = Run(fleet.get(), measuring.control, granting);
  if (!granted.kinds[0].errors.empty()) {
    return Refuse(measuring.invocation,
                  "failed to grant leases: " + granted.kinds[0].errors.begin()->first.text);
  }
  if (!granted.cut.ok()) {
    measuring.result->cut = granted.cut;
    return {};
  }
  options.requests = [&](size_t) { return NewRenewals(leases.get()); };
  MeasureOneKind(measuring, fleet.get(), std::move(options), "");
  return {};
}

}  // namespace bench
