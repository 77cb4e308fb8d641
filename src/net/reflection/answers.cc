#include "net/reflection/answers.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <algorithm>
#include <vector>

#include "proto/health.pb.h"
#include "proto/reflection.pb.h"
#include "proto/reflection_v1alpha.pb.h"
#include "proto/rpc.pb.h"
#include "proto/v3election.pb.h"
#include "proto/v3lock.pb.h"

namespace reflection {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using grpc::reflection::v1::ExtensionRequest;
using grpc::reflection::v1::ServerReflectionRequest;
using grpc::reflection::v1::ServerReflectionResponse;

// The descriptors of the .proto files that the program was linked with. The linker takes a file
// only if something mentions it: services mention their own, and these are for programs without.
const DescriptorPool& Pool() {
  static const DescriptorPool* const pool = [] {
    etcdserverpb::RangeRequest::descriptor();
    v3lockpb::LockRequest::descriptor();
    v3electionpb::LeaderRequest::descriptor();
    grpc::health::v1::HealthCheckRequest::descriptor();
    grpc::reflection::v1alpha::ServerReflectionRequest::descriptor();
    return DescriptorPool::generated_pool();
  }();
  return *pool;
}

const FileDescriptor* FileOfExtension(const ExtensionRequest& request) {
  const auto* const extended = Pool().FindMessageTypeByName(request.containing_type());
  if (extended == nullptr) return nullptr;
  const auto* const found = Pool().FindExtensionByNumber(extended, request.extension_number());
  return found == nullptr ? nullptr : found->file();
}

}  // namespace

// Fills in one answer.
class Answers::Writer {
 public:
  Writer(Answers* answers, ServerReflectionResponse* response)
      : answers_(*answers), response_(*response) {}

  // The file, and of its imports, however far away, those that the stream has not been given.
  void File(const FileDescriptor* file) {
    if (file == nullptr) return NotFound();
    std::vector<const FileDescriptor*> files = {file};
    answers_.sent_.insert(file->name());
    for (size_t i = 0; i < files.size(); ++i) {
      google::protobuf::FileDescriptorProto encoded;
      files[i]->CopyTo(&encoded);
      response_.mutable_file_descriptor_response()->add_file_descriptor_proto(
          encoded.SerializeAsString());
      for (int j = 0; j < files[i]->dependency_count(); ++j) {
        const FileDescriptor* const import = files[i]->dependency(j);
        if (answers_.sent_.insert(import->name()).second) files.push_back(import);
      }
    }
  }

  void ExtensionNumbers(const std::string& type) {
    const auto* const extended = Pool().FindMessageTypeByName(type);
    if (extended == nullptr) return NotFound();
    std::vector<const FieldDescriptor*> extensions;
    Pool().FindAllExtensions(extended, &extensions);
    auto& answer = *response_.mutable_all_extension_numbers_response();
    answer.set_base_type_name(type);
    for (const FieldDescriptor* extension : extensions) {
      answer.add_extension_number(extension->number());
    }
    auto& numbers = *answer.mutable_extension_number();
    std::sort(numbers.begin(), numbers.end());
  }

  void Services() {
    auto& answer = *response_.mutable_list_services_response();
    for (const std::string& name : answers_.services_) answer.add_service()->set_name(name);
  }

 private:
  void NotFound() {
    auto& error = *response_.mutable_error_response();
    error.set_error_code(static_cast<int>(base::Code::kNotFound));
    error.set_error_message("proto: not found");
  }

  Answers& answers_;
  ServerReflectionResponse& response_;
};

base::Result<base::Bytes> Answers::Answer(base::ByteView bytes) {
  ServerReflectionResponse response;
  ServerReflectionRequest& request = *response.mutable_original_request();
  if (!request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return base::Status(base::Code::kInternal, "grpc: error unmarshalling request");
  }
  response.set_valid_host(request.host());
  Writer writer(this, &response);
  switch (request.message_request_case()) {
    case ServerReflectionRequest::kFileByFilename:
      writer.File(Pool().FindFileByName(request.file_by_filename()));
      break;
    case ServerReflectionRequest::kFileContainingSymbol:
      writer.File(Pool().FindFileContainingSymbol(request.file_containing_symbol()));
      break;
    case ServerReflectionRequest::kFileContainingExtension:
      writer.File(FileOfExtension(request.file_containing_extension()));
      break;
    case ServerReflectionRequest::kAllExtensionNumbersOfType:
      writer.ExtensionNumbers(request.all_extension_numbers_of_type());
      break;
    case ServerReflectionRequest::kListServices:
      writer.Services();
      break;
    case ServerReflectionRequest::MESSAGE_REQUEST_NOT_SET:
      return base::Status(base::Code::kInvalidArgument, "invalid MessageRequest: <nil>");
  }
  return response.SerializeAsString();
}

}  // namespace reflection
