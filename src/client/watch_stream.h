#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>

#include "base/bytes.h"
#include "client/resumed_stream.h"
#include "client/session.h"
#include "client/watch.h"
#include "runtime/loop.h"

namespace client {

// The stream that the watches of one client share, while there are any:
//
//   waiting --> asked for, one at a time --> served under a number of the stream
//      ^________________ the stream breaks ________________|
//      ^_______ a while later _______ resting: refused as too early
//
// A member answers requests to watch in their order, each with the number that the watch has on the
// stream. One request is under way at a time, and the number of the next answer is that of its
// watch. (A request may choose its number, so that many could be; but etcd's proxy gives others.)
// When the stream breaks, all its watches wait for the next one, at another member if there is one,
// and go on there from what they have been told. Of watches that end while they are asked for or
// served, the member is told to forget. One loop; the session outlives it.
class WatchStream final : private ResumedStream::Owner {
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
  // ResumedStream::Owner
  void OnOpened() override { SendNext(); }
  void OnMessage(base::ByteView bytes) override;
  void OnWritable() override { SendNext(); }
  void OnBroken() override;
  runtime::Duration WaitAfter(const base::Status& status, size_t attempts) override;

  // Asks for it again once it may be.
  void Rest(std::shared_ptr<Watch> watch, runtime::Duration wait);
  void OnRested();

  bool IsIdle() const;
  void CloseIfIdle();
  // The next message that is due, if one is.
  void SendNext();
  void SendCancel(int64_t id);

  void OnCreated(etcdserverpb::WatchResponse&& message);
  void OnProgressOfAll(const etcdserverpb::WatchResponse& message);
  void Deliver(int64_t id, etcdserverpb::WatchResponse&& message);
  // All watches wait again: the one that was asked for, and those that were served, in the order in
  // which they were.
  void TakeBack();
  void EndAll(const base::Status& status);

  Session& session_;
  ResumedStream stream_;
  std::deque<std::shared_ptr<Watch>> waiting_;
  // Asked for and not answered; null if it has ended meanwhile.
  std::optional<std::shared_ptr<Watch>> asked_;
  std::map<int64_t, std::shared_ptr<Watch>> served_;
  // By when they may be asked for again.
  std::multimap<runtime::TimePoint, std::shared_ptr<Watch>> resting_;
  const std::unique_ptr<runtime::Timer> rest_timer_;
  bool progress_wanted_ = false;
};

}  // namespace client
