#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "api/v3/kv_service.h"
#include "api/v3/maintenance_service.h"
#include "api/v3/service.h"
#include "net/http/plain.h"
#include "net/http/server.h"
#include "net/rpc/channel.h"
#include "net/rpc/server.h"
#include "runtime/simulated/network.h"
#include "server/testing/simulated_member.h"

namespace v3 {

// What a client has heard of its call.
struct Heard {
  std::vector<base::Bytes> messages;
  bool finished = false;
  base::Status status;
};

// A member that serves gRPC on simulated wires, and a client of it, in virtual time.
class ServedMember {
 public:
  using SimulatedMember = server::SimulatedMember;

  ServedMember() : member_(1) {
    CHECK(member_.Start().ok());
    CHECK(member_.RunUntil([this] { return member_.ready(); }));
    client_loop_ = member_.scheduler().NewLoop("client");
    client_network_ = wires_.NewNetwork("client", client_loop_.get());
    server_network_ = wires_.NewNetwork("server", &member_.net_loop());
    services_ = std::make_unique<Services>(&member_);
    http_ = std::make_unique<http::Server>(&member_.net_loop(), server_network_.get(),
                                           &services_->table, http::Server::Options{});
    CHECK(http_->Listen(kAddress, {}).ok());
    AtClient([this] {
      rpc::Channel::Options options;
      options.endpoints = {kAddress};
      channel_ = std::make_unique<rpc::Channel>(client_loop_.get(), client_network_.get(),
                                                std::move(options));
    });
    Settle();
  }
  ~ServedMember() {
    AtClient([this] { channel_.reset(); });
    http_.reset();
    services_.reset();
    member_.Kill();
  }

  SimulatedMember& member() { return member_; }
  const Context& context() const { return services_->context; }
  // For methods that a test adds.
  rpc::Server& table() { return services_->table; }

  void RunFor(runtime::Duration duration) { member_.RunFor(duration); }
  // Long enough for what is under way, too short for any time limit.
  void Settle() { RunFor(std::chrono::milliseconds(200)); }
  // Has the member stop as app does: what is under way may end.
  void Drain() {
    OnLoop(member_.net_loop(), [this] { http_->Drain([] {}); });
  }
  template <typename Task>
  void AtServer(Task task) {
    OnLoop(member_.net_loop(), std::move(task));
  }
  template <typename Task>
  void AtClient(Task task) {
    OnLoop(*client_loop_, std::move(task));
  }

  // A call under way, and what comes of it.
  struct Open {
    std::shared_ptr<rpc::ClientCall> call;
    std::shared_ptr<Heard> heard;
  };
  Open Start(const std::string& path, rpc::ClientCall::Options options = {}) {
    Open open{nullptr, std::make_shared<Heard>()};
    AtClient([&] {
      open.call = channel_->Start(path, std::move(options), std::make_unique<Listener>(open.heard));
    });
    return open;
  }
  void Send(const Open& open, base::ByteView message) {
    AtClient([&] { open.call->Send(rpc::Message(message)); });
    Settle();
  }
  // A call of one message, from its start until nothing moves any more.
  Open Call(const std::string& path, base::ByteView message,
            rpc::ClientCall::Options options = {}) {
    const Open open = Start(path, std::move(options));
    AtClient([&] {
      open.call->Send(rpc::Message(message));
      open.call->HalfClose();
    });
    Settle();
    return open;
  }

 private:
  inline static const runtime::Address kAddress{"server", 2379, ""};

  struct Services {
    explicit Services(SimulatedMember* member)
        : context(&member->server(), &member->frontend()),
          kv(&context),
          maintenance(&context),
          table(&member->net_loop(), &plain, rpc::MessageLimits{}) {
      kv.AddTo(table);
      maintenance.AddTo(table);
    }

    http::PlainService plain{1000};
    Context context;
    KvService kv;
    MaintenanceService maintenance;
    rpc::Server table;
  };

  class Listener final : public rpc::ClientHandler {
   public:
    explicit Listener(std::shared_ptr<Heard> heard) : heard_(std::move(heard)) {}
    void OnMessage(base::ByteView message) override { heard_->messages.emplace_back(message); }
    void OnFinished(const base::Status& status, const http::Headers&) override {
      heard_->finished = true;
      heard_->status = status;
    }

   private:
    const std::shared_ptr<Heard> heard_;
  };

  template <typename Task>
  void OnLoop(runtime::Loop& loop, Task task) {
    loop.Post(std::move(task));
    RunFor(runtime::Duration(0));
  }

  SimulatedMember member_;
  runtime::simulated::Wires wires_{&member_.scheduler()};
  std::unique_ptr<runtime::Loop> client_loop_;
  std::unique_ptr<runtime::Network> client_network_;
  std::unique_ptr<runtime::Network> server_network_;
  std::unique_ptr<Services> services_;
  std::unique_ptr<http::Server> http_;
  std::unique_ptr<rpc::Channel> channel_;
};

}  // namespace v3
