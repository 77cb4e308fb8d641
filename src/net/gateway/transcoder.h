#pragma once

#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace google::protobuf {
class Descriptor;
namespace util {
class TypeResolver;
}
}  // namespace google::protobuf

namespace gateway {

// protobuf's JSON mapping as etcd uses it: names as in the .proto files (in requests their lower
// camel case as well), 64-bit integers as strings, bytes as base64, enums by name, what is zero or
// empty left out, unknown names ignored. One thread at a time.
class Transcoder {
 public:
  Transcoder();
  ~Transcoder();

  // The encoded message. kInvalidArgument for text that is none; no text at all is an empty one.
  base::Result<base::Bytes> ToBinary(const google::protobuf::Descriptor& type,
                                     base::ByteView json) const;
  // kInternal for bytes that are no such message.
  base::Result<base::Bytes> ToJson(const google::protobuf::Descriptor& type,
                                   base::ByteView binary) const;

 private:
  const std::unique_ptr<google::protobuf::util::TypeResolver> resolver_;
};

}  // namespace gateway
