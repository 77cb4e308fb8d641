#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/errors.h"
#include "client/testing/fake_leases.h"
#include "client/testing/fake_store.h"
#include "net/http/plain.h"
#include "net/http/server.h"
#include "net/rpc/server.h"
#include "proto/rpc.pb.h"
#include "runtime/simulated/network.h"
#include "runtime/simulated/scheduler.h"

namespace client::testing {

// Which puts have arrived, by key, at any member, and how often.
using Arrivals = std::map<std::string, int>;

// A member of a cluster that answers as it is told, on a host, a loop and wires of its own. Its
// answers are empty; each tells by its header's member_id who has answered.
class FakeMember final : public http::Service {
 public:
  // With a `store` it serves watches of it, with `leases` it renews them.
  FakeMember(runtime::simulated::Scheduler* scheduler, runtime::simulated::Wires* wires,
             uint64_t id, Arrivals* arrivals, FakeStore* store = nullptr,
             FakeLeases* leases = nullptr)
      : scheduler_(*scheduler),
        wires_(*wires),
        id_(id),
        host_("m" + std::to_string(id)),
        arrivals_(*arrivals),
        store_(store),
        leases_(leases) {
    Start();
  }
  ~FakeMember() override { Die(); }

  void Start() {
    loop_ = scheduler_.NewLoop(host_);
    network_ = wires_.NewNetwork(host_, loop_.get());
    table_ = std::make_unique<rpc::Server>(loop_.get(), &plain_, rpc::MessageLimits{});
    AddMethods();
    server_ =
        std::make_unique<http::Server>(loop_.get(), network_.get(), this, http::Server::Options{});
    CHECK(server_->Listen(address(), {}).ok());
  }
  // As by kill -9: connections are reset, and others refused.
  void Die() {
    if (loop_ == nullptr) return;
    server_.reset();
    held_.clear();
    held_log_ins_.clear();
    late_.clear();
    table_.reset();
    network_.reset();
    loop_.reset();
  }
  // As by SIGSTOP, and SIGCONT.
  void SetPaused(bool paused) { scheduler_.SetPaused(loop_.get(), paused); }

  runtime::Address address() const { return {host_, 2379, ""}; }
  std::string endpoint() const { return address().ToString(); }
  uint64_t id() const { return id_; }
  const std::string& host() const { return host_; }
  runtime::Loop* loop() { return loop_.get(); }
  uint64_t connections_made() const { return server_->counters().connections_accepted.value(); }
  size_t connections() const { return server_->connection_count(); }
  // Answers the calls that hang.
  void Release() {
    loop_->Post([this] {
      for (const auto& call : std::exchange(held_, {})) Reply(*call);
    });
  }

  base::Status answer;           // of ranges and puts; OK: an empty one
  std::string retry_after;       // the trailer of refused ones that says so; empty: none
  bool hangs = false;            // keeps the calls until Release
  bool refuses = false;          // resets streams unseen
  runtime::Duration latency{0};  // before it answers
  etcdserverpb::MemberListResponse members;
  int calls = 0;  // ranges and puts
  int calls_that_require_a_leader = 0;
  int lists = 0;  // MemberList
  int authentications = 0;
  base::Status log_in_answer;  // OK: "token 1", then "token 2" and so on
  bool log_in_hangs = false;   // for ever
  // Ranges and puts with another token are refused with `token_refusal`; empty: any will do.
  std::string token_wanted;
  base::Status token_refusal = base::errors::kInvalidAuthToken;
  std::vector<std::string> tokens;  // that ranges and puts have had; "": none

 private:
  std::shared_ptr<http::ExchangeHandler> OnRequest(http::Exchange& exchange) override {
    if (!refuses) return table_->OnRequest(exchange);
    exchange.Reset(http::ErrorCode::kRefusedStream);
    return std::make_shared<http::IgnoringHandler>(&exchange);
  }

  void AddMethods() {
    if (store_ != nullptr) store_->AddTo(table_.get(), loop_.get());
    if (leases_ != nullptr) leases_->AddTo(table_.get(), loop_.get());
    table_->AddUnary("etcdserverpb.Auth", "Authenticate", [this](auto call, base::ByteView) {
      etcdserverpb::AuthenticateResponse reply;
      reply.set_token("token " + std::to_string(++authentications));
      if (log_in_hangs) return held_log_ins_.push_back(std::move(call));
      if (!log_in_answer.ok()) return call->Finish(log_in_answer);
      call->Reply(rpc::Message(reply.SerializeAsString()));
    });
    table_->AddUnary("etcdserverpb.KV", "Range",
                     [this](auto call, base::ByteView) { Serve(std::move(call)); });
    table_->AddUnary("etcdserverpb.KV", "Put", [this](auto call, base::ByteView bytes) {
      etcdserverpb::PutRequest request;
      CHECK(request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
      ++arrivals_[request.key()];
      Serve(std::move(call));
    });
    table_->AddUnary("etcdserverpb.Cluster", "MemberList", [this](auto call, base::ByteView) {
      ++lists;
      if (!answer.ok()) return call->Finish(answer);
      call->Reply(rpc::Message(members.SerializeAsString()));
    });
  }

  void Serve(std::shared_ptr<rpc::ServerCall> call) {
    ++calls;
    if (call->metadata().Get("hasleader") == "true") ++calls_that_require_a_leader;
    tokens.emplace_back(call->metadata().Get("token"));
    if (!token_wanted.empty() && tokens.back() != token_wanted) return call->Finish(token_refusal);
    if (hangs) return held_.push_back(std::move(call));
    if (latency == runtime::Duration(0)) return Reply(*call);
    late_.push_back(loop_->NewTimer([this, call] { Reply(*call); }));
    late_.back()->Arm(latency);
  }
  void Reply(rpc::ServerCall& call) {
    if (!answer.ok() && retry_after.empty()) return call.Finish(answer);
    if (!answer.ok()) return call.Finish(answer, {{"grpc-retry-pushback-ms", retry_after}});
    etcdserverpb::PutResponse reply;  // a RangeResponse begins in the same way
    reply.mutable_header()->set_member_id(id_);
    call.Reply(rpc::Message(reply.SerializeAsString()));
  }

  runtime::simulated::Scheduler& scheduler_;
  runtime::simulated::Wires& wires_;
  const uint64_t id_;
  const std::string host_;
  Arrivals& arrivals_;
  FakeStore* const store_;
  FakeLeases* const leases_;
  http::PlainService plain_{1000};
  std::unique_ptr<runtime::Loop> loop_;
  std::unique_ptr<runtime::Network> network_;
  std::unique_ptr<rpc::Server> table_;
  std::unique_ptr<http::Server> server_;
  std::vector<std::shared_ptr<rpc::ServerCall>> held_;
  std::vector<std::shared_ptr<rpc::ServerCall>> held_log_ins_;
  std::vector<std::unique_ptr<runtime::Timer>> late_;
};

}  // namespace client::testing
