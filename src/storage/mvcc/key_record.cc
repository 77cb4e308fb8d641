#include "storage/mvcc/key_record.h"

#include <algorithm>
#include <limits>
#include <new>

#include "base/check.h"

namespace mvcc {

KeyRecord::Owner KeyRecord::New(base::ByteView key) {
  CHECK_LT(key.size(), uint32_t{1} << 31);
  void* const place = ::operator new(sizeof(KeyRecord) + key.size());
  auto* const record = new (place) KeyRecord(static_cast<uint32_t>(key.size()));
  key.copy(reinterpret_cast<char*>(record + 1), key.size());
  return Owner(record);
}

void KeyRecord::Free(KeyRecord* record) {
  if (record == nullptr) return;
  record->~KeyRecord();
  ::operator delete(record);
}

void KeyRecord::Add(Revision revision) {
  CHECK_LE(revision.sub, std::numeric_limits<uint32_t>::max());
  if (modified_main_ != 0) {
    CHECK(modified() < revision);
    if (history_ == nullptr) history_ = std::make_unique<History>();
    history_->push_back(newest());
  }
  modified_main_ = revision.main;
  modified_sub_ = static_cast<uint32_t>(revision.sub);
}

void KeyRecord::Put(Revision revision, bool has_lease) {
  Restore(revision, live() ? create_revision_ : revision.main, version_ + 1, has_lease);
}

void KeyRecord::Delete(Revision revision) {
  CHECK(live());
  RestoreDelete(revision);
}

void KeyRecord::Restore(Revision revision, int64_t create_revision, int64_t version,
                        bool has_lease) {
  Add(revision);
  create_revision_ = create_revision;
  version_ = version;
  has_lease_ = has_lease ? 1 : 0;
}

void KeyRecord::RestoreDelete(Revision revision) {
  Restore(revision, 0, 0, false);
}

const KeyRecord::Change* KeyRecord::NewestUpTo(int64_t main, Change* newest_storage) const {
  if (modified_main_ <= main) {
    *newest_storage = newest();
    return newest_storage;
  }
  if (history_ == nullptr) return nullptr;
  const auto after =
      std::upper_bound(history_->begin(), history_->end(), main,
                       [](int64_t wanted, const Change& change) { return wanted < change.main; });
  return after == history_->begin() ? nullptr : &*(after - 1);
}

std::optional<Revision> KeyRecord::At(int64_t main) const {
  Change storage;
  const Change* const change = NewestUpTo(main, &storage);
  if (change == nullptr || change->is_delete) return std::nullopt;
  return Revision{change->main, change->sub};
}

bool KeyRecord::IsKept(Revision revision, int64_t compact) const {
  Change storage;
  const Change* const change = NewestUpTo(compact, &storage);
  return change != nullptr && Revision{change->main, change->sub} == revision &&
         (!change->is_delete || change->main == compact);
}

bool KeyRecord::Compact(int64_t compact) {
  Change storage;
  const Change* const kept = NewestUpTo(compact, &storage);
  if (kept == nullptr) return true;
  const bool is_newest = kept == &storage;
  const bool forget = kept->is_delete && kept->main != compact;
  if (is_newest) {
    history_.reset();
    return !forget;
  }
  history_->erase(history_->begin(),
                  history_->begin() + (kept - history_->data()) + (forget ? 1 : 0));
  if (history_->empty()) {
    history_.reset();
  } else if (history_->capacity() > 2 * history_->size()) {
    history_->shrink_to_fit();
  }
  return true;
}

}  // namespace mvcc
