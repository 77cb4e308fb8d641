#include "state/v2/store.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/check.h"
#include "proto/v2.pb.h"
#include "state/v2/planted.h"
#include "state/v2/records.h"
#include "state/v2/tree.h"
#include "storage/schema/schema.h"

// Why a change makes new nodes from the root on: whoever reads has a root of his own, on another
// thread, and is never waited for. And what was deleted is let go of at one place, whatever hangs
// on it.
//
// Why events are not saved as they happen: a batch may have many thousands of them, of which the
// last thousand stay.

namespace v2 {
namespace {

// In a new directory's fields, until it has its number.
constexpr uint64_t kNewDirectory = ~uint64_t{0};

constexpr backend::BucketId kBucket = schema::Id(schema::Bucket::kV2);

// Of events that are saved when the batch is cut; with more they are saved before.
constexpr size_t kUnsavedBytesMax = size_t{1} << 20;

// 2000-01-01. Compat: what runs out before is taken for what does not, where a node is made.
constexpr int64_t kOldestExpiration = 946'684'800'000'000'000;

bool IsReadOnly(std::string_view path) {
  return path == "/" || path == "/0" || path == kKeys;
}

// Compat: refusals that etcd counts as successes.
bool CountsAsSuccess(Action action, Code code) {
  switch (code) {
    case Code::kNone:
      return true;
    case Code::kCompareFailed:
      return action == Action::kCompareAndDelete;
    case Code::kNotFile:
      return action == Action::kCompareAndDelete || action == Action::kUpdate;
    case Code::kRootIsReadOnly:
      return action == Action::kCompareAndSwap || action == Action::kUpdate ||
             action == Action::kDelete;
    default:
      return false;
  }
}

Action ActionOf(const v2pb::Request& request) {
  const bool compares = request.prev_index() > 0 || !request.prev_value().empty();
  switch (request.method()) {
    case v2pb::Request::POST:
      return Action::kCreate;
    case v2pb::Request::DELETE:
      return compares ? Action::kCompareAndDelete : Action::kDelete;
    case v2pb::Request::SYNC:
      return Action::kExpire;
    default:
      break;
  }
  if (request.has_prev_exist() && !request.prev_exist()) return Action::kCreate;
  if (compares) return Action::kCompareAndSwap;
  return request.has_prev_exist() ? Action::kUpdate : Action::kSet;
}

// 20 digits, so that the names are in the order of the indexes.
std::string NameInOrder(uint64_t index) {
  std::array<char, 21> digits;
  std::snprintf(digits.data(), digits.size(), "%020llu", static_cast<unsigned long long>(index));
  return digits.data();
}

std::string Mismatch(std::string_view wanted, std::string_view found) {
  return "[" + std::string(wanted) + " != " + std::string(found) + "]";
}

// Why the node is not the one that the request names; empty if it is.
std::string MismatchOf(const v2pb::Request& request, const Node& node) {
  const bool is_index = request.prev_index() == 0 || request.prev_index() == node.modified();
  const bool is_value = request.prev_value().empty() || request.prev_value() == node.value();
  std::string why;
  if (!is_value) why = Mismatch(request.prev_value(), node.value());
  if (!is_index) {
    if (!why.empty()) why += ' ';
    why += Mismatch(std::to_string(request.prev_index()), std::to_string(node.modified()));
  }
  return why;
}

}  // namespace

bool TakesSpace(const v2pb::Request& request) {
  return request.method() == v2pb::Request::PUT || request.method() == v2pb::Request::POST;
}

// Where a path leads. Valid until the tree is changed.
struct Store::Target {
  std::string path;
  std::vector<std::string_view> elements;
  // From the root on, each the parent of the next; as many as elements and one more if the node is
  // there.
  std::vector<const Node*> found;

