#pragma once

#include <memory>
#include <string>
#include <utility>

#include "api/identity/simple_tokens.h"
#include "api/v3/testing/client.h"
#include "api/v3/testing/front.h"
#include "net/http/testing/world.h"
#include "runtime/simulated/network.h"
#include "server/testing/lost_messages.h"
#include "server/testing/simulated_member.h"

namespace v3::testing {

// A member and a client of it in virtual time: real services over simulated wires, from one seed.
// The parts of which it is made, Front and Client, serve any number of members just as well.
class ServedMember {
 public:
  explicit ServedMember(uint64_t seed = 1)
      : member_(seed),
        wires_(&member_.scheduler()),
        client_loop_(member_.scheduler().NewLoop("client")),
        client_network_(wires_.NewNetwork("client", client_loop_.get())) {
    OnClient([this] {
      client_ = std::make_unique<Client>(client_loop_.get(), client_network_.get(),
                                         std::vector<runtime::Address>{kAddress});
    });
  }
  ~ServedMember() {
    Kill();
    OnClient([this] { client_.reset(); });
  }

  // Starts the process and serves, whether or not the member has a leader yet.
  void Start() {
    tokens_ = std::make_unique<identity::SimpleTokens>(
        identity::SimpleTokens::Options{}, &member_.scheduler().clock(), member_.logger());
    member_.auth_observer = tokens_.get();
    CHECK(member_.Start().ok());
    network_ = wires_.NewNetwork(kAddress.host, &member_.net_loop());
    front_ = std::make_unique<Front>(Front::Parts{.server = &member_.server(),
                                                  .network = network_.get(),
                                                  .address = kAddress,
                                                  .tokens = tokens_.get(),
                                                  .http = http_options_});
  }
  // And waits until the member is ready.
  void StartAndWait() {
    Start();
    CHECK(member_.RunUntil([this] { return member_.ready(); }));
  }
  // A member of three, the others of which never answer: it has no leader.
  void StartAlone() {
    member_.options.initial_cluster = {{"default", {"http://localhost:2380"}},
                                       {"b", {"http://localhost:2381"}},
                                       {"c", {"http://localhost:2382"}}};
    member_.transport = &others_;
    Start();
    member_.RunFor(std::chrono::seconds(3));
  }
  // The process ends at once.
  void Kill() {
    if (front_ != nullptr) front_->Close();
    member_.EndServer();
    front_.reset();
    network_.reset();
    member_.Kill();
    tokens_.reset();
  }

  // Begins a call from the client, and returns before anything has happened.
  template <typename Request, typename Response>
  std::shared_ptr<Answer<Response>> Begin(const Method<Request, Response>& method,
                                          const Request& request,
                                          rpc::ClientCall::Options options = {}) {
    std::shared_ptr<Answer<Response>> answer;
    AddToken(&options);
    OnClient([&] { answer = client_->Start(method, request, std::move(options)); });
    return answer;
  }
  // The same, and waits until it has ended.
  template <typename Request, typename Response>
  Answer<Response> Call(const Method<Request, Response>& method, const Request& request,
                        rpc::ClientCall::Options options = {}) {
    return Finish(Begin(method, request, std::move(options)));
  }
  // The same with a request of any bytes.
  template <typename Request, typename Response>
  Answer<Response> CallRaw(const Method<Request, Response>& method, base::ByteView request) {
    std::shared_ptr<Answer<Response>> answer;
    rpc::ClientCall::Options options;
    AddToken(&options);
    OnClient([&] { answer = client_->StartRaw<Response>(method.path, request, options); });
    return Finish(std::move(answer));
  }
  // Calls from now on say who asks; an empty token: they do not.
  void SetToken(std::string token) { token_ = std::move(token); }
  // Waits until the call has ended, for a minute at most: then it is `finished` or not.
  template <typename Response>
  Answer<Response> Finish(std::shared_ptr<Answer<Response>> answer) {
    member_.RunUntil([&] { return answer->finished; });
    return *answer;
  }

  // What the JSON gateway answers, head and body.
  std::string PostJson(const std::string& path, const std::string& body) {
    const auto client = BeginJson(path, body);
    CHECK(member_.RunUntil([&] { return client->ended(); }));
    return client->received();
  }
  // A request of it is sent; the client ends on the client's loop (OnClient).
  std::unique_ptr<http::testing::RawClient> BeginJson(const std::string& path,
                                                      const std::string& body) {
    std::unique_ptr<http::testing::RawClient> client;
    const auto attempt = client_network_->Connect(kAddress, [&client](auto connected) {
      CHECK(connected.ok());
      client = std::make_unique<http::testing::RawClient>(std::move(connected).value());
    });
    CHECK(member_.RunUntil([&] { return client != nullptr; }));
    OnClient([&] {
      client->Send("POST " + path + " HTTP/1.1\r\nHost: member\r\nConnection: close\r\n" +
                   "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    });
    return client;
  }

  // Runs `task` where the client's events happen.
  void OnClient(base::Callback<void()> task) {
    client_loop_->Post(std::move(task));
    member_.RunFor(runtime::Duration(0));
  }
  // A call's deadline, so far from now.
  rpc::ClientCall::Options Within(runtime::Duration timeout) const {
    rpc::ClientCall::Options options;
    options.deadline = client_loop_->clock().Now() + timeout;
    return options;
  }

  server::SimulatedMember& member() { return member_; }
  Front& front() { return *front_; }
  Client& client() { return *client_; }
  server::Server& server() { return member_.server(); }
  server::Options& options() { return member_.options; }
  // Of what serves, from the next Start on.
  http::Server::Options& http_options() { return http_options_; }
  runtime::simulated::Wires& wires() { return wires_; }

  // Where the member serves.
  inline static const runtime::Address kAddress{"member", 2379, ""};

 private:
  void AddToken(rpc::ClientCall::Options* options) const {
    if (!token_.empty()) options->metadata.Add("token", token_);
  }

  std::string token_;
  http::Server::Options http_options_;
  server::LostMessages others_;
  server::SimulatedMember member_;
  runtime::simulated::Wires wires_;
  const std::unique_ptr<runtime::Loop> client_loop_;
  const std::unique_ptr<runtime::Network> client_network_;
  std::unique_ptr<Client> client_;
  std::unique_ptr<identity::SimpleTokens> tokens_;  // of the process that runs
  std::unique_ptr<runtime::Network> network_;
  std::unique_ptr<Front> front_;
};

}  // namespace v3::testing
