#include "net/gateway/transcoder.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/type_resolver.h>
#include <google/protobuf/util/type_resolver_util.h>

namespace gateway {
namespace {

namespace util = google::protobuf::util;

constexpr char kUrlPrefix[] = "type.googleapis.com";

std::string TypeUrl(const google::protobuf::Descriptor& type) {
  std::string url = kUrlPrefix;
  url += '/';
  return url + type.full_name();
}

bool IsBlank(base::ByteView text) {
  return text.find_first_not_of(" \t\r\n") == base::ByteView::npos;
}

}  // namespace

Transcoder::Transcoder()
    : resolver_(util::NewTypeResolverForDescriptorPool(
          kUrlPrefix, google::protobuf::DescriptorPool::generated_pool())) {}

Transcoder::~Transcoder() = default;

base::Result<base::Bytes> Transcoder::ToBinary(const google::protobuf::Descriptor& type,
                                               base::ByteView json) const {
  base::Bytes binary;
  if (IsBlank(json)) return binary;
  util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  const auto status = util::JsonToBinaryString(resolver_.get(), TypeUrl(type),
                                               {json.data(), json.size()}, &binary, options);
  if (!status.ok()) {
    return base::Status(base::Code::kInvalidArgument,
                        "json: " + std::string(status.message().data(), status.message().size()));
  }
  return binary;
}

base::Result<base::Bytes> Transcoder::ToJson(const google::protobuf::Descriptor& type,
                                             base::ByteView binary) const {
  base::Bytes json;
  util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  const auto status =
      util::BinaryToJsonString(resolver_.get(), TypeUrl(type), base::Bytes(binary), &json, options);
  if (!status.ok()) {
    return base::Status(base::Code::kInternal,
                        std::string(status.message().data(), status.message().size()));
  }
  return json;
}

}  // namespace gateway
