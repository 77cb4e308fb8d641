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

using etcdserverpb::RequestHeader;

constexpr uint32_t kHeader = etcdserverpb::InternalRaftRequest::kHeaderFieldNumber;

// Protobuf's short way has a limit of its own, of 100; few requests are deeper. Its limit does not
// count the outermost message.
bool Parse(base::ByteView bytes, int depth_max, google::protobuf::MessageLite* message) {
  const int size = static_cast<int>(bytes.size());
  if (message->ParseFromArray(bytes.data(), size)) return true;
  google::protobuf::io::CodedInputStream input(reinterpret_cast<const uint8_t*>(bytes.data()),
                                               size);
  input.SetRecursionLimit(depth_max - 1);
  return message->ParseFromCodedStream(&input) && input.ConsumedEntireMessage();
}

template <typename Writer>
void WriteHeader(uint64_t id, const auth::Identity& identity, Writer* writer) {
  writer->Varint(RequestHeader::kIDFieldNumber, id);
  writer->BytesIfSet(RequestHeader::kUsernameFieldNumber, identity.user);
  writer->VarintIfSet(RequestHeader::kAuthRevisionFieldNumber, identity.revision);
}

}  // namespace

bool ParseRequest(base::ByteView bytes, google::protobuf::MessageLite* request) {
  return Parse(bytes, kRequestDepthMax, request);
}

void EncodeEntry(uint64_t id, const auth::Identity& identity, uint32_t field,
                 base::ByteView request, base::Bytes* entry) {
  entry->clear();
  base::WireWriter writer(entry);
  writer.Bytes(field, request);
  base::WireCounter counter;
  WriteHeader(id, identity, &counter);
  writer.BytesHeader(kHeader, counter.size());
  WriteHeader(id, identity, &writer);
}

bool ParseEntry(base::ByteView bytes, etcdserverpb::InternalRaftRequest* request) {
  return Parse(bytes, kEntryDepthMax, request);
}

}  // namespace apply
