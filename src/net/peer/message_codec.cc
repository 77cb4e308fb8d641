#include "net/peer/message_codec.h"

#include <string>
#include <utility>

#include "base/result.h"
#include "raft/codec.h"

namespace peer {
namespace {

bool IsLinkHeartbeat(const raft::Message& message) {
  return message.type == raft::MessageType::kHeartbeat && message.from == base::MemberId() &&
         message.to == base::MemberId();
}

// As etcd 3.7 writes it: the field of the type alone.
constexpr base::ByteView kLinkHeartbeat("\0\0\0\0\0\0\0\2\x08\x08", 10);

}  // namespace

void MessageEncoder::Encode(const raft::Message& message, base::Bytes* out) {
  const size_t at = out->size();
  out->resize(at + 8);
  raft::Encode(message, out);
  base::Store64Be(out->data() + at, out->size() - at - 8);
}

void MessageEncoder::EncodeLinkHeartbeat(base::Bytes* out) {
  out->append(kLinkHeartbeat);
}

base::Status MessageDecoder::Feed(base::ByteView bytes, std::vector<raft::Message>* messages) {
  while (!bytes.empty()) {
    if (!size_.has_value()) {
      const auto length = partial_.Take(8, &bytes);
      if (!length.has_value()) return {};
      size_ = base::Load64Be(length->data());
      if (*size_ > kMessageBytesMax) {
        return {base::Code::kResourceExhausted,
                "a message of " + std::to_string(*size_) + " bytes"};
      }
    }
    const auto encoded = partial_.Take(*size_, &bytes);
    if (!encoded.has_value()) return {};
    size_.reset();
    ASSIGN_OR_RETURN(raft::Message message, raft::DecodeMessage(*encoded));
    if (!IsLinkHeartbeat(message)) messages->push_back(std::move(message));
  }
  return {};
}

}  // namespace peer
