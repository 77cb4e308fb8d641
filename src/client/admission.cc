#include <etcd/admission.h>

#include <algorithm>

#include "base/go_text.h"
#include "client/client_impl.h"
#include "client/convert.h"
#include "client/endings.h"

namespace etcd {
inline namespace v1 {
namespace {

namespace pb = admissionpb;
using client::Method;
using client::Repeatable;

constexpr Method kRuleSet{"/admissionpb.Admission/RuleSet"};
constexpr Method kRuleDelete{"/admissionpb.Admission/RuleDelete"};
constexpr Method kRuleList{"/admissionpb.Admission/RuleList", Repeatable::kYes};

// A message cannot hold a text that is not UTF-8: that fails in grpc-go's words.
template <typename Impl, typename Done>
void RefuseText(Impl* impl, Done done) {
  impl->Post([done = std::move(done)] { done(client::ToPublic(client::NotUtf8())); });
}

}  // namespace

Client::Impl* Admission::Impl() {
  return client_.impl_.get();
}

void Admission::RuleSet(const AdmissionRule& rule, const CallOptions& options,
                        Callback<AdmissionChangeResponse> done) {
  if (!base::IsUtf8(rule.name) || !base::IsUtf8(rule.user)) {
    return RefuseText(Impl(), std::move(done));
  }
  pb::RuleSetRequest message;
  *message.mutable_rule() = client::ToProto(rule);
  Impl()->Unary<pb::RuleSetResponse>(Impl()->NewRequest(kRuleSet, message, options), options,
                                     std::move(done));
}
Result<AdmissionChangeResponse> Admission::RuleSet(const AdmissionRule& rule,
                                                   const CallOptions& options) {
  return Impl()->Await<Result<AdmissionChangeResponse>>(
      [&](auto done) { RuleSet(rule, options, done); });
}

void Admission::RuleDelete(const std::string& name, const CallOptions& options,
                           Callback<AdmissionChangeResponse> done) {
  if (!base::IsUtf8(name)) return RefuseText(Impl(), std::move(done));
  pb::RuleDeleteRequest message;
  message.set_name(name);
  Impl()->Unary<pb::RuleDeleteResponse>(Impl()->NewRequest(kRuleDelete, message, options), options,
                                        std::move(done));
}
Result<AdmissionChangeResponse> Admission::RuleDelete(const std::string& name,
                                                      const CallOptions& options) {
  return Impl()->Await<Result<AdmissionChangeResponse>>(
      [&](auto done) { RuleDelete(name, options, done); });
}

void Admission::RuleList(const CallOptions& options, Callback<AdmissionRuleListResponse> done) {
  Impl()->Unary<pb::RuleListResponse>(Impl()->NewRequest(kRuleList, pb::RuleListRequest(), options),
                                      options, std::move(done));
}
Result<AdmissionRuleListResponse> Admission::RuleList(const CallOptions& options) {
  return Impl()->Await<Result<AdmissionRuleListResponse>>(
      [&](auto done) { RuleList(options, done); });
}

}  // namespace v1
}  // namespace etcd
