#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>

#include "base/bytes.h"
#include "client/session.h"
#include "client/watch.h"
#include "net/rpc/client_call.h"
#include "runtime/loop.h"

namespace client {

// The stream that the watches of one client share, while there are any:
//
//   waiting --> asked for, one at a time --> served under a number of the stream
//      ^________________ the stream breaks ________________|
//
// A member answers requests to watch in their order, each with the number that the watch has on the
// stream. One request is under way at a time, and the number of the next answer is that of its
// watch. (A request may choose its number, so that many could be; but etcd's proxy gives others.)
// When the stream breaks, all its watches wait for the next one, at another member if there is one,
// and go on there from what they have been told. Of watches that end while they are asked for or
// served, the member is told to forget. One loop; the session outlives it.
class WatchStream {
 public:
  WatchStream(Session* session, bool require_leader);
  // Ends the watches with kCanceled.
  ~WatchStream();
  WatchStream(const WatchStream&) = delete;
  WatchStream& operator=(const WatchStream&) = delete;

  void Add(std::shared_ptr<Watch> watch);
  // Ends a watch, if it is one of this stream's. Not inside its sink.
  void End(const std::shared_ptr<Watch>& watch, const Watch::Ending& ending);
  // Asks for the progress of all watches as soon as all of them are served.
  void RequestProgress();

 private:
  class Handler;

  bool IsIdle() const;
  void OpenAfter(runtime::Duration wait);
  void Open();
  void Close();
  void CloseIfIdle();
  // The next message that is due, if one is.
  void SendNext();
  void Send(const etcdserverpb::WatchRequest& request);
  void SendCancel(int64_t id);

  void OnMessage(base::ByteView bytes);
  void OnCreated(etcdserverpb::WatchResponse&& message);
  void OnProgressOfAll(const etcdserverpb::WatchResponse& message);
  void Deliver(int64_t id, etcdserverpb::WatchResponse&& message);
  void OnEnded(const base::Status& status);
  // All watches wait again, in the order in which they were served.
  void TakeBack();
  void RenewToken();
  void GoOnAfter(const base::Status& status);
  void EndAll(const base::Status& status);

  Session& session_;
  const bool require_leader_;
  std::deque<std::shared_ptr<Watch>> waiting_;
  // Asked for and not answered; null if it has ended meanwhile.
  std::optional<std::shared_ptr<Watch>> asked_;
  std::map<int64_t, std::shared_ptr<Watch>> served_;
  bool progress_wanted_ = false;

  // The call that is open, or was.
  std::shared_ptr<rpc::ClientCall> call_;
  // Of the call that is open: false once it is not, whatever its handler is told. Null: none is.
  std::shared_ptr<bool> open_;
  bool opening_ = false;  // by the timer, or when there is a token
  size_t attempts_ = 0;   // that failed, since the last one that served for a while
  size_t renewals_ = 0;   // of the token, since a member served a watch
  std::optional<runtime::TimePoint> serving_since_;
  // False once this is gone; a new token may come after it.
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  const std::unique_ptr<runtime::Timer> timer_;
};

}  // namespace client
