#include "api/v3/auth_service.h"

#include <utility>

#include "base/errors.h"

namespace v3 {
namespace {

constexpr char kService[] = "etcdserverpb.Auth";
// Of a store of users that has never been changed.
constexpr uint64_t kFirstRevision = 1;

}  // namespace

void AuthService::AddTo(rpc::Server& table) {
  context_.AddUnary(table, kService, "AuthStatus", this, &AuthService::AuthStatus);
  context_.AddUnary(table, kService, "Authenticate", this, &AuthService::Authenticate);
}

// Compat: etcd answers this through the log, and so not without a leader.
void AuthService::AuthStatus(Call call, base::ByteView bytes) {
  etcdserverpb::AuthStatusRequest request;
  if (!Parse(*call, bytes, &request)) return;
  context_.frontend().ReadIndex([this, call = std::move(call.rpc)](const base::Status& status) {
    if (!status.ok()) return call->Finish(status);
    etcdserverpb::AuthStatusResponse response;
    response.set_authrevision(kFirstRevision);
    context_.Reply(*call, response);
  });
}

void AuthService::Authenticate(Call call, base::ByteView bytes) {
  etcdserverpb::AuthenticateRequest request;
  if (!Parse(*call, bytes, &request)) return;
  context_.frontend().ReadIndex([call = std::move(call.rpc)](const base::Status& status) {
    call->Finish(status.ok() ? base::Status(base::errors::kAuthNotEnabled) : status);
  });
}

}  // namespace v3
