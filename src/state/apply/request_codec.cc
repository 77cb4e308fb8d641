#include "state/apply/request_codec.h"

#include <google/protobuf/io/coded_stream.h>

#include "base/wire.h"
#include "proto/raft_internal.pb.h"

// Why the client's bytes go into the log as they came: to encode them again would cost time, and
// could lose what this version does not know. And a request that this parser took is one that it
// takes again, with one level of depth more around it.

namespace apply {
namespace {

// An entry is the message around the request.
constexpr int kEntryDepthMax = kRequestDepthMax + 1;

// InternalRaftRequest { 100: header { 1: ID, 2: username, 3: auth_revision } }
constexpr uint32_t kHeader = 100;
constexpr uint32_t kId = 1;
constexpr uint32_t kUserName = 2;
constexpr uint32_t kAuthRevision = 3;

// Protobuf's short way has a limit of its own, of 100; few requests are deeper.
bool Parse(base::ByteView bytes, int depth_max, google::protobuf::MessageLite* message) {
  const int size = static_cast<int>(bytes.size());
  if (message->ParseFromArray(bytes.data(), size)) return true;
  google::protobuf::io::CodedInputStream input(reinterpret_cast<const uint8_t*>(bytes.data()),
                                               size);
  input.SetRecursionLimit(depth_max);
  return message->ParseFromCodedStream(&input) && input.ConsumedEntireMessage();
}

}  // namespace

bool ParseRequest(base::ByteView bytes, google::protobuf::MessageLite* request) {
  return Parse(bytes, kRequestDepthMax, request);
}

void EncodeEntry(uint64_t id, const Identity& identity, uint32_t field, base::ByteView request,
                 base::Bytes* entry) {
  entry->clear();
  base::WireWriter writer(entry);
  writer.Bytes(field, request);
  if (identity.user.empty() && identity.auth_revision == 0) {
    writer.BytesHeader(kHeader, base::WireVarintSize(kId, id));
    return writer.Varint(kId, id);
  }
  base::Bytes header;
  base::WireWriter header_writer(&header);
  header_writer.Varint(kId, id);
  if (!identity.user.empty()) header_writer.Bytes(kUserName, identity.user);
  header_writer.VarintIfSet(kAuthRevision, identity.auth_revision);
  writer.Bytes(kHeader, header);
}

bool ParseEntry(base::ByteView bytes, etcdserverpb::InternalRaftRequest* request) {
  return Parse(bytes, kEntryDepthMax, request);
}

}  // namespace apply
