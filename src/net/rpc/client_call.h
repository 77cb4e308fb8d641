#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "net/http/h2_session.h"
#include "net/rpc/deadline_queue.h"
#include "net/rpc/message.h"

namespace rpc {

// Receives what happens on one call of a client, on the channel's loop; owned by the call and
// destroyed after OnFinished. Inside these the channel is not destroyed.
class ClientHandler {
 public:
  virtual ~ClientHandler() = default;
  // The server's metadata has arrived.
  virtual void OnHead(const http::Headers&) {}
  // The view is valid during the call.
  virtual void OnMessage(base::ByteView message) = 0;
  // ClientCall::writable() turned true again.
  virtual void OnWritable() {}
  // The call has failed and was not carried out, nor will it be: it was never sent, or the server
  // has said so. Comes before OnFinished. What else ends without the server's answer may have been
  // carried out.
  virtual void OnUnprocessed() {}
  // The last: how the call ended, and the metadata that came with its end.
  virtual void OnFinished(const base::Status& status, const http::Headers& trailers) = 0;
};

// One call of a client. It may wait for a connection first; messages sent meanwhile wait with it.
// On the channel's loop; a share may be kept after the end, when everything does nothing.
class ClientCall final : public http::ExchangeHandler,
                         public std::enable_shared_from_this<ClientCall>,
                         private DeadlineQueue::Entry {
 public:
  struct Options {
    std::optional<runtime::TimePoint> deadline;
    // Sent as they are; names in lower case.
    http::Headers metadata;
    // Waits through failures to connect, instead of ending with kUnavailable.
    bool wait_for_ready = false;
    // Compresses requests; compressed answers are always understood.
    bool gzip = false;
    // Of one answer, after decompression.
    size_t max_receive_bytes = 2147483647;
    // Not to this endpoint, the endpoint() of an earlier call, if another one can have it.
    uint32_t avoided_endpoint = 0;
  };

  ClientCall(std::string path, Options options, std::unique_ptr<ClientHandler> handler,
             DeadlineQueue* deadlines);
  ~ClientCall() override;

  void Send(Message message);
  // No message follows.
  void HalfClose();
  // Ends the call with kCanceled.
  void Cancel();
  bool writable() const { return finished_ || (exchange_ != nullptr && exchange_->writable()); }
  // Stops and resumes ClientHandler::OnMessage. What has come before the server's end is told with
  // it, paused or not.
  void PauseReading() { paused_ = !end_received_; }
  void ResumeReading();

  bool is_finished() const { return finished_; }
  // The endpoint of the channel to which it was sent last, by a number that no other has; 0: none.
  uint32_t endpoint() const { return endpoint_; }

 private:
  friend class Channel;

  // What the channel does with a call: registers its deadline, gives it a connection, ends it.
  void Register();
  struct Route {
    http::H2Session* session;
    const std::string& authority;
    base::ByteView scheme;
    uint32_t endpoint;
  };
  void Begin(const Route& route, const runtime::Clock& clock);
  void Finish(const base::Status& status, const http::Headers& trailers = {});
  // Called when the server refused the call unseen; true if the channel starts it again.
  void OnRefused(base::Callback<bool(std::shared_ptr<ClientCall>)> callback) {
    on_refused_ = std::move(callback);
  }
  void OnGone(base::Callback<void()> callback) { on_gone_ = std::move(callback); }
  // Called when an endpoint has answered, or has let the call's time pass without a byte: whether
  // it serves, which it does not if it says kUnavailable.
  void OnVerdict(base::Callback<void(uint32_t endpoint, bool serves)> callback) {
    on_verdict_ = std::move(callback);
  }
  // Where it is not to go if there is a choice: what has refused it, too.
  uint32_t Avoided() const { return endpoint_ != 0 ? endpoint_ : options_.avoided_endpoint; }

  // http::ExchangeHandler
  void OnHead() override;
  void OnData(base::ByteView bytes) override;
  void OnEnd(const http::Headers& trailers) override;
  void OnWritable() override;
  void OnClosed(const http::Closing& closing) override;
  // DeadlineQueue::Entry
  void OnDeadline() override;

  base::Status CheckHead(const http::Headers& head) const;
  void Deliver(base::ByteView* bytes);
  base::Status DeliverOne(base::ByteView message);
  // Ends the call from this side, before the server has.
  void Abort(const base::Status& status, http::ErrorCode code);

  const std::string path_;
  const Options options_;
  std::unique_ptr<ClientHandler> handler_;
  DeadlineQueue* const deadlines_;
  base::Callback<bool(std::shared_ptr<ClientCall>)> on_refused_;
  base::Callback<void()> on_gone_;
  base::Callback<void(uint32_t, bool)> on_verdict_;

  http::Exchange* exchange_ = nullptr;
  http::H2Session* session_ = nullptr;  // valid while there is an exchange
  uint64_t inputs_before_ = 0;          // of the session, when the call began there
  uint32_t endpoint_ = 0;
  bool may_be_processed_ = false;  // by a server to which it was sent
  // All that was sent, until the server has shown that it has seen the call.
  std::vector<base::SharedBytes> sent_;
  size_t sent_bytes_ = 0;
  bool half_closed_ = false;
  bool replayable_ = true;

  MessageReader reader_;
  base::Bytes unread_;
  http::Headers trailers_;
  bool head_received_ = false;
  bool answer_gzip_ = false;
  bool paused_ = false;
  bool delivering_ = false;
  bool end_received_ = false;
  bool finished_ = false;
};

}  // namespace rpc
