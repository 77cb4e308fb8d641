#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "api/watch/event_batch.h"
#include "api/watch/group.h"
#include "api/watch/watcher.h"
#include "base/ids.h"
#include "base/status.h"
#include "runtime/loop.h"
#include "runtime/sliced_work.h"
#include "state/kv/response_header.h"
#include "storage/mvcc/change_reader.h"
#include "storage/mvcc/reads.h"

namespace watch {

// Tells the watchers of one loop what was changed.
//
// Watchers that have come equally far are a group: those in the present, some that catch up, some
// that wait for a revision to come. A group reads the history from where it stands to where the
// next group stands, and there the two become one, a little at a time. So history is read once for
// all who are to be told of it, in bounded steps, and a change that nobody of a group wishes for
// costs a lookup. Turns go to the group nearest to the present and to the one furthest behind it,
// in alternation.
//
// A watcher whose receiver takes nothing leaves its group when there is something to tell it, and
// is only a revision until the receiver takes more: then it catches up. No event is queued here but
// those of one step for one group.
//
// The hub reads when it was told that there is something new, and never holds up who writes.
class Hub {
 public:
  struct Parts {
    runtime::Loop* loop;
    // This loop's reads of the state as it is now.
    std::function<std::shared_ptr<mvcc::Reads>()> reads;
    // The header of an answer of that revision.
    std::function<kv::ResponseHeader(base::Revision)> header;
    // A number that changes whenever the rights of any client may have; above 0. Asked after what
    // is to be told was read: so who lost a right before it was written is not told.
    std::function<uint64_t()> rights = [] { return uint64_t{1}; };
    // Whether Advance should be called: while there are watchers.
    std::function<void(bool)> listen;
    // An answer that is longer is split, if its watcher has asked for that.
    size_t fragment_bytes;
    // These for those who count. After each slice of work; and when some watchers were told, one
    // after the other, of so many events together.
    std::function<void()> on_worked = [] {};
    std::function<void(size_t watchers, uint64_t events, runtime::Duration took)> on_told =
        [](size_t, uint64_t, runtime::Duration) {};
  };
  explicit Hub(Parts parts);
  // Its watchers are gone.
  ~Hub();
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;

  // Tells `watcher` of all changes from revision `start` on, which is not below what the store
  // begins with; it may be above what there is. Nothing is told within the call.
  void Add(Watcher* watcher, base::Revision start);
  // Nothing is told to it any more.
  void Remove(Watcher* watcher);

  // The store has come to `revision`.
  void Advance(base::Revision revision);
  // The receiver takes more than it did.
  void Resume(Receiver& receiver);
  // Lets go of the watcher if its client may not read any more what it watches, and says so to its
  // receiver, which may destroy it. Not while it is told something.
  void CheckRights(Watcher* watcher);

  // All that was changed up to here was told to those watchers for which IsInPresent. Compat: one
  // that begins later is not.
  base::Revision present() const { return base::Revision(present_); }
  bool IsInPresent(const Watcher& watcher) const;

  size_t watchers() const { return watchers_; }
  // Those that catch up, or wait for their receivers.
  size_t watchers_behind() const;
  // That were told, to all watchers together, since the last call.
  uint64_t TakeEvents() { return std::exchange(events_, 0); }

 private:
  // What one group is told at a time, from the first change read to the last watcher told.
  struct Step {
    Step(std::unique_ptr<Group> of, int64_t until, uint64_t number);

    std::unique_ptr<Group> group;
    const int64_t first;  // revision
    const int64_t last;   // not beyond it
    mvcc::ChangeReader changes;
    EventBatch batch;
    int64_t at = 0;    // the revision of the last change read
    size_t count = 0;  // of changes read
    enum class Phase : uint8_t { kReading, kTelling, kLosing } phase = Phase::kReading;
    uint64_t rights = 0;             // after it was read
    kv::ResponseHeader header = {};  // of the answers
    size_t part = 0;                 // the one being told
    size_t left = 0;                 // watchers of it that were not told
    base::Revision compacted = {};   // what is told to those that are lost
    base::Status why = {};
  };

  using Groups = std::multimap<int64_t, std::unique_ptr<Group>>;

  // Lets it be told from revision `next` on.
  void Join(Watcher* watcher, int64_t next);
  // Takes it out of its group.
  void Leave(Watcher* watcher);
  // Makes it a cursor.
  void Suspend(Watcher* watcher, int64_t next);
  void Insert(std::unique_ptr<Group> group);
  // Where it is in groups_.
  Groups::iterator PlaceOf(const Group* group);

  bool WorkOnce();
  // Of groups that have come to the same revision one takes some watchers of another. False if
  // there are none.
  bool MergeSome();
  bool BeginStep();
  void Continue();
  void Read();
  bool TakeChange(const mvcc::StoredChange& change, mvcc::Reads& reads);
  void EndReading(int64_t next);
  void BeginPart();
  void Tell();
  // Returns how many were sent something.
  size_t TellSome();
  // False if its receiver takes nothing now, or may not be told.
  bool TellOne(Watcher* watcher);
  // Why the watcher may not be told.
  base::Status RightsOf(Watcher* watcher, uint64_t rights);
  void Fail(const base::Status& status, const mvcc::Reads& reads);
  void Lose();
  void EndStep();
  bool ResumeSome();

  const Parts parts_;
  Groups groups_;              // by Group::next, but for that of step_
  std::set<int64_t> crowded_;  // where several of them may be
  std::optional<Step> step_;
  std::map<uint64_t, Receiver*> ready_;  // that may take more, and have cursors
  uint64_t resumed_ = 0;                 // the last of them that had its turn
  uint64_t receivers_ = 0;               // numbers given
  uint64_t batches_ = 0;                 // likewise
  size_t watchers_ = 0;
  size_t cursors_ = 0;
  uint64_t events_ = 0;
  int64_t present_ = 0;
  bool furthest_ = false;  // whether it was its turn
  bool merges_ = false;    // likewise, of merging
  runtime::SlicedWork work_;
};

}  // namespace watch
