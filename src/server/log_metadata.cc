#include "server/log_metadata.h"

#include "base/wire.h"

namespace server {
namespace {

struct MetadataField {
  enum : uint32_t { kNodeId = 1, kClusterId = 2 };
};

}  // namespace

base::Bytes EncodeMetadata(const LogMetadata& metadata) {
  base::Bytes bytes;
  base::WireWriter writer(&bytes);
  writer.Varint(MetadataField::kNodeId, metadata.member.value());
  writer.Varint(MetadataField::kClusterId, metadata.cluster.value());
  return bytes;
}

base::Result<LogMetadata> ParseMetadata(base::ByteView bytes) {
  LogMetadata metadata;
  base::WireReader reader(bytes);
  while (reader.Next()) {
    if (reader.field() == MetadataField::kNodeId) metadata.member = base::MemberId(reader.varint());
    if (reader.field() == MetadataField::kClusterId) {
      metadata.cluster = base::ClusterId(reader.varint());
    }
  }
  if (!reader.ok() || metadata.member == base::MemberId()) {
    return base::Status(base::Code::kDataLoss, "wal: the metadata names no member");
  }
  return metadata;
}

}  // namespace server
