#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "runtime/published.h"
#include "state/v2/error.h"
#include "state/v2/event.h"
#include "state/v2/history.h"
#include "state/v2/leftover_records.h"
#include "state/v2/node.h"
#include "state/v2/statistics.h"
#include "storage/backend/backend.h"
#include "storage/backend/write_buffer.h"

namespace v2pb {
class Request;
}

namespace v2 {

// The extension whose entries change the tree (state/members/extensions.h).
inline constexpr char kExtension[] = "v2";
// Where the keys of clients are, and the users and roles of the v2 API.
inline constexpr std::string_view kKeys = "/1";
inline constexpr std::string_view kAuth = "/2";

// The tree at one moment.
struct View {
  NodeRef root;
  uint64_t index = 0;
  History history;
};

// What became of a request: an error, or the event that it was.
struct Result {
  Error error = {};
  std::shared_ptr<const Event> event = {};
};

// Whether it makes the database larger: all but deletes, and what ends nodes.
bool TakesSpace(const v2pb::Request& request);

// The state of the v2 API: the tree of files and directories, its index and the last events; in
// memory, and, through the write buffer, in the database. Changes are parts of the entry being
// applied, and follow from it and from what was before alone: times come with the entry. What an
// entry does costs as much as the path is long, whatever is below it, but for what runs out, which
// its entry bounds.
//
// Belongs to the apply loop, but for what any thread may call.
class Store {
 public:
  // kDataLoss for a record that cannot be believed. `buffer` outlives this.
  static base::Result<std::unique_ptr<Store>> Load(backend::Reader& reader,
                                                   backend::WriteBuffer* buffer);
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  uint64_t index() const { return index_; }
  // Whether the cluster has it; without, there is no view.
  bool begun() const { return static_cast<bool>(root_); }
  // The cluster has it from now on, empty, at that index.
  void Begin(uint64_t index);
  // Something else has changed that has this index too: a member, the cluster's version.
  void CountOther();

  // Carries out a request; it has begun. Readers see it after ShowChanges.
  Result Apply(const v2pb::Request& request);
  // Shows readers the tree as it is now, if it has begun.
  void ShowChanges();
  // Adds the records that are written once a batch, however often they have changed. Between two
  // entries, as the batch is cut.
  void Stamp(backend::Batch* batch);

  // When the first node runs out, in nanoseconds since 1970; nothing if none does. It may have gone
  // before, with its directory.
  std::optional<int64_t> first_expiration() const;

  // What has happened since the last call.
  std::vector<Happening> TakeHappenings() { return std::exchange(happenings_, {}); }
  bool has_happenings() const { return !happenings_.empty(); }

  // Erases about as many records of what was in directories that are gone. Between two entries.
  // False once none is left.
  bool EraseLeftovers(size_t count);
  bool has_leftovers() const { return !leftovers_.empty(); }

  // Any thread. Null before it has begun.
  const runtime::Published<const View>& published() const { return published_; }
  // It may outlive this.
  const std::shared_ptr<Statistics>& statistics() const { return statistics_; }
  // This takes the place of another one, and goes on with its counts. Before anybody else has it.
  void TakePlaceOf(const Store& before) { statistics_ = before.statistics_; }

 private:
  struct Target;

  explicit Store(backend::WriteBuffer* buffer) : buffer_(buffer) {}

  base::Status LoadEvents(backend::Reader& reader, uint64_t first);
  base::Status LoadNodes(backend::Reader& reader);

  Result Carry(Action action, const v2pb::Request& request);
  Result Set(const v2pb::Request& request);
  Result Create(const v2pb::Request& request);
  Result Make(Action action, const Target& target, const v2pb::Request& request,
              std::string_view value);
  Result Update(const v2pb::Request& request);
  Result CompareAndSwap(const v2pb::Request& request);
  Result Rewrite(Action action, const Target& target, const v2pb::Request& request);
  Result Delete(const v2pb::Request& request);
  Result CompareAndDelete(const v2pb::Request& request);
  void Expire(const v2pb::Request& request);
  void Count(Action action, Code code);

  Result Refuse(Code code, std::string_view cause) const;
  // Why there is no such node.
  Result RefuseMissing(const Target& target) const;
  Target Find(std::string_view path) const;
  // Puts a node there, and the directories above it that are missing. Returns it, without what is
  // in it.
  NodeRef Place(const Target& target, Node::Fields fields);
  // Removes the node that is there. Returns it.
  NodeRef Remove(const Target& target);
  // Gives the directory found[depth] another child, and all above it.
  void Attach(const Target& target, size_t depth, NodeRef child);
  void SetExpiration(const std::string& path, int64_t before, int64_t now);
  // Puts the records of events into `to`, which has Put as a buffer and a batch have it.
  template <typename To>
  void SaveEvents(To* to);
  // Gives the event the next index.
  std::shared_ptr<const Event> Tell(Event event, NodeRef removed = {});
  std::shared_ptr<const Event> TellRemoved(Action action, const Target& target, int64_t time);

  backend::WriteBuffer* const buffer_;
  NodeRef root_;
  uint64_t index_ = 0;
  uint64_t next_directory_ = 0;
  std::optional<uint64_t> shown_;  // the index that readers see
  uint64_t stamped_ = 0;           // the index in the database, or on its way there
  uint64_t saved_events_ = 0;      // up to this index they are there
  size_t unsaved_bytes_ = 0;       // of the events behind it, about
  History history_;
  std::set<std::pair<int64_t, std::string>> expirations_;  // with paths; of some that are gone, too
  LeftoverRecords leftovers_;
  std::vector<Happening> happenings_;
  std::shared_ptr<Statistics> statistics_ = std::make_shared<Statistics>();
  runtime::Published<const View> published_;
};

}  // namespace v2
