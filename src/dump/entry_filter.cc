#include "dump/entry_filter.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/go_text.h"

namespace dump {
namespace {

bool IsNormal(const ReadEntry& read) {
  return read.entry.type == raft::EntryType::kNormal;
}

struct Named {
  std::string_view name;
  bool (*test)(const ReadEntry&);
};
using Request = etcdserverpb::InternalRaftRequest;

template <bool (Request::*has)() const>
bool Is(const ReadEntry& read) {
  return read.request.has_value() && ((*read.request).*has)();
}

constexpr std::array<Named, 12> kTypes = {{
    {"ConfigChange", [](const ReadEntry& read) { return !IsNormal(read); }},
    {"Normal", IsNormal},
    {"Request", [](const ReadEntry& read) { return IsNormal(read) && !read.request.has_value(); }},
    {"InternalRaftRequest", [](const ReadEntry& read) { return read.request.has_value(); }},
    {"IRRRange", Is<&Request::has_range>},
    {"IRRPut", Is<&Request::has_put>},
    {"IRRDeleteRange", Is<&Request::has_delete_range>},
    {"IRRTxn", Is<&Request::has_txn>},
    {"IRRCompaction", Is<&Request::has_compaction>},
    {"IRRLeaseGrant", Is<&Request::has_lease_grant>},
    {"IRRLeaseRevoke", Is<&Request::has_lease_revoke>},
    {"IRRLeaseCheckpoint", Is<&Request::has_lease_checkpoint>},
}};

}  // namespace

const char* const kEntryTypeNames =
    "ConfigChange, Normal, Request, InternalRaftRequest,\n"
    "IRRRange, IRRPut, IRRDeleteRange, IRRTxn,\n"
    "IRRCompaction, IRRLeaseGrant, IRRLeaseRevoke, IRRLeaseCheckpoint";

EntryFilter::EntryFilter(const std::string& names) {
  if (names.empty()) return;
  for (const std::string& name : base::Split(names, ',')) {
    const auto found = std::find_if(kTypes.begin(), kTypes.end(),
                                    [&name](const Named& each) { return each.name == name; });
    if (found == kTypes.end()) {
      unknown_names_.push_back(name);
    } else {
      tests_.push_back(found->test);
    }
  }
}

bool EntryFilter::Passes(const ReadEntry& read) const {
  return std::any_of(tests_.begin(), tests_.end(), [&read](Test test) { return test(read); });
}

}  // namespace dump
