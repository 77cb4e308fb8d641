#include "state/apply/loggable_text.h"

#include <google/protobuf/text_format.h>

#include "proto/raft_internal.pb.h"
#include "proto/rpc.pb.h"
#include "proto/v2.pb.h"

namespace apply {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::TextFormat;

// value: "abc" becomes value_size: 3.
class SizePrinter final : public TextFormat::FastFieldValuePrinter {
 public:
  void PrintFieldName(const Message& message, int index, int count, const Reflection* reflection,
                      const FieldDescriptor* field,
                      TextFormat::BaseTextGenerator* out) const override {
    FastFieldValuePrinter::PrintFieldName(message, index, count, reflection, field, out);
    out->PrintLiteral("_size");
  }
  void PrintBytes(const std::string& value, TextFormat::BaseTextGenerator* out) const override {
    out->PrintString(std::to_string(value.size()));
  }
};

class SecretPrinter final : public TextFormat::FastFieldValuePrinter {
 public:
  void PrintString(const std::string&, TextFormat::BaseTextGenerator* out) const override {
    out->PrintLiteral("\"\"");
  }
};

const TextFormat::Printer& Printer() {
  static const TextFormat::Printer* const printer = [] {
    auto* const made = new TextFormat::Printer;
    made->SetSingleLineMode(true);
    // The printer owns what is registered.
    const auto hide = [made](const google::protobuf::Descriptor* message, const char* field,
                             auto* field_printer) {
      made->RegisterFieldValuePrinter(message->FindFieldByName(field), field_printer);
    };
    hide(etcdserverpb::PutRequest::descriptor(), "value", new SizePrinter);
    hide(etcdserverpb::Compare::descriptor(), "value", new SizePrinter);
    hide(v2pb::Request::descriptor(), "value", new SizePrinter);
    hide(v2pb::Request::descriptor(), "prev_value", new SizePrinter);
    hide(etcdserverpb::AuthUserAddRequest::descriptor(), "password", new SecretPrinter);
    hide(etcdserverpb::AuthUserAddRequest::descriptor(), "hashedPassword", new SecretPrinter);
    hide(etcdserverpb::AuthUserChangePasswordRequest::descriptor(), "password", new SecretPrinter);
    hide(etcdserverpb::AuthUserChangePasswordRequest::descriptor(), "hashedPassword",
         new SecretPrinter);
    hide(etcdserverpb::AuthenticateRequest::descriptor(), "password", new SecretPrinter);
    hide(etcdserverpb::InternalAuthenticateRequest::descriptor(), "password", new SecretPrinter);
    hide(etcdserverpb::InternalAuthenticateRequest::descriptor(), "simple_token",
         new SecretPrinter);
    return made;
  }();
  return *printer;
}

}  // namespace

std::string LoggableText(const Message& request) {
  std::string text;
  Printer().PrintToString(request, &text);
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

}  // namespace apply
