#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "api/v3/request_spans.h"
#include "api/v3/service.h"
#include "base/bytes.h"
#include "base/callback.h"
#include "base/result.h"
#include "net/rpc/message.h"
#include "net/rpc/method.h"

namespace v3 {

// One streaming call, or one that waits for long, from its head to its status: what every method of
// that kind needs. A method derives from this and says what a message of the client means
// (OnMessage) and what is sent next (Produce); range_stream_call.h is the smallest.
//
// It lives on the loop of its connection, and so do all of its methods. It ends once, however that
// comes about: Finish; Produce says kEnd or fails; the client cancels, leaves or lets its deadline
// pass. From then on nothing of the method runs but OnEnded, which is told how, and what is sent
// goes nowhere.
class StreamCall : public std::enable_shared_from_this<StreamCall> {
 public:
  StreamCall(const Context* context, Call call)
      : context_(*context),
        rpc_(std::move(call.rpc)),
        caller_(std::move(call.caller)),
        terms_(call.terms) {}
  virtual ~StreamCall() = default;
  StreamCall(const StreamCall&) = delete;
  StreamCall& operator=(const StreamCall&) = delete;

  // The call as net/rpc sees it; while that lasts, `stream` does.
  static std::unique_ptr<rpc::CallHandler> HandlerOf(std::shared_ptr<StreamCall> stream);
  // Ends the call from outside of it; without effect if it has ended.
  void EndWith(const base::Status& status);

 protected:
  // ---- What a method says ----

  // What becomes of a call after a step of Produce.
  enum class Next : uint8_t {
    kMore,   // another step, as soon as the client has taken enough
    kWaits,  // for Continue
    kEnd,    // all was sent: the call ends with OK
  };

  // A message of the client, valid during the call. None comes while answers wait for the client
  // to take them, so that nobody makes the member answer what he does not read.
  virtual void OnMessage(base::ByteView message) = 0;
  // The client has sent its last message.
  virtual void OnHalfClose() {}
  // Sends the next answer, or none. Runs after Continue, only while the client takes what is sent,
  // and in slices of the loop's time.
  virtual base::Result<Next> Produce() { return Next::kWaits; }
  // The client does not take what was sent, so Produce waits, maybe for long: what others wait for
  // is let go of.
  virtual void OnBlocked() {}
  // The member is stopping: a call that would go on for ever finishes now; others have a few
  // seconds.
  virtual void OnStopping() {}
  // What the call needs could not be done, and it ends for that.
  virtual void Fail(const base::Status& status) { Finish(status); }
  // The call is over. Lets go of what it holds; runs once, and not inside of another method.
  virtual void OnEnded(const base::Status&) {}

  // ---- What it finds ----

  const Context& context() const { return context_; }
  // Who asks, as users and roles are now, and until when; kInvalidAuthToken. Needs is_open().
  base::Result<server::Caller> Identify() const;
  bool is_open() const { return !over_; }
  // Whether the client takes what is sent.
  bool is_writable() const { return rpc_->writable(); }
  // Of the client. Needs is_open().
  const http::ConnectionInfo& connection() const { return rpc_->connection(); }
  // What came with the call's head. Needs is_open().
  const http::Headers& metadata() const { return rpc_->metadata(); }
  runtime::Loop& loop() const { return context_.frontend().loop(); }
  const observe::Logger& logger() const { return *context_.server().environment().logger; }

  // The state that this call reads: what the member's was when it was first asked for, kept until
  // the call ends, even if a snapshot replaces it.
  apply::StateReads& reads();

  // Counts a request of the stream, for a method whose streams say what is one: the refusal if it
  // comes too early.
  std::optional<admission::Refusal> Take(const std::vector<auth::KeyRange>& keys, size_t bytes) {
    return context_.admission().Take(context_, *rpc_, keys, bytes);
  }
  // False, with the call ended, for bytes that are no such message.
  bool Parse(base::ByteView bytes, google::protobuf::MessageLite* message) {
    return v3::Parse(*rpc_, bytes, message);
  }
  // Spans of the work on a request, see request_spans.h.
  template <typename... Arguments>
  uint32_t BeginSpan(const Arguments&... arguments) const {
    return v3::BeginSpan(*rpc_, arguments...);
  }
  void EndSpan(uint32_t span) const { v3::EndSpan(*rpc_, span); }
  // What the method keeps for the call counts against what is held for the client.
  void SetKept(size_t bytes) { rpc_->SetKept(bytes); }
  // The same of what is gathered for its answers; false, with nothing changed, without room for it.
  [[nodiscard]] bool SetGathered(size_t bytes) { return rpc_->SetGathered(bytes); }
  void DropGathered() { rpc_->DropGathered(); }
  // Runs `then` in the call once the state holds all that had been answered before. If that cannot
  // be told, the call ends. Needs is_open().
  void WhenLinearizable(base::Callback<void()> then);
  // Returns a callback for any thread: it has `task` run in the call, unless that has ended by
  // then.
  base::Callback<void()> Posted(base::Callback<void()> task);

  // Runs `task` in the call, unless it has ended, and then its end, if that has come meanwhile: for
  // what comes from elsewhere on the loop.
  template <typename Task>
  void Run(Task&& task) {
    if (over_) return;
    const std::shared_ptr<StreamCall> self = shared_from_this();
    ++depth_;
    task();
    if (--depth_ == 0 && over_) End();
  }

  // Has Produce run until it waits: at once for a slice of the loop's time, and then in further
  // slices, as the client takes what is sent.
  void Continue();
  // No message of the client comes until ResumeMessages: what the last one asked for is not done.
  void HoldMessages();
  void ResumeMessages();
  void Send(rpc::Message message) { rpc_->Send(std::move(message)); }
  void Send(const google::protobuf::MessageLite& message);
  // Messages that several calls send: each with its prefix.
  void SendFrames(base::SharedBytes frames) { rpc_->SendFrames(std::move(frames)); }
  void Finish(const base::Status& status) { rpc_->Finish(status); }

 private:
  friend class Context;
  class Handler;

  void RunSlice();
  void TakeStep();
  void Deliver(base::ByteView message);
  void OnWritable();
  void OnRpcEnded(const base::Status& status);
  void End();

  const Context& context_;
  const std::shared_ptr<rpc::ServerCall> rpc_;
  const server::Caller caller_;  // but for who he is
  const MethodTerms terms_;
  std::shared_ptr<apply::StateReads> reads_;
  bool producing_ = false;  // Produce has not said that it waits
  bool posted_ = false;     // its next slice waits
  bool holding_ = false;    // no message comes
  int depth_ = 0;           // of Run
  bool over_ = false;
  base::Status outcome_;  // how it ended, once over_
};

}  // namespace v3