  bool exists() const { return found.size() == elements.size() + 1; }
  const Node& node() const { return *found.back(); }
  // Of the first elements.
  std::string PathOf(size_t count) const { return JoinAll({elements.data(), count}); }
};

Store::Target Store::Find(std::string_view path) const {
  Target target{{}, Elements(path), {root_.get()}};
  target.path = target.PathOf(target.elements.size());
  target.elements = Elements(target.path);
  for (const std::string_view name : target.elements) {
    const Node* const child = FindChild(target.node(), name);
    if (child == nullptr) break;
    target.found.push_back(child);
  }
  return target;
}

Result Store::Refuse(Code code, std::string_view cause) const {
  return {.error = {code, std::string(cause), index_}};
}

Result Store::RefuseMissing(const Target& target) const {
  const size_t there = target.found.size() - 1;
  if (!target.node().is_directory()) return Refuse(Code::kNotDirectory, target.PathOf(there));
  return Refuse(Code::kKeyNotFound, target.PathOf(there + 1));
}

void Store::Begin(uint64_t index) {
  CHECK(!begun());
  next_directory_ = records::kRoot;
  std::vector<NodeRef> spaces;
  const uint64_t root = next_directory_++;
  for (const std::string_view name : {"0", "1"}) {
    spaces.push_back(Node::Make({.name = name, .directory = next_directory_++}));
    buffer_->Put(kBucket, records::NodeKey(root, name), records::EncodeNode(*spaces.back()));
  }
  root_ = Node::Make({.directory = root}, BranchesOf(spaces));
  index_ = saved_events_ = index;
  const uint64_t places = std::min<uint64_t>(index, History::kEventsMax);
  history_ = History(index - places + 1);
  for (uint64_t i = 0; i < places; ++i) history_.Add(nullptr);
  ShowChanges();
}

void Store::CountOther() {
  if (!begun()) return;
  ++index_;
  history_.Add(nullptr);
}

Result Store::Apply(const v2pb::Request& request) {
  CHECK(begun());
  const Action action = ActionOf(request);
  if (action == Action::kExpire) {
    Expire(request);
    return {};
  }
  Result result = Carry(action, request);
  Count(action, result.error.code);
  return result;
}

Result Store::Carry(Action action, const v2pb::Request& request) {
  switch (action) {
    case Action::kCreate:
      return Create(request);
    case Action::kUpdate:
      return Update(request);
    case Action::kCompareAndSwap:
      return CompareAndSwap(request);
    case Action::kDelete:
      return Delete(request);
    case Action::kCompareAndDelete:
      return CompareAndDelete(request);
    default:
      return Set(request);
  }
}

void Store::Count(Action action, Code code) {
  statistics_->Count(action, CountsAsSuccess(action, code));
  // Compat: one that is stopped on its way counts for this, too.
  if (action == Action::kCreate && code == Code::kNotDirectory) {
    statistics_->Count(Action::kSet, false);
  }
}

Result Store::Set(const v2pb::Request& request) {
  const Target target = Find(request.path());
  if (!target.exists()) {
    const Result missing = RefuseMissing(target);
    if (missing.error.code == Code::kNotDirectory || request.refresh()) return missing;
  }
  const bool keeps_value = request.refresh() && target.exists();
  const std::string value(keeps_value ? target.node().value() : std::string_view(request.value()));
  return Make(Action::kSet, target, request, value);
}

Result Store::Create(const v2pb::Request& request) {
  const bool in_order = request.method() == v2pb::Request::POST;
  const Target target =
      Find(in_order ? request.path() + "/" + NameInOrder(index_ + 1) : request.path());
  return Make(Action::kCreate, target, request, request.value());
}

Result Store::Make(Action action, const Target& target, const v2pb::Request& request,
                   std::string_view value) {
  if (IsReadOnly(target.path)) return Refuse(Code::kRootIsReadOnly, "/");
  if (!target.exists() && !target.node().is_directory()) return RefuseMissing(target);
  NodeRef prev;
  if (target.exists()) {
    if (action == Action::kCreate) return Refuse(Code::kNodeExists, target.path);
    if (target.node().is_directory()) return Refuse(Code::kNotFile, target.path);
    prev = NodeRef(&target.node());
  }
  Node::Fields fields{.value = value, .created = index_ + 1, .modified = index_ + 1};
  fields.expiration = request.expiration() < kOldestExpiration ? 0 : request.expiration();
  if (request.dir()) {
    fields.value = {};
    fields.directory = kNewDirectory;
  }
  NodeRef node = Place(target, fields);
  return {.event = Tell({.action = action,
                         .refresh = action == Action::kSet && request.refresh(),
                         .time = request.time(),
                         .key = target.path,
                         .node = std::move(node),
                         .prev = std::move(prev)})};
}

Result Store::Update(const v2pb::Request& request) {
  const Target target = Find(request.path());
  if (IsReadOnly(target.path)) return Refuse(Code::kRootIsReadOnly, "/");
  if (!target.exists()) return RefuseMissing(target);
  if (target.node().is_directory() && !request.value().empty()) {
    return Refuse(Code::kNotFile, target.path);
  }
  return Rewrite(Action::kUpdate, target, request);
}

Result Store::CompareAndSwap(const v2pb::Request& request) {
  const Target target = Find(request.path());
  if (IsReadOnly(target.path)) return Refuse(Code::kRootIsReadOnly, "/");
  if (!target.exists()) return RefuseMissing(target);
  if (target.node().is_directory()) return Refuse(Code::kNotFile, target.path);
  const std::string why = MismatchOf(request, target.node());
  if (!why.empty()) return Refuse(Code::kCompareFailed, why);
  return Rewrite(Action::kCompareAndSwap, target, request);
}

// Compat: of a directory only the time changes; the event's index is not told to it.
Result Store::Rewrite(Action action, const Target& target, const v2pb::Request& request) {
  const Node& before = target.node();
  NodeRef prev = before.Bare();
  Node::Fields fields = before.fields();
  fields.expiration = request.expiration();
  if (!before.is_directory()) {
    fields.modified = index_ + 1;
    if (!request.refresh()) fields.value = request.value();
  }
  NodeRef node = Place(target, fields);
  return {.event = Tell({.action = action,
                         .refresh = request.refresh(),
                         .time = request.time(),
                         .key = target.path,
                         .node = std::move(node),
                         .prev = std::move(prev)})};
}

Result Store::Delete(const v2pb::Request& request) {
  const Target target = Find(request.path());
  if (IsReadOnly(target.path)) return Refuse(Code::kRootIsReadOnly, "/");
  if (!target.exists()) return RefuseMissing(target);
  if (target.node().is_directory()) {
    if (!request.dir() && !request.recursive()) return Refuse(Code::kNotFile, target.path);
    if (target.node().children() && !request.recursive()) {
      return Refuse(Code::kDirectoryNotEmpty, target.path);
    }
  }
  return {.event = TellRemoved(Action::kDelete, target, request.time())};
}

Result Store::CompareAndDelete(const v2pb::Request& request) {
  const Target target = Find(request.path());
  if (!target.exists()) return RefuseMissing(target);
  if (target.node().is_directory()) return Refuse(Code::kNotFile, target.path);
  const std::string why = MismatchOf(request, target.node());
  if (!why.empty()) return Refuse(Code::kCompareFailed, why);
  return {.event = TellRemoved(Action::kCompareAndDelete, target, request.time())};
}

void Store::Expire(const v2pb::Request& request) {
  uint32_t left = request.expire_max();
  while (left > 0 && !expirations_.empty() && expirations_.begin()->first <= request.time()) {
    const auto [expiration, path] = *expirations_.begin();
    const Target target = Find(path);
    if (!target.exists() || target.node().expiration() != expiration) {
      expirations_.erase(expirations_.begin());
      continue;
    }
    TellRemoved(Action::kExpire, target, request.time());
    statistics_->Count(Action::kExpire, true);
    --left;
  }
}

std::shared_ptr<const Event> Store::TellRemoved(Action action, const Target& target, int64_t time) {
  NodeRef removed = Remove(target);
  NodeRef prev = removed->Bare();
  if (!removed->children()) removed = {};
  return Tell({.action = action, .time = time, .key = target.path, .prev = std::move(prev)},
              std::move(removed));
}

std::shared_ptr<const Event> Store::Tell(Event event, NodeRef removed) {
  event.index = ++index_;
  auto told = std::make_shared<const Event>(std::move(event));
  history_.Add(told);
  unsaved_bytes_ += told->bytes();
  if (unsaved_bytes_ > kUnsavedBytesMax) SaveEvents(buffer_);
  happenings_.push_back({told, std::move(removed)});
  return told;
}

NodeRef Store::Place(const Target& target, Node::Fields fields) {
  const size_t last = target.elements.size() - 1;
  const size_t depth = std::min(target.found.size() - 1, last);
  uint64_t parent = target.found[depth]->directory();
  std::vector<Node::Fields> missing;
  for (size_t i = depth; i < last; ++i) {
    missing.push_back({.name = target.elements[i],
                       .created = index_ + 1,
                       .modified = index_ + 1,
                       .directory = next_directory_++});
    buffer_->Put(kBucket, records::NodeKey(parent, target.elements[i]),
                 records::EncodeNode(*Node::Make(missing.back())));
    parent = missing.back().directory;
  }
  fields.name = target.elements[last];
  if (fields.directory == kNewDirectory) fields.directory = next_directory_++;
  NodeRef bare = Node::Make(fields);
  const bool is_lost = fields.modified % 8 == 0 && base::Planted(PlantedBug::kFileIsNotSaved);
  if (!is_lost) {
    buffer_->Put(kBucket, records::NodeKey(parent, fields.name), records::EncodeNode(*bare));
  }
  SetExpiration(target.path, target.exists() ? target.node().expiration() : 0, fields.expiration);
  const bool keeps_children = target.exists() && target.node().children();
  NodeRef child = keeps_children ? Node::Make(fields, target.node().children()) : bare;
  for (size_t i = missing.size(); i > 0; --i) {
    child = Node::Make(missing[i - 1], Branch::Make({}, std::move(child), {}));
  }
  Attach(target, depth, std::move(child));
  return bare;
}

NodeRef Store::Remove(const Target& target) {
  NodeRef removed(&target.node());
  const size_t depth = target.found.size() - 2;
  const Node& parent = *target.found[depth];
  buffer_->Delete(kBucket, records::NodeKey(parent.directory(), removed->name()));
  leftovers_.Add(target.path, *removed);
  SetExpiration(target.path, removed->expiration(), 0);
  NodeRef changed = WithoutChild(parent, removed->name());
  if (depth > 0) {
    Attach(target, depth - 1, std::move(changed));
  } else {
    root_ = std::move(changed);
  }
  return removed;
}

void Store::Attach(const Target& target, size_t depth, NodeRef child) {
  for (size_t i = depth + 1; i > 0; --i) child = WithChild(*target.found[i - 1], std::move(child));
  root_ = std::move(child);
}

void Store::SetExpiration(const std::string& path, int64_t before, int64_t now) {
  if (before == now) return;
  if (before != 0) expirations_.erase({before, path});
  if (now != 0) expirations_.emplace(now, path);
}

std::optional<int64_t> Store::first_expiration() const {
  if (expirations_.empty()) return std::nullopt;
  return expirations_.begin()->first;
}

bool Store::EraseLeftovers(size_t count) {
  leftovers_.Erase(count, buffer_, [this](const std::string& path, const Node& node) {
    // There may be another by now.
    const Target target = Find(path);
    if (target.exists() && target.node().expiration() == node.expiration()) return;
    expirations_.erase({node.expiration(), path});
  });
  return !leftovers_.empty();
}

template <typename To>
void Store::SaveEvents(To* to) {
  uint64_t index = std::max(saved_events_ + 1, history_.first());
  for (; index <= index_; ++index) {
    const History::Pointer& event = history_.At(index);
    const bool is_lost = index % 8 == 0 && base::Planted(PlantedBug::kEventIsNotSaved);
    if (event == nullptr || is_lost) continue;
    to->Put(kBucket, records::EventKey(index), records::EncodeEvent(*event));
  }
  saved_events_ = index_;
  unsaved_bytes_ = 0;
}

void Store::Stamp(backend::Batch* batch) {
  if (std::exchange(stamped_, index_) == index_) return;
  SaveEvents(batch);
  batch->Put(kBucket, records::kStoreKey,
             records::EncodeStore({index_, next_directory_, history_.first()}));
}

void Store::ShowChanges() {
  if (!begun() || std::exchange(shown_, index_) == index_) return;
  published_.Set(std::make_shared<const View>(View{root_, index_, history_}));
}

}  // namespace v2
