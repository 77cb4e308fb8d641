#pragma once

#include <etcd/client.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <utility>

#include "client/convert.h"
#include "client/endpoint_sync.h"
#include "client/host.h"
#include "client/lease_renewer.h"
#include "client/pending_bytes.h"
#include "client/session.h"
#include "client/watcher.h"

// What is behind the calls of etcd::Client, etcd::Auth and etcd::Admission: a host, and what lives
// on its loop.

namespace client {

inline etcd::Status ToPublic(const base::Status& status, std::string cause = {},
                             std::optional<std::chrono::milliseconds> retry_after = {}) {
  if (status.ok()) return {};
  return etcd::Status(static_cast<etcd::Code>(status.code()), std::string(status.message()),
                      std::move(cause), retry_after);
}
inline etcd::Status ToPublic(const Session::Ending& ending) {
  return ToPublic(ending.status, ending.cause, ending.retry_after);
}

// What is waited for inside a callback would never come: only that thread can bring it.
inline etcd::Status WaitInCallback() {
  return etcd::Status(
      etcd::Code::kFailedPrecondition,
      "a callback of this client waits for a call of the same client; give that call a "
      "callback instead");
}

}  // namespace client

namespace etcd {
inline namespace v1 {

class Client::Impl {
 public:
  Impl(std::unique_ptr<client::Host> host, client::Settings settings)
      : host_(std::move(host)), pending_(settings.max_pending_bytes) {
    host_->RunAndWait([&] {
      const runtime::Duration sync_interval = settings.auto_sync_interval;
      session_ = std::make_unique<client::Session>(&loop(), &host_->network(), std::move(settings),
                                                   host_->NewSeed());
      watcher_ = std::make_unique<client::Watcher>(session_.get());
      renewer_ = std::make_unique<client::LeaseRenewer>(session_.get());
      if (sync_interval == Duration(0)) return;
      sync_ = std::make_unique<client::EndpointSync>(&loop(), session_.get(), sync_interval,
                                                     host_->NewSeed());
    });
  }
  ~Impl() {
    if (loop().IsCurrent()) {
      std::fputs(
          "etcd::Client: destroyed inside one of its own callbacks, whose end it waits for\n",
          stderr);
      std::abort();
    }
    host_->RunAndWait([this] {
      sync_.reset();
      renewer_.reset();
      watcher_.reset();
      session_.reset();
    });
    host_->Stop();
  }

  const runtime::Clock& clock() const { return host_->loop().clock(); }

  // Has the session ask for its first token.
  Status LogIn(Duration timeout) {
    return Await<Status>([this, timeout](std::function<void(Status)> done) {
      loop().Post([this, timeout, done = std::move(done)] {
        session_->RenewToken(
            timeout == Duration(0) ? client::Session::kNoTimeout : timeout,
            [done](const client::Session::Ending& ending) { done(client::ToPublic(ending)); });
      });
    });
  }

  // Has `action` look at the session, on the loop, and returns what it does.
  template <typename Action>
  auto OnSession(Action action) {
    if (loop().IsCurrent()) return action(*session_);
    std::optional<decltype(action(*session_))> result;
    host_->RunAndWait([&] { result.emplace(action(*session_)); });
    return std::move(*result);
  }
  // Runs `task` as a callback.
  void Post(base::Callback<void()> task) { loop().Post(std::move(task)); }

  template <typename Message>
  client::Session::Request NewRequest(const client::Method& method, const Message& message,
                                      const CallOptions& options,
                                      Duration default_timeout = kDefaultTimeout) {
    client::Session::Request request{.method = method, .message = message.SerializeAsString()};
    request.timeout = options.timeout.value_or(default_timeout);
    request.require_leader = options.require_leader;
    return request;
  }

  template <typename Reply, typename T>
  void Unary(client::Session::Request request, const CallOptions& options, Callback<T> done) {
    auto share = pending_.Take(request.message.size());
    if (!share.has_value()) return Post([done = std::move(done)] { done(TooManyCalls()); });
    Launch(options, std::move(*share),
           [this, request = std::move(request),
            done = std::move(done)](const std::shared_ptr<Running>& running) mutable {
             request.canceled = running->canceled;
             return session_->StartUnary(
                 std::move(request),
                 [running, done = std::move(done)](const client::Session::Ending& ending,
                                                   base::ByteView bytes) {
                   running->End();
                   if (!ending.status.ok()) return done(client::ToPublic(ending));
                   Reply reply;
                   if (!Parse(bytes, &reply)) return done(Malformed());
                   done(client::FromProto(std::move(reply)));
                 });
           });
  }

  // `part` takes a message out of the reply and returns what the sink says.
  template <typename Reply, typename Part>
  void Stream(client::Session::Request request, const CallOptions& options, Part part,
              std::function<void(Status)> done) {
    auto share = pending_.Take(request.message.size());
    if (!share.has_value()) return Post([done = std::move(done)] { done(TooManyCalls()); });
    const auto malformed = std::make_shared<bool>(false);
    auto sink = [malformed, part = std::move(part)](base::ByteView bytes) mutable {
      Reply reply;
      if (Parse(bytes, &reply)) return part(std::move(reply));
      *malformed = true;
      return false;
    };
    Launch(options, std::move(*share),
           [this, malformed, request = std::move(request), sink = std::move(sink),
            done = std::move(done)](const std::shared_ptr<Running>& running) mutable {
             request.canceled = running->canceled;
             return session_->Start(std::move(request), std::move(sink),
                                    [running, malformed, done = std::move(done)](
                                        const client::Session::Ending& ending) {
                                      running->End();
                                      done(*malformed ? Malformed() : client::ToPublic(ending));
                                    });
           });
  }

  void Watch(const WatchRequest& request, const CallOptions& options, WatchSink sink,
             std::function<void(WatchEnding)> done) {
    auto share = pending_.Take(request.key.size() + request.range_end.size());
    if (!share.has_value()) {
      return Post([done = std::move(done)] { done({.status = TooManyCalls()}); });
    }
    client::Watcher::Options watch{.timeout = options.timeout.value_or(kNoTimeout),
                                   .require_leader = options.require_leader};
    Launch(options, std::move(*share),
           [this, request, watch, sink = std::move(sink),
            done = std::move(done)](const std::shared_ptr<Running>& running) mutable {
             watch.canceled = running->canceled;
             return watcher_->Start(
                 request, watch, std::move(sink),
                 [running, done = std::move(done)](const client::Watch::Ending& ending) {
                   running->End();
                   done({client::ToPublic(ending.status, ending.cause, ending.retry_after),
                         ending.header, ending.compact_revision, ending.cancel_reason});
                 });
           });
  }

  void LeaseKeepAlive(int64_t id, const CallOptions& options, LeaseKeepAliveSink sink,
                      std::function<void(Status)> done) {
    auto share = pending_.Take(sizeof(id));
    if (!share.has_value()) return Post([done = std::move(done)] { done(TooManyCalls()); });
    client::LeaseRenewer::Options renewal{.timeout = options.timeout.value_or(kNoTimeout),
                                          .require_leader = options.require_leader};
    Launch(options, std::move(*share),
           [this, id, renewal, sink = std::move(sink),
            done = std::move(done)](const std::shared_ptr<Running>& running) mutable {
             renewal.canceled = running->canceled;
             return renewer_->Start(
                 id, renewal, std::move(sink),
                 [running, done = std::move(done)](const client::Session::Ending& ending) {
                   running->End();
                   done(client::ToPublic(ending));
                 });
           });
  }

  void RequestProgress(bool require_leader) {
    Post([this, require_leader] {
      if (watcher_ != nullptr) watcher_->RequestProgress(require_leader);
    });
  }

  // What `start` hands to the callback it is given.
  template <typename T, typename Start>
  T Await(Start start) {
    if (loop().IsCurrent()) return T{client::WaitInCallback()};
    std::optional<T> result;
    host_->Wait([&start, &result](const std::function<void()>& end) {
      start([&result, &end](T value) {
        result.emplace(std::move(value));
        end();
      });
    });
    return std::move(*result);
  }

 private:
  // A call and the handle that may end it. On the loop.
  struct Running {
    explicit Running(client::PendingBytes::Share taken) : share(std::move(taken)) {}

    std::optional<client::PendingBytes::Share> share;
    bool canceled = false;  // before it began
    bool ended = false;
    std::shared_ptr<Cancellation::Listener> listener;

    void End() {
      ended = true;
      share.reset();
      listener.reset();
    }
  };

  // Has `start` begin a call, on the loop, and the options' handle end it.
  template <typename Start>
  void Launch(const CallOptions& options, client::PendingBytes::Share share, Start start) {
    loop().Post([this, cancellation = options.cancellation, share = std::move(share),
                 start = std::move(start)]() mutable {
      if (session_ == nullptr) return;
      const auto running = std::make_shared<Running>(std::move(share));
      running->canceled = cancellation.has_value() && cancellation->canceled();
      const auto call = start(running);
      if (!cancellation.has_value() || running->ended) return;
      running->listener =
          cancellation->Listen([this, call] { loop().Post([this, call] { Cancel(call); }); });
    });
  }

  void Cancel(const client::Session::Handle& call) {
    if (session_ != nullptr) client::Session::Cancel(call);
  }
  void Cancel(const client::Watcher::Handle& watch) {
    if (watcher_ != nullptr) watcher_->Cancel(watch);
  }

  void Cancel(const client::LeaseRenewer::Handle& keep_alive) {
    if (renewer_ != nullptr) renewer_->Cancel(keep_alive);
  }

  template <typename Reply>
  static bool Parse(base::ByteView bytes, Reply* reply) {
    return reply->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
  }
  static Status TooManyCalls() {
    return Status(Code::kResourceExhausted, "too many calls are under way");
  }
  static Status Malformed() {
    return Status(Code::kInternal, "grpc: error unmarshalling response");
  }

  runtime::Loop& loop() { return host_->loop(); }

  const std::unique_ptr<client::Host> host_;
  client::PendingBytes pending_;
  std::unique_ptr<client::Session> session_;
  std::unique_ptr<client::Watcher> watcher_;
  std::unique_ptr<client::LeaseRenewer> renewer_;
  std::unique_ptr<client::EndpointSync> sync_;  // null: never
};

}  // namespace v1
}  // namespace etcd
