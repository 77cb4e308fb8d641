#include "api/v3/lease_keep_alive_call.h"

#include <memory>
#include <optional>
#include <utility>

#include "base/errors.h"
#include "server/lease_requests.h"
#include "server/lease_rights.h"

namespace v3 {

// Why the header is made first: its revision is then not above that of a revoke which the renewal
// has not seen.
void LeaseKeepAliveCall::OnMessage(base::ByteView message) {
  etcdserverpb::LeaseKeepAliveRequest request;
  if (!Parse(message, &request)) return;
  span_ = BeginSpan(request);
  etcdserverpb::LeaseKeepAliveResponse response;
  context().Fill(response.mutable_header(), {});
  response.set_id(request.id());
  const base::Result<server::Caller> caller = Identify();
  if (!caller.ok()) return Finish(caller.status());
  auth::Judge& judge = context().judge();
  if (judge.CheckRoot(caller->identity).ok()) {
    Renew(std::move(response), *caller);
    return;
  }
  if (caller->identity.is_nobody()) return Finish(base::errors::kUserEmpty);
  // Whoever renews a lease keeps its keys, as who writes them.
  HoldMessages();
  const auto may = std::make_shared<base::Status>();
  context().server().lease_rights().Check(
      base::LeaseId(request.id()), caller->identity, auth::Access::kWrite,
      [may, go_on = Posted([this, response, caller = *caller, may] {
              if (!may->ok()) return Finish(*may);
              if (Renew(response, caller)) ResumeMessages();
            })](const base::Status& status) mutable {
        *may = status;
        go_on();
      });
}

bool LeaseKeepAliveCall::Renew(etcdserverpb::LeaseKeepAliveResponse response,
                               const server::Caller& caller) {
  server::LeaseRequests& leases = context().server().leases();
  const base::LeaseId id(response.id());
  if (const std::optional<int64_t> ttl = leases.TryRenew(id)) {
    Answer(std::move(response), *ttl);
    return true;
  }
  HoldMessages();
  const auto renewed = std::make_shared<base::Result<int64_t>>(0);
  leases.Renew(id, caller, [renewed, answer = Posted([this, response, renewed] {
                                       Answer(response, *renewed);
                                       ResumeMessages();
                                     })](base::Result<int64_t> ttl) mutable {
    *renewed = std::move(ttl);
    answer();
  });
  return false;
}

void LeaseKeepAliveCall::Answer(etcdserverpb::LeaseKeepAliveResponse response,
                                const base::Result<int64_t>& ttl) {
  EndSpan(span_);
  const bool is_found = ttl.status() != base::errors::kLeaseNotFound;
  if (!ttl.ok() && is_found) return Finish(ttl.status());
  response.set_ttl(is_found ? *ttl : 0);
  Send(response);
}

void LeaseKeepAliveCall::OnStopping() {
  Finish(base::errors::kStopped);
}

}  // namespace v3
