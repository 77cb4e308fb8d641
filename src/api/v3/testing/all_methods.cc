#include "api/v3/testing/all_methods.h"

#include <map>
#include <set>
#include <string>

#include "proto/admission.pb.h"
#include "proto/rpc.pb.h"
#include "proto/usage.pb.h"
#include "proto/v3election.pb.h"
#include "proto/v3lock.pb.h"

namespace v3::testing {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MethodDescriptor;

void Fill(Message* request) {
  const std::map<std::string, std::string> texts = {
      {"key", "secret"},    {"name", "secret"},
      {"role", "secret"},   {"user", "secret"},
      {"value", "any"},     {"password", "any"},
      {"version", "3.6.0"}, {"peerURLs", "http://other:2380"}};
  const auto* const reflection = request->GetReflection();
  const Descriptor* const descriptor = request->GetDescriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const FieldDescriptor* const field = descriptor->field(i);
    const bool is_text = field->cpp_type() == FieldDescriptor::CPPTYPE_STRING;
    if (is_text && texts.contains(field->name())) {
      const std::string& text = texts.at(field->name());
      if (field->is_repeated()) {
        reflection->AddString(request, field, text);
        reflection->AddString(request, field, text);
      } else {
        reflection->SetString(request, field, text);
      }
    }
    const bool is_lease = field->name() == "lease" || field->name() == "ID";
    if (is_lease && field->cpp_type() == FieldDescriptor::CPPTYPE_INT64) {
      reflection->SetInt64(request, field, kSecretLease);
    }
    if (field->name() == "keys") reflection->SetBool(request, field, true);
    const std::set<std::string> inner = {"perm", "create_request", "leader", "rule"};
    if (inner.contains(field->name())) Fill(reflection->MutableMessage(request, field));
  }
}

}  // namespace

std::vector<const MethodDescriptor*> AllMethods() {
  std::vector<const MethodDescriptor*> methods;
  for (const auto* const file :
       {etcdserverpb::RangeRequest::descriptor()->file(),
        v3lockpb::LockRequest::descriptor()->file(),
        v3electionpb::CampaignRequest::descriptor()->file(),
        admissionpb::Rule::descriptor()->file(), usagepb::UsageRequest::descriptor()->file()}) {
    for (int i = 0; i < file->service_count(); ++i) {
      const auto* const service = file->service(i);
      for (int j = 0; j < service->method_count(); ++j) methods.push_back(service->method(j));
    }
  }
  return methods;
}

std::unique_ptr<Message> RequestAboutSecret(const MethodDescriptor& method) {
  const Message* const prototype =
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(method.input_type());
  std::unique_ptr<Message> request(prototype->New());
  Fill(request.get());
  if (auto* const txn = dynamic_cast<etcdserverpb::TxnRequest*>(request.get())) {
    txn->add_failure()->mutable_request_range()->set_key("secret");
  }
  return request;
}

}  // namespace v3::testing
