#pragma once

#include <optional>
#include <string>

#include "proto/raft_internal.pb.h"
#include "raft/types.h"

namespace dump {

// An entry of the log and what it asks for.
struct ReadEntry {
  explicit ReadEntry(raft::Entry of);

  raft::Entry entry;
  // Of a normal entry, unless it is none: one of etcd's API v2, or unknown bytes.
  std::optional<etcdserverpb::InternalRaftRequest> request;
};

// Term, index, type and data, separated by tabs, as etcd-dump-logs of 3.6 and 3.7 shows them.
//
// Everything of a request is shown, hashes of passwords and tokens too, but for a password that is
// in the clear where somebody's is changed. Requests of API v2 are shown as by 3.6.
std::string EntryText(const ReadEntry& read);

}  // namespace dump
