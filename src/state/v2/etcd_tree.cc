#include "state/v2/etcd_tree.h"

#include <charconv>
#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "state/v2/records.h"
#include "storage/schema/schema.h"

namespace v2 {
namespace {

using nlohmann::json;

constexpr backend::BucketId kBucket = schema::Id(schema::Bucket::kV2);
constexpr uint64_t kIndexMax = uint64_t{1} << 62;
constexpr int64_t kNanosecondsPerSecond = 1'000'000'000;
constexpr size_t kFractionDigits = 9;

base::Status Malformed(const std::string& what) {
  return {base::Code::kDataLoss, "snapshot: not a store of etcd's API v2: " + what};
}

// Null if it is no object, or does not have it.
const json* Find(const json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

bool ReadIndex(const json& object, const char* name, uint64_t* index) {
  const json* const value = Find(object, name);
  if (value == nullptr) return true;
  if (!value->is_number_unsigned()) return false;
  *index = value->get<uint64_t>();
  return *index < kIndexMax;
}

bool ReadText(const json& object, const char* name, std::string* text) {
  const json* const value = Find(object, name);
  if (value == nullptr) return true;
  if (!value->is_string()) return false;
  *text = value->get<std::string>();
  return true;
}

// Takes digits from the front of `*text`; nothing unless there are as many.
std::optional<int> TakeDigits(std::string_view* text, size_t count) {
  int number = 0;
  if (text->size() < count) return std::nullopt;
  const char* const end = text->data() + count;
  const auto [stop, error] = std::from_chars(text->data(), end, number);
  if (error != std::errc() || stop != end || text->front() == '-') return std::nullopt;
  text->remove_prefix(count);
  return number;
}

bool Take(std::string_view* text, char c) {
  if (!text->starts_with(c)) return false;
  text->remove_prefix(1);
  return true;
}

// ".5" to 500'000'000; empty is 0.
int64_t TakeFraction(std::string_view* text) {
  if (!Take(text, '.')) return 0;
  int64_t fraction = 0;
  size_t digits = 0;
  for (; !text->empty() && text->front() >= '0' && text->front() <= '9'; text->remove_prefix(1)) {
    if (digits < kFractionDigits) {
      fraction = fraction * 10 + (text->front() - '0');
      ++digits;
    }
  }
  for (; digits < kFractionDigits; ++digits) fraction *= 10;
  return fraction;
}

// "Z", "+02:00", "-09:30", in seconds.
std::optional<int64_t> TakeOffset(std::string_view* text) {
  if (Take(text, 'Z')) return 0;
  const bool is_ahead = Take(text, '+');
  if (!is_ahead && !Take(text, '-')) return std::nullopt;
  const auto hours = TakeDigits(text, 2);
  const bool has_colon = Take(text, ':');
  const auto minutes = TakeDigits(text, 2);
  if (!hours.has_value() || !has_colon || !minutes.has_value()) return std::nullopt;
  const int64_t seconds = (*hours * 60 + *minutes) * 60;
  return is_ahead ? seconds : -seconds;
}

std::optional<int64_t> TakeDay(std::string_view* text) {
  const auto year = TakeDigits(text, 4);
  bool is_one = Take(text, '-');
  const auto month = TakeDigits(text, 2);
  is_one = Take(text, '-') && is_one;
  const auto day = TakeDigits(text, 2);
  if (!year.has_value() || !month.has_value() || !day.has_value() || !is_one) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date).time_since_epoch().count();
}

std::optional<int64_t> TakeSecondOfDay(std::string_view* text) {
  const auto hour = TakeDigits(text, 2);
  bool is_one = Take(text, ':');
  const auto minute = TakeDigits(text, 2);
  is_one = Take(text, ':') && is_one;
  const auto second = TakeDigits(text, 2);
  if (!hour.has_value() || !minute.has_value() || !second.has_value() || !is_one) {
    return std::nullopt;
  }
  return (*hour * 60 + *minute) * 60 + *second;
}

// A directory whose children are still to be put.
struct Waiting {
  const json* children;
  uint64_t number;
};

class TreeWriter {
 public:
  explicit TreeWriter(backend::Batch* batch) : batch_(batch) {}

