#pragma once

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"

namespace server {

// A log's first record, etcdserverpb.Metadata: whose log it is.
struct LogMetadata {
  base::MemberId member;
  base::ClusterId cluster;

  friend bool operator==(const LogMetadata&, const LogMetadata&) = default;
};

base::Bytes EncodeMetadata(const LogMetadata& metadata);
// kDataLoss for bytes that name no member.
base::Result<LogMetadata> ParseMetadata(base::ByteView bytes);

}  // namespace server
