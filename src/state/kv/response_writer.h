#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/ids.h"

namespace kv {

// etcdserverpb.ResponseHeader { 1: cluster_id, 2: member_id, 3: revision, 4: raft_term }
struct ResponseHeader {
  base::ClusterId cluster;
  base::MemberId member;
  base::Revision revision;
  base::Term term;
};

// Writes fields of a response into memory whose size was computed before: answers go from the
// store into the frame that is sent, and are copied once. Each function returns what follows.
// Numbers are left out if they are zero, as proto3 does.
size_t NumberSize(uint32_t field, uint64_t value);
char* WriteNumber(uint32_t field, uint64_t value, char* out);
// Written even if they are empty.
size_t BytesSize(uint32_t field, size_t size);
char* WriteBytesHeader(uint32_t field, size_t size, char* out);
char* WriteBytes(uint32_t field, base::ByteView bytes, char* out);

// Field 1 of every response, with its tag.
size_t HeaderSize(const ResponseHeader& header);
char* WriteHeader(const ResponseHeader& header, char* out);

}  // namespace kv
