#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/v2/happenings_queue.h"
#include "base/shared_bytes.h"
#include "runtime/loop.h"
#include "runtime/mailbox.h"
#include "runtime/sliced_work.h"
#include "state/v2/event.h"
#include "state/v2/history.h"
#include "state/v2/store.h"

namespace v2 {

// Who waits for an event. On the loop of its hub.
class Receiver {
 public:
  // An event in JSON.
  virtual void OnEvent(const base::SharedBytes& json) = 0;
  // Events were lost, and no more come.
  virtual void OnLost() = 0;

 protected:
  ~Receiver() = default;
};

// The watchers of one net loop. What happens in the tree comes once for each slice of entries, and
// is looked up by its path and those above it: so watchers that wait for something else cost
// nothing. An event is encoded once for all who are told, who get it in slices of the loop. If more
// happens than the queue has room for, the rest is read from the tree's history; what is gone from
// there, too, ends all answers. Compat: so it does in etcd for whoever is a hundred events behind,
// and code 401 tells him who comes again.
//
// Belongs to the loop.
class Hub {
 public:
  struct Wish {
    std::string path;  // of the tree, "/1/a"
    bool recursive = false;
    bool stream = false;  // more than one event
    uint64_t since = 0;   // earlier events are passed over
    uint64_t index = 0;   // that the tree had when the watcher came
  };
  struct Watcher;

  struct Parts {
    runtime::Loop* loop;
    // The tree as it is now; null if there is none.
    std::function<std::shared_ptr<const View>()> view;
    // So many watchers have come; or gone, if it is negative.
    std::function<void(int change)> on_watchers;
    size_t queue_bytes_max = size_t{16} << 20;
  };
  explicit Hub(Parts parts);
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;

  // What has happened, once View has it. One thread at a time.
  void Push(const std::shared_ptr<const Happenings>& happenings);

  // Tells `receiver` until Remove, or OnLost, or the first event if that is all that it wants.
  // Nothing is told within the call.
  std::shared_ptr<Watcher> Add(Wish wish, Receiver* receiver);
  // Without effect if it is gone.
  void Remove(Watcher* watcher);

  // The first of these that matches. Compat: what is hidden is found, too, and all that begins as a
  // deleted directory is below it.
  static std::shared_ptr<const Event> FindPast(const std::vector<History::Pointer>& events,
                                               const Wish& wish);

 private:
  using List = std::vector<std::shared_ptr<Watcher>>;
  struct Bell {};

  bool WorkOnce();
  // False if there is none.
  bool TakeBatch();
  // Goes on with the history, up to what there is now.
  void CatchUp();
  // Of the batch, until somebody is to be told.
  void ReadSome();
  // Tells some of those who are to be told now.
  void TellSome();
  // Whom it concerns.
  List GatherFor(const Happening& happening) const;
  // Those at a path that are to be told.
  void Gather(std::string_view path, const Event& event, bool is_removed, List* gathered) const;
  // Those at paths that were there below the directory that is gone; from the history, which does
  // not know what was there, all of them.
  void GatherBelow(const Happening& happening, List* gathered) const;
  void EndAll();

  const Parts parts_;
  uint64_t told_ = 0;                                  // the index up to which all have been told
  std::map<std::string, List, std::less<>> watchers_;  // by path

  HappeningsQueue queue_;
  bool looks_ = false;                     // at the tree, before the next batch
  HappeningsQueue::Batch batch_;           // that is being told; or null
  bool is_past_ = false;                   // it is from the history
  size_t batch_at_ = 0;                    // the next of it
  List telling_;                           // whom to tell of the one before
  size_t telling_at_ = 0;                  // the next of these
  std::optional<base::SharedBytes> json_;  // what; nothing: that events are lost
  runtime::SlicedWork work_;
  runtime::Mailbox<Bell> bell_;
};

}  // namespace v2
