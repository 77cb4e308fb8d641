#include "api/v3/admission_service.h"

#include <memory>
#include <string>
#include <utility>

#include "proto/admission.pb.h"
#include "proto/raft_internal.pb.h"
#include "state/admission/rules.h"

namespace v3 {
namespace {

using etcdserverpb::InternalRaftRequest;

constexpr char kService[] = "admissionpb.Admission";

}  // namespace

void AdmissionService::AddTo(rpc::Server& table) {
  context_.AddUnary(table, kService, "RuleSet", this, &AdmissionService::RuleSet);
  context_.AddUnary(table, kService, "RuleDelete", this, &AdmissionService::RuleDelete);
  context_.AddUnary(table, kService, "RuleList", this, &AdmissionService::RuleList);
}

void AdmissionService::RuleSet(Call call, base::ByteView bytes) {
  admissionpb::RuleSetRequest request;
  if (!Parse(*call, bytes, &request)) return;
  if (base::Status status = admission::Check(request.rule()); !status.ok()) {
    return call->Finish(status);
  }
  auto held = std::make_shared<Call>(std::move(call));
  runtime::Loop* const loop = &context_.frontend().loop();
  context_.server().extensions().Enable(
      admission::kExtension, [this, loop, held, bytes = base::Bytes(bytes)](auto status) {
        loop->Post([this, held, bytes, status] {
          if (!(*held)->is_open()) return;
          if (!status.ok()) return (*held)->Finish(status);
          context_.Propose(std::move(*held), InternalRaftRequest::kAdmissionRuleSetFieldNumber,
                           bytes);
        });
      });
}

void AdmissionService::RuleDelete(Call call, base::ByteView bytes) {
  admissionpb::RuleDeleteRequest request;
  if (!Parse(*call, bytes, &request)) return;
  // Where there never was a rule, none is asked for of members that would not understand it.
  if (context_.frontend().rules()->empty()) return call->Finish(admission::kRuleNotFound);
  context_.Propose(std::move(call), InternalRaftRequest::kAdmissionRuleDeleteFieldNumber, bytes);
}

void AdmissionService::RuleList(Call call, base::ByteView bytes) {
  admissionpb::RuleListRequest request;
  if (!Parse(*call, bytes, &request)) return;
  context_.frontend().ReadIndex([this, rpc = std::move(call.rpc)](const base::Status& status) {
    if (!rpc->is_open()) return;
    if (!status.ok()) return rpc->Finish(status);
    admissionpb::RuleListResponse response;
    for (const admissionpb::Rule& rule : context_.frontend().rules()->rules()) {
      *response.add_rules() = rule;
    }
    context_.Reply(*rpc, response);
  });
}

}  // namespace v3
