#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "api/v3/testing/methods.h"
#include "base/check.h"
#include "net/rpc/channel.h"

namespace v3::testing {

// A call and all that came back so far.
template <typename ResponseType>
struct Answer {
  // The last one; an empty one if there is none.
  const ResponseType& response() const {
    return responses.empty() ? ResponseType::default_instance() : responses.back();
  }
  bool ok() const { return finished && status.ok(); }

  std::vector<ResponseType> responses;  // one, unless the method streams
  bool finished = false;
  base::Status status;  // once finished
  http::Headers head;
  http::Headers trailers;
  std::shared_ptr<rpc::ClientCall> call;  // to cancel it, or to stop reading
};

// Whether a request is the last of its call.
enum class Sending { kEnds, kGoesOn };

// A client of one or more members, on a loop and a network of its own.
class Client {
 public:
  // Both outlive this. Connects to `endpoints`, and again whenever a connection is lost.
  Client(runtime::Loop* loop, runtime::Network* network, std::vector<runtime::Address> endpoints)
      : channel_(loop, network, OptionsFor(std::move(endpoints))) {}

  // Begins a call, on the loop; it waits for a connection. The answer grows as it comes.
  template <typename Request, typename Response>
  std::shared_ptr<Answer<Response>> Start(const Method<Request, Response>& method,
                                          const Request& request,
                                          rpc::ClientCall::Options options = {},
                                          Sending sending = Sending::kEnds) {
    return StartRaw<Response>(method.path, request.SerializeAsString(), std::move(options),
                              sending);
  }

  // The same with a request of any bytes.
  template <typename Response>
  std::shared_ptr<Answer<Response>> StartRaw(const char* path, base::ByteView request,
                                             rpc::ClientCall::Options options = {},
                                             Sending sending = Sending::kEnds) {
    auto answer = std::make_shared<Answer<Response>>();
    options.wait_for_ready = true;
    answer->call =
        channel_.Start(path, std::move(options), std::make_unique<Recorder<Response>>(answer));
    answer->call->Send(rpc::Message(request));
    if (sending == Sending::kEnds) answer->call->HalfClose();
    return answer;
  }

  // Begins a call whose messages the caller sends and hears himself.
  std::shared_ptr<rpc::ClientCall> Open(const std::string& path, rpc::ClientCall::Options options,
                                        std::unique_ptr<rpc::ClientHandler> handler) {
    options.wait_for_ready = true;
    return channel_.Start(path, std::move(options), std::move(handler));
  }

 private:
  static rpc::Channel::Options OptionsFor(std::vector<runtime::Address> endpoints) {
    rpc::Channel::Options options;
    options.endpoints = std::move(endpoints);
    options.backoff.initial = std::chrono::milliseconds(10);
    options.backoff.longest = std::chrono::milliseconds(100);
    return options;
  }

  template <typename Response>
  class Recorder final : public rpc::ClientHandler {
   public:
    explicit Recorder(std::shared_ptr<Answer<Response>> answer) : answer_(std::move(answer)) {}

    void OnHead(const http::Headers& head) override { answer_->head = head; }
    void OnMessage(base::ByteView message) override {
      Response& response = answer_->responses.emplace_back();
      CHECK(response.ParseFromArray(message.data(), static_cast<int>(message.size())));
    }
    void OnFinished(const base::Status& status, const http::Headers& trailers) override {
      answer_->finished = true;
      answer_->status = status;
      answer_->trailers = trailers;
    }

   private:
    const std::shared_ptr<Answer<Response>> answer_;
  };

  rpc::Channel channel_;
};

}  // namespace v3::testing
