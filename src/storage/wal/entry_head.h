#pragma once

#include <cstddef>

#include "base/bytes.h"
#include "raft/types.h"

namespace wal {

// The encoding of an entry up to and including the length of its data, which follows as it is. As
// etcd's encoder of these proto2 messages does, the numbers are written even if zero, so that equal
// logs have equal bytes:
//
//   raftpb.Entry { 1: type, 2: term, 3: index, 4: data unless empty }
class EntryHead {
 public:
  explicit EntryHead(const raft::Entry& entry);
  base::ByteView view() const { return {bytes_, size_}; }

 private:
  char bytes_[4 * 11];  // four tags, each with an integer of up to ten bytes
  size_t size_;
};

}  // namespace wal
