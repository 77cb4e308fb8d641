#pragma once

#include "api/v3/service.h"

namespace v3 {

// admissionpb.Admission: the rules by which requests are let in. Not etcd's; docs/admission.md.
class AdmissionService {
 public:
  // The context outlives this.
  explicit AdmissionService(const Context* context) : context_(*context) {}

  void AddTo(rpc::Server& table);

 private:
  void RuleSet(Call call, base::ByteView bytes);
  void RuleDelete(Call call, base::ByteView bytes);
  void RuleList(Call call, base::ByteView bytes);

  const Context& context_;
};

}  // namespace v3
