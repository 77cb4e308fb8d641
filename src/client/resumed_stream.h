#pragma once

#include <google/protobuf/message_lite.h>

#include <memory>
#include <optional>

#include "base/bytes.h"
#include "client/session.h"
#include "net/rpc/client_call.h"
#include "runtime/loop.h"

namespace client {

// A stream with messages both ways that is opened again when it breaks, at another member if there
// is one, for as long as its owner wants it; with a new token if that is what it broke for. One
// loop; the session outlives it.
class ResumedStream {
 public:
  // Who has the stream. Nothing is called inside Open, nor after Close until the next Open.
  class Owner {
   public:
    // Messages may be sent, to whichever member will have the stream.
    virtual void OnOpened() = 0;
    virtual void OnMessage(base::ByteView bytes) = 0;
    // writable() holds again.
    virtual void OnWritable() {}
    // What was sent and not answered is lost. It may be closed here.
    virtual void OnBroken() = 0;
    // How long to wait before the next attempt: `attempts` have failed in a row, the last of them
    // with `status`. It may be closed here.
    virtual runtime::Duration WaitAfter(const base::Status& status, size_t attempts) = 0;

   protected:
    ~Owner() = default;
  };

  // `path` lives as long as the program.
  ResumedStream(Session* session, const char* path, bool require_leader, Owner* owner);
  ~ResumedStream();
  ResumedStream(const ResumedStream&) = delete;
  ResumedStream& operator=(const ResumedStream&) = delete;

  // Opens it soon, unless it is open or about to be.
  void Open();
  // The member is told that nobody wants it any more.
  void Close();
  // Gives it up as if the member had ended it so.
  void Break(const base::Status& status);

  bool is_open() const { return open_ != nullptr; }
  bool writable() const { return is_open() && call_->writable(); }
  // While it is open.
  void Send(const google::protobuf::MessageLite& message);

  // Whether what failed so may succeed with a new token, and none was asked for in vain before.
  bool NeedsToken(const base::Status& status) const;
  // The member has done what it was asked for: its token is good.
  void OnServed() { renewals_ = 0; }

 private:
  class Handler;

  void OpenAfter(runtime::Duration wait);
  void Begin();
  void LetGo();
  void OnMessage(base::ByteView bytes);
  void OnEnded(const base::Status& status);
  void RenewToken();
  void GoOnAfter(const base::Status& status);

  Session& session_;
  const char* const path_;
  const bool require_leader_;
  Owner& owner_;

  // The call that is open, or was.
  std::shared_ptr<rpc::ClientCall> call_;
  // Of the call that is open: false once it is not, whatever its handler is told. Null: none is.
  std::shared_ptr<bool> open_;
  bool wanted_ = false;         // from Open until Close
  bool opening_ = false;        // by the timer, or when there is a token
  size_t attempts_ = 0;         // that failed, since the last one that served for a while
  size_t renewals_ = 0;         // of the token, since a member served or there was a wait
  uint64_t token_number_ = 0;   // with which it was opened
  Session::Ticket ticket_ = 0;  // while it waits for a token
  std::optional<runtime::TimePoint> serving_since_;
  // False once this is gone; a new token may come after it.
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  const std::unique_ptr<runtime::Timer> timer_;
};

}  // namespace client
