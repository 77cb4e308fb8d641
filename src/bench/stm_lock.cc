#include "bench/stm_lock.h"

#include <future>
#include <utility>

#include "proto/v3lock.pb.h"

namespace bench {
namespace {

constexpr char kName[] = "stmlock";
constexpr char kLock[] = "/v3lockpb.Lock/Lock";
constexpr char kUnlock[] = "/v3lockpb.Lock/Unlock";
// How soon an interruption is seen.
constexpr std::chrono::milliseconds kLookPeriod(50);

}  // namespace

etcd::Result<std::unique_ptr<StmLock>> StmLock::New(Kind kind, etcd::Client* client, Fleet* fleet,
                                                    size_t connection) {
  std::unique_ptr<StmLock> lock(new StmLock(kind, fleet, connection));
  if (kind == Kind::kNone) return lock;
  auto session = etcd::Session::New(client);
  if (!session.ok()) return session.status();
  lock->session_ = std::move(session).value();
  if (kind == Kind::kMutex) {
    lock->mutex_ = std::make_unique<etcd::Mutex>(lock->session_.get(), kName);
  }
  return lock;
}

StmLock::~StmLock() {
  // What cannot be ended ends by itself.
  if (session_ != nullptr) static_cast<void>(session_->Close());
}

etcd::Result<base::Bytes> StmLock::Ask(const char* path, base::Bytes request,
                                       const etcd::CallOptions& options) {
  using Answer = etcd::Result<base::Bytes>;
  const auto promise = std::make_shared<std::promise<Answer>>();
  std::future<Answer> answer = promise->get_future();
  fleet_->loop(fleet_->ThreadOf(connection_))
      .Post([this, path, message = rpc::Message(request), promise]() mutable {
        fleet_->connection(connection_)
            .Call({path, std::move(message), /*wants_answer=*/true},
                  [promise](const base::Status& status, base::ByteView bytes) {
                    if (status.ok()) return promise->set_value(base::Bytes(bytes));
                    promise->set_value(etcd::Status(static_cast<etcd::Code>(status.code()),
                                                    std::string(status.message())));
                  });
      });
  while (answer.wait_for(kLookPeriod) != std::future_status::ready) {
    if (options.cancellation.has_value() && options.cancellation->canceled()) {
      return etcd::Status(etcd::Code::kCanceled, "context canceled");
    }
  }
  return answer.get();
}

etcd::Status StmLock::Lock(const etcd::CallOptions& options) {
  if (kind_ == Kind::kNone) return {};
  if (kind_ == Kind::kMutex) return mutex_->Lock(options);
  v3lockpb::LockRequest request;
  request.set_name(kName);
  request.set_lease(session_->lease());
  const etcd::Result<base::Bytes> answer = Ask(kLock, request.SerializeAsString(), options);
  if (!answer.ok()) return answer.status();
  v3lockpb::LockResponse response;
  if (!response.ParseFromString(*answer)) {
    return etcd::Status(etcd::Code::kInternal, "an answer is damaged");
  }
  key_ = response.key();
  return {};
}

etcd::Status StmLock::Unlock() {
  if (kind_ == Kind::kNone) return {};
  if (kind_ == Kind::kMutex) return mutex_->Unlock();
  v3lockpb::UnlockRequest request;
  request.set_key(key_);
  return Ask(kUnlock, request.SerializeAsString(), {}).status();
}

}  // namespace bench
