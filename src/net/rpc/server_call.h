#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <utility>

#include "base/shared_bytes.h"
#include "base/status.h"
#include "net/http/exchange.h"
#include "net/rpc/answer_queue.h"
#include "net/rpc/call_trace.h"
#include "net/rpc/deadline_queue.h"
#include "net/rpc/message.h"
#include "net/rpc/method.h"

namespace rpc {

struct MessageLimits {
  // Of one message, after decompression; etcd's are 1.5 MiB and 512 KiB, and 2 GiB - 1.
  size_t max_receive_bytes = 1572864 + 524288;
  size_t max_send_bytes = 2147483647;
};

// One call at the server, from its head to its status. Lives on the loop of its connection; the
// shares may be dropped on any thread. The application may hold one for as long as it likes: once
// the client has gone, everything but asking whether it is open does nothing.
class ServerCall final : public http::ExchangeHandler,
                         public std::enable_shared_from_this<ServerCall>,
                         private DeadlineQueue::Entry {
 public:
  struct Encoding {
    bool request_gzip = false;
    bool answer_gzip = false;
  };
  // The method, the limits and the queue outlive the call.
  ServerCall(http::Exchange* exchange, Method* method, const MessageLimits& limits,
             DeadlineQueue* deadlines, Encoding encoding);
  ~ServerCall() override;

  // Begins delivery; `deadline` of the client, if it gave one.
  void Start(std::optional<runtime::TimePoint> deadline);

  // Whether somebody waits for the answer.
  bool is_open() const { return exchange_ != nullptr && !finished_; }
  // Becomes true once nobody does. To be read on any thread.
  std::shared_ptr<const std::atomic<bool>> gone();
  const Method& method() const { return *method_; }
  // When its head had arrived.
  runtime::TimePoint start() const { return start_; }
  std::optional<runtime::TimePoint> deadline() const {
    return has_deadline_ ? std::optional(Entry::deadline()) : std::nullopt;
  }

  // Null unless the call is traced, and once it has ended.
  CallTrace* trace() const { return trace_.get(); }

  // These need is_open().
  const http::Headers& metadata() const { return exchange_->received_head(); }
  const http::ConnectionInfo& connection() const { return exchange_->connection(); }
  runtime::Loop& loop() const { return exchange_->loop(); }

  // Told of each message of the answer, as it is sent: how long it is.
  class AnswerListener {
   public:
    virtual ~AnswerListener() = default;
    virtual void OnAnswer(size_t bytes) = 0;
  };
  void SetAnswerListener(std::unique_ptr<AnswerListener> listener) {
    answer_listener_ = std::move(listener);
  }
  // What is held for the call's connection counts to that share from now on, or to none if it is
  // null. Needs is_open().
  void CountTo(std::shared_ptr<http::SharedBudget> share) { exchange_->CountTo(std::move(share)); }

  // What the application keeps for this call and its answer, in bytes. Counts against what is held
  // for the client, as the call itself does, until this says otherwise or the call ends.
  void SetKept(size_t bytes);

  // What is gathered for answers of this call, in bytes, instead of what was said before; counts
  // likewise. False, with nothing changed, if there is no room for so much more.
  [[nodiscard]] bool SetGathered(size_t bytes);
  // Nothing is gathered any more.
  void DropGathered();
  // Makes room for a message of that size, which is about to be made as a whole: it counts against
  // what is held for the client from now on, until it was sent. False, with the call ended as Send
  // would end it, if there is no room. Whatever is made whole and is not small asks first.
  [[nodiscard]] bool Reserve(size_t bytes);
  // Sends a message; the answer's head goes out with the first.
  void Send(Message message);
  // Sends frames that many calls share: each message with its prefix, uncompressed.
  void SendFrames(base::SharedBytes frames);
  // Sends the head now, before there is a message.
  void SendHead();
  // The answer of a unary call: one message and OK.
  void Reply(Message message);
  // The same with a message of `length` bytes that is produced as the client takes it, in slices of
  // the loop; of it only a piece is in memory. `producer` is called until it has given that much,
  // and not after the end of the call; if it fails, the call ends so in the middle of its message.
  void ReplyInPieces(size_t length, Producer producer);
  // Whether a message of that size may be sent as a whole, and soon: it is small, or there is room.
  bool FitsWhole(size_t bytes) const { return !is_open() || exchange_->Fits(bytes); }
  // Ends the call with its status and further trailers.
  void Finish(const base::Status& status, const http::Headers& trailers = {});

  // False when the producer should wait for CallHandler::OnWritable.
  bool writable() const { return !is_open() || (answers_ == nullptr && exchange_->writable()); }
  size_t unsent_bytes() const { return is_open() ? exchange_->unsent_bytes() : 0; }

  // Stops and resumes CallHandler::OnMessage and OnHalfClose; the client feels it by flow control.
  void PauseReading() { paused_ = true; }
  void ResumeReading();

 private:
  // http::ExchangeHandler
  void OnData(base::ByteView bytes) override;
  void OnEnd(const http::Headers& trailers) override;
  void OnWritable() override;
  bool has_deadline() const override { return has_deadline_; }
  void OnDrain() override;
  void OnClosed(const http::Closing& closing) override;
  // DeadlineQueue::Entry
  void OnDeadline() override;

  // What was received and not consumed yet.
  struct Unread {
    base::Bytes bytes;
    size_t taken = 0;  // of them, from the front

    base::ByteView rest() const { return base::ByteView(bytes).substr(taken); }
  };

  // Delivers messages from `*bytes` until they end or reading is paused. If there are many, the
  // others come in slices of the loop.
  void Deliver(base::ByteView* bytes);
  void DeliverOne(base::ByteView message);
  void HandOver(base::ByteView message);
  // Hands it over once it is decompressed: at once if it is short, else in slices of the loop.
  void Decompress(base::ByteView message);
  void ContinueDecompressing();
  void WorkOnRequest();
  bool MayDeliver() const { return !paused_ && !delivery_posted_ && decompression_ == nullptr; }
  void DeliverLater();
  void DeliverEnd();
  // Tells the exchange what is kept of a message that is not whole.
  void CountHeld();
  // Tells it what this call takes.
  void CountCost();
  // Keeps what cannot be delivered yet.
  void Hold(base::ByteView bytes);
  // False, with the call ended, for a message that is longer than may be sent.
  bool CheckSize(size_t bytes);
  // Of a message that is on its way.
  void CountSent(size_t bytes);
  bool MaySend(size_t bytes) const;
  // What cannot be sent at once.
  AnswerQueue& answers();
  void ContinueAnswers();
  void SendFrame(http::Chunk frame);
  void WorkOnAnswers();
  void SendEnd(const base::Status& status, const http::Headers& trailers);
  void Cancel(const base::Status& status);
  void CountEnd(const base::Status& status);

  http::Exchange* exchange_;
  Method* const method_;
  DeadlineQueue* const deadlines_;
  const MessageLimits& limits_;
  std::unique_ptr<CallHandler> handler_;
  std::shared_ptr<std::atomic<bool>> gone_;  // null: nobody has asked for it
  std::unique_ptr<AnswerListener> answer_listener_;
  std::unique_ptr<CallTrace> trace_;
  MessageReader reader_;
  std::unique_ptr<AnswerQueue> answers_;  // while something waits there
  bool working_ = false;                  // a slice for it is posted
  bool produces_ = false;                 // the one message of the call
  runtime::TimePoint start_;
  std::unique_ptr<Unread> unread_;  // null: nothing
  struct Decompression;
  std::unique_ptr<Decompression> decompression_;  // of a long message, which nothing overtakes
  size_t held_ = 0;
  size_t kept_ = 0;      // by the application
  size_t gathered_ = 0;  // by the application, for its answers
  size_t reserved_ = 0;  // for a message that is being made
  const Encoding encoding_;
  bool has_deadline_ = false;
  bool head_sent_ = false;
  bool finished_ = false;
  bool got_message_ = false;
  bool paused_ = false;
  bool delivering_ = false;
  bool delivery_posted_ = false;
  bool end_received_ = false;
  bool end_delivered_ = false;
};

}  // namespace rpc
