#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "state/auth/identity.h"

namespace etcdserverpb {
class InternalRaftRequest;
}
namespace google::protobuf {
class MessageLite;
}

// Requests as clients send them and as they lie in the log. What is taken from a client is embedded
// in its entry byte for byte, one level deeper: so the log's limit follows from the clients'.

namespace apply {

// Messages within messages that a client's request may have, the outermost among them, as in etcd
// (Go's protobuf).
inline constexpr int kRequestDepthMax = 10'000;

// A client's request. False for bytes that are no such message, or that are too deep.
bool ParseRequest(base::ByteView bytes, google::protobuf::MessageLite* request);

// Replaces `*entry` by the payload of the entry that has `request` carried out: the encoded field
// `field` of InternalRaftRequest, beside a header of the request's number and who asks.
void EncodeEntry(uint64_t id, const auth::Identity& identity, uint32_t field,
                 base::ByteView request, base::Bytes* entry);

// The payload of an entry. False for bytes that are no such message.
bool ParseEntry(base::ByteView bytes, etcdserverpb::InternalRaftRequest* request);

}  // namespace apply
