#include "state/kv/usage_read.h"

#include <string>
#include <utility>
#include <vector>

#include "state/kv/stored_pair.h"

namespace kv {
namespace {

constexpr uint32_t kLimitMax = 1000;
constexpr uint32_t kDefaultLimit = 100;
constexpr char kDefaultDelimiter[] = "/";
// Why there is a bound: each key is searched for it, and keys are as long as their writers like.
constexpr size_t kDelimiterBytesMax = 64;

// What a step may do, as of a range.
constexpr size_t kStepKeys = 1024;
constexpr size_t kStepBytes = 1 << 20;
constexpr size_t kSliceKeys = 64;

base::Status Invalid(std::string_view what) {
  return {base::Code::kInvalidArgument, "etcdserver: usage " + std::string(what)};
}

UsageGroups GroupsOf(const usagepb::UsageRequest& request) {
  return {request.prefix().size(),
          request.delimiter().empty() ? kDefaultDelimiter : request.delimiter(),
          request.limit() == 0 ? kDefaultLimit : request.limit()};
}

}  // namespace

base::Status Check(const usagepb::UsageRequest& request) {
  if (request.limit() > kLimitMax) {
    return Invalid("limit is above " + std::to_string(kLimitMax) + " groups");
  }
  if (request.delimiter().size() > kDelimiterBytesMax) {
    return Invalid("delimiter has more than " + std::to_string(kDelimiterBytesMax) + " bytes");
  }
  return {};
}

UsageRead::UsageRead(mvcc::Reads* reads, const usagepb::UsageRequest& request)
    : reads_(*reads), range_(PrefixRange::Of(request.prefix())), groups_(GroupsOf(request)) {}

base::Status UsageRead::Pin() {
  if (pin_ != nullptr) return {};
  ASSIGN_OR_RETURN(pin_, reads_.Pin(revision_));
  revision_ = pin_->revision();
  walk_.emplace(pin_.get(), Rest());
  return {};
}

mvcc::KeyRange UsageRead::Rest() const {
  return mvcc::KeyRange::Of(resume_.empty() ? range_.key : resume_, range_.end);
}

bool UsageRead::TakesSteps() const {
  uint64_t keys = 0;
  return pin_->CountSlice(Rest(), &keys).has_value() || keys > kStepKeys;
}

base::Result<bool> UsageRead::Step() {
  size_t bytes = 0;
  for (size_t keys = 0; keys < kStepKeys && bytes < kStepBytes && !walk_->done();
       keys += kSliceKeys) {
    RETURN_IF_ERROR(TakeSlice(&bytes));
  }
  return walk_->done();
}

base::Status UsageRead::TakeSlice(size_t* bytes) {
  std::vector<base::ByteView> pairs;
  RETURN_IF_ERROR(walk_->Next(kSliceKeys, &pairs));
  for (const base::ByteView encoded : pairs) {
    ASSIGN_OR_RETURN(const mvcc::KeyValue pair, ParsePair(encoded));
    groups_.Add(pair);
    *bytes += encoded.size();
  }
  return {};
}

void UsageRead::Release() {
  if (walk_.has_value() && !walk_->resume().empty()) resume_ = walk_->resume();
  walk_.reset();
  pin_.reset();
}

void UsageRead::TakeGroups(usagepb::UsageResponse* response) {
  for (UsageGroups::Group& group : groups_.Take()) {
    usagepb::Group& added = *response->add_groups();
    added.set_prefix(std::move(group.prefix));
    added.set_keys(group.keys);
    added.set_bytes(group.bytes);
    added.set_revisions(group.revisions);
  }
}

}  // namespace kv
