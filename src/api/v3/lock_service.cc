#include "api/v3/lock_service.h"

#include <memory>
#include <utility>

#include "api/v3/contender_call.h"
#include "api/v3/own_requests.h"
#include "base/errors.h"
#include "proto/v3lock.pb.h"

namespace v3 {
namespace {

constexpr char kService[] = "v3lockpb.Lock";

// Lock.Lock: answered once the lock is held.
class LockCall final : public ContenderCall {
 public:
  using ContenderCall::ContenderCall;

 private:
  void OnMessage(base::ByteView bytes) override {
    v3lockpb::LockRequest request;
    if (Parse(bytes, &request)) Enter(request.name(), "", request.lease());
  }
  void OnEntered(const mvccpb::KeyValue*) override { Await(); }
  void OnFirst(base::Revision revision) override {
    v3lockpb::LockResponse response;
    response.set_key(key());
    Win(std::move(response), revision);
  }
  base::Status Lost() const override { return base::errors::kSessionExpired; }
};

}  // namespace

void LockService::AddTo(rpc::Server& table) {
  context_.AddStreaming(table, kService, "Lock", rpc::Kind::kUnary, [this](Call call) {
    return std::make_shared<LockCall>(&context_, &watch_, std::move(call));
  });
  context_.AddUnary(table, kService, "Unlock", this, &LockService::Unlock);
}

void LockService::Unlock(Call call, base::ByteView bytes) {
  v3lockpb::UnlockRequest request;
  if (!Parse(*call, bytes, &request) || !TakeIdentity(context_, &call)) return;
  DeleteKey(context_, request.key(), call.caller,
            [this, rpc = call.rpc](base::Result<base::Revision> deleted) {
              if (!deleted.ok()) return rpc->Finish(deleted.status());
              context_.Reply(*rpc, v3lockpb::UnlockResponse(), *deleted);
            });
}

}  // namespace v3
