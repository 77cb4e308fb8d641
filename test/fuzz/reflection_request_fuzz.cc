// Any requests on one stream of server reflection: each is refused or gets an answer that can be
// read, repeats the request, and whose files are described. No file comes twice unless it is asked
// for.

#include <google/protobuf/descriptor.pb.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>

#include "base/check.h"
#include "net/reflection/answers.h"
#include "proto/reflection.pb.h"

namespace {

using grpc::reflection::v1::ServerReflectionRequest;
using grpc::reflection::v1::ServerReflectionResponse;

void CheckAnswer(const ServerReflectionResponse& answer, std::set<std::string>& imported) {
  CHECK(answer.message_response_case() != ServerReflectionResponse::MESSAGE_RESPONSE_NOT_SET);
  bool asked_for = true;  // the first is, the others are its imports
  for (const std::string& bytes : answer.file_descriptor_response().file_descriptor_proto()) {
    google::protobuf::FileDescriptorProto file;
    CHECK(file.ParseFromString(bytes));
    CHECK(imported.insert(file.name()).second || asked_for);
    asked_for = false;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  base::ByteView rest(reinterpret_cast<const char*>(data), size);
  reflection::Answers answers({"grpc.health.v1.Health", "etcdserverpb.KV"});
  std::set<std::string> imported;
  while (!rest.empty()) {
    // Each request after its size.
    const size_t length = static_cast<uint8_t>(rest.front());
    rest.remove_prefix(1);
    const base::ByteView request = rest.substr(0, length);
    rest.remove_prefix(request.size());
    const base::Result<base::Bytes> bytes = answers.Answer(request);
    if (!bytes.ok()) continue;
    ServerReflectionResponse answer;
    CHECK(answer.ParseFromString(*bytes));
    ServerReflectionRequest asked;
    CHECK(asked.ParseFromArray(request.data(), static_cast<int>(request.size())));
    CHECK(answer.original_request().SerializeAsString() == asked.SerializeAsString());
    CheckAnswer(answer, imported);
  }
  return 0;
}
