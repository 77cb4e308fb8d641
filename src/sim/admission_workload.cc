#include "sim/admission_workload.h"

#include <optional>
#include <set>
#include <utility>

#include "base/check.h"
#include "state/admission/rule_set.h"

namespace sim {
namespace {

// Rules that may be there at a time; most are deleted soon.
constexpr size_t kFew = 5;

std::string NameOf(size_t number) {
  return "rule" + std::to_string(number);
}

}  // namespace

AdmissionWorkload::AdmissionWorkload(runtime::simulated::Scheduler* scheduler, Checker* checker,
                                     Ask ask)
    : clock_(scheduler->clock()),
      random_(scheduler->random()),
      checker_(*checker),
      ask_(std::move(ask)) {}

void AdmissionWorkload::Act() {
  std::vector<size_t> there;
  for (size_t i = 0; i < rules_.size(); ++i) {
    if (rules_[i].told != Spell::kNever && rules_[i].ended == Spell::kNever) there.push_back(i);
  }
  if (!there.empty() && random_.Below(there.size() + 1) >= kFew) {
    return Delete(there[random_.Below(there.size())]);
  }
  switch (random_.Below(4)) {
    case 0:
      return Set();
    case 1:
      if (!there.empty()) return Delete(there[random_.Below(there.size())]);
      [[fallthrough]];
    default:
      return List();
  }
}

void AdmissionWorkload::Set() {
  const size_t number = rules_.size();
  rules_.emplace_back().asked = clock_.Now();
  admissionpb::RuleSetRequest request;
  admissionpb::Rule& rule = *request.mutable_rule();
  rule.set_name(NameOf(number));
  rule.set_prefix("limited/");
  rule.set_requests_per_second(random_.Between(1, 1000));
  ask_("/admissionpb.Admission/RuleSet", request.SerializeAsString(),
       [this, number](const Client::Answer& answer) {
         if (answer.status.ok()) rules_[number].told = clock_.Now();
         List();
       });
}

void AdmissionWorkload::Delete(size_t number) {
  Spell& spell = rules_[number];
  const runtime::TimePoint asked = clock_.Now();
  const bool is_first = spell.ending == Spell::kNever;
  if (is_first) spell.ending = asked;
  admissionpb::RuleDeleteRequest request;
  request.set_name(NameOf(number));
  ask_("/admissionpb.Admission/RuleDelete", request.SerializeAsString(),
       [this, number](const Client::Answer& answer) {
         if (answer.status.ok()) rules_[number].End(clock_.Now());
         List();
       });
}

void AdmissionWorkload::List() {
  ask_("/admissionpb.Admission/RuleList", admissionpb::RuleListRequest().SerializeAsString(),
       [this, asked = clock_.Now()](const Client::Answer& answer) {
         if (!answer.status.ok()) return;
         admissionpb::RuleListResponse response;
         CHECK(response.ParseFromArray(answer.reply.data(), static_cast<int>(answer.reply.size())));
         OnList(response, asked);
       });
}

void AdmissionWorkload::OnList(const admissionpb::RuleListResponse& response,
                               runtime::TimePoint asked) {
  std::set<std::string> listed;
  for (const admissionpb::Rule& rule : response.rules()) listed.insert(rule.name());
  const runtime::TimePoint now = clock_.Now();
  for (size_t i = 0; i < rules_.size(); ++i) {
    const bool is_listed = listed.contains(NameOf(i));
    if (is_listed && !rules_[i].MayLast(asked, now)) Fail(i, "is listed after it was deleted");
    if (!is_listed && rules_[i].MustLast(asked, now)) Fail(i, "was set and is not listed");
  }
}

void AdmissionWorkload::Fail(size_t number, const std::string& what) {
  checker_.Fail(base::Status(base::Code::kInternal, NameOf(number) + " " + what));
}

void AdmissionWorkload::CheckAll(const std::vector<Process*>& processes, Checker* checker) {
  std::optional<std::string> first;
  for (Process* const process : processes) {
    std::string held;
    const auto rules = process->server().state()->admission_rules().Get();
    for (const admissionpb::Rule& rule : rules->rules()) held += rule.ShortDebugString() + "; ";
    if (!first.has_value()) first = held;
    if (held == *first) continue;
    checker->Fail(
        base::Status(base::Code::kInternal, "admission rules differ: " + *first + "and " + held));
  }
}

}  // namespace sim
