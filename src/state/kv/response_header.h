#pragma once

#include <cstddef>

#include "base/ids.h"

namespace kv {

// etcdserverpb.ResponseHeader, field 1 of every response.
struct ResponseHeader {
  base::ClusterId cluster;
  base::MemberId member;
  base::Revision revision;
  base::Term term;
};

// Of the field, with its tag.
size_t HeaderSize(const ResponseHeader& header);
// Writes HeaderSize(header) bytes at `out`; returns what follows them.
char* WriteHeader(const ResponseHeader& header, char* out);

}  // namespace kv
