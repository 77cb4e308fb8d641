#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/shared_bytes.h"
#include "runtime/mailbox.h"
#include "server/frontend.h"
#include "server/server.h"
#include "state/v2/event.h"
#include "state/v2/history.h"

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
// nothing. An event is encoded once for all who are told. Belongs to the loop.
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

  // `count` is of all hubs of a member. All outlive this.
  Hub(server::Server* server, server::Frontend* frontend, std::atomic<int64_t>* count);
  ~Hub();

  // Tells `receiver` until Remove, or OnLost, or the first event if that is all that it wants.
  std::shared_ptr<Watcher> Add(Wish wish, Receiver* receiver);
  // Without effect if it is gone.
  void Remove(Watcher* watcher);

  // The first of these that matches. Compat: what is hidden is found, too, and all that begins as a
  // deleted directory is below it.
  static std::shared_ptr<const Event> FindPast(const std::vector<History::Pointer>& events,
                                               const Wish& wish);

 private:
  using List = std::vector<std::shared_ptr<Watcher>>;

  void OnHappenings(const Happenings& happenings);
  // Tells what came before, from the history.
  void CatchUp(uint64_t index);
  void Tell(const Happening& happening);
  // Those at a path that are to be told.
  void Gather(std::string_view path, const Event& event, bool is_removed, List* gathered) const;
  // Those at paths that were there below the directory that is gone.
  void GatherBelow(const Happening& happening, List* gathered) const;
  void EndAll();

  server::Frontend& frontend_;
  std::atomic<int64_t>& count_;
  uint64_t told_ = 0;                                  // the index up to which all have been told
  std::map<std::string, List, std::less<>> watchers_;  // by path
  runtime::Mailbox<std::shared_ptr<const Happenings>> mailbox_;
};

}  // namespace v2