  base::Status Put(const json& root, uint64_t index) {
    RETURN_IF_ERROR(PutSpaces(root));
    while (!waiting_.empty()) {
      const Waiting directory = waiting_.back();
      waiting_.pop_back();
      for (const auto& [name, node] : directory.children->items()) {
        RETURN_IF_ERROR(PutNode(directory.number, name, node));
      }
    }
    batch_->Put(kBucket, records::kStoreKey, records::EncodeStore({index, next_, index + 1}));
    return {};
  }

 private:
  // /0, empty, /1, and what else there is at the top.
  base::Status PutSpaces(const json& root) {
    static const json kNone = {{"Children", json::object()}};
    const json* const spaces = Find(root, "Children");
    for (const char* const name : {"0", "1"}) {
      const json* found = spaces == nullptr ? nullptr : Find(*spaces, name);
      const bool is_left_out = found == nullptr || std::string_view(name) == "0";
      RETURN_IF_ERROR(PutNode(records::kRoot, name, is_left_out ? kNone : *found));
    }
    if (spaces == nullptr) return {};
    if (!spaces->is_object()) return Malformed("its root");
    for (const auto& [name, node] : spaces->items()) {
      if (name != "0" && name != "1") RETURN_IF_ERROR(PutNode(records::kRoot, name, node));
    }
    return {};
  }

  base::Status PutNode(uint64_t directory, const std::string& name, const json& node) {
    std::string value;
    std::string time;
    Node::Fields fields{.name = name};
    const bool is_one = !name.empty() && name.find('/') == std::string::npos && node.is_object() &&
                        ReadIndex(node, "CreatedIndex", &fields.created) &&
                        ReadIndex(node, "ModifiedIndex", &fields.modified) &&
                        ReadText(node, "Value", &value) && ReadText(node, "ExpireTime", &time);
    const auto expiration = time.empty() ? std::optional<int64_t>(0) : ParseExpireTime(time);
    const json* const children = Find(node, "Children");
    if (!is_one || !expiration.has_value() || (children != nullptr && !children->is_object())) {
      return Malformed("node " + name.substr(0, kNameShownMax));
    }
    fields.expiration = *expiration;
    if (children == nullptr) {
      fields.value = value;
    } else {
      fields.directory = next_++;
      waiting_.push_back({children, fields.directory});
    }
    batch_->Put(kBucket, records::NodeKey(directory, name),
                records::EncodeNode(*Node::Make(fields)));
    return {};
  }

  static constexpr size_t kNameShownMax = 200;

  backend::Batch* const batch_;
  uint64_t next_ = records::kRoot + 1;
  std::vector<Waiting> waiting_;
};

}  // namespace

base::Status PutEtcdTree(std::string_view text, backend::Batch* batch) {
  const json store = json::parse(text, nullptr, /*allow_exceptions=*/false);
  const json* const root = Find(store, "Root");
  uint64_t index = 0;
  if (root == nullptr || !root->is_object() || !ReadIndex(store, "CurrentIndex", &index)) {
    return Malformed("no root or no index");
  }
  return TreeWriter(batch).Put(*root, index);
}

void PutEmptyTree(backend::Batch* batch) {
  static_cast<void>(TreeWriter(batch).Put(json::object(), 0));
}

std::optional<int64_t> ParseExpireTime(std::string_view text) {
  const auto day = TakeDay(&text);
  const bool has_time = Take(&text, 'T');
  const auto second = TakeSecondOfDay(&text);
  if (!day.has_value() || !has_time || !second.has_value()) return std::nullopt;
  const int64_t fraction = TakeFraction(&text);
  const auto offset = TakeOffset(&text);
  if (!offset.has_value() || !text.empty()) return std::nullopt;
  const int64_t seconds = *day * 86'400 + *second - *offset;
  // Beyond what etcd counts in nanoseconds, it does not run out either.
  if (seconds < 0 || seconds >= INT64_MAX / kNanosecondsPerSecond) return 0;
  return seconds * kNanosecondsPerSecond + fraction;
}

}  // namespace v2
