#include "state/admission/rules.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "state/admission/planted.h"
#include "storage/schema/schema.h"

namespace admission {
namespace {

constexpr backend::BucketId kBucket = schema::Id(schema::Bucket::kCluster);

std::string RecordKey(const std::string& name) {
  return std::string(schema::kAdmissionRule) + name;
}

base::Status Invalid(std::string_view what) {
  return {base::Code::kInvalidArgument, "etcdserver: admission rule " + std::string(what)};
}

bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

}  // namespace

base::Status Check(const admissionpb::Rule& rule) {
  const std::string& name = rule.name();
  if (name.empty()) return Invalid("has no name");
  if (name.size() > kNameBytesMax) return Invalid("has a name of more than 64 bytes");
  if (!std::all_of(name.begin(), name.end(), IsNameCharacter)) {
    return Invalid("has a name with other characters than letters, digits, '.', '_' and '-'");
  }
  if (rule.user().size() > kUserBytesMax) return Invalid("names a user of more than 256 bytes");
  if (rule.prefix().size() > kPrefixBytesMax) {
    return Invalid("has a prefix of more than 1024 bytes");
  }
  if (rule.requests_per_second() > kRateMax || rule.bytes_per_second() > kRateMax) {
    return Invalid("has a rate above 1000000000000");
  }
  if (rule.burst_milliseconds() > kBurstMillisecondsMax) {
    return Invalid("has a burst of more than 60 seconds");
  }
  if (rule.memory_percent() > 100) return Invalid("has a share of memory above 100 percent");
  if (rule.memory_percent() > 0 && (rule.user().empty() || !rule.prefix().empty())) {
    return Invalid("has a share of memory, which only a user can have, without a prefix");
  }
  if (rule.requests_per_second() == 0 && rule.bytes_per_second() == 0 &&
      rule.memory_percent() == 0) {
    return Invalid("limits nothing");
  }
  return {};
}

base::Result<std::unique_ptr<Rules>> Rules::Load(backend::Reader& reader,
                                                 backend::WriteBuffer* buffer) {
  std::unique_ptr<Rules> rules(new Rules(buffer));
  const auto cursor = reader.NewCursor(kBucket);
  RETURN_IF_ERROR(cursor->Seek(schema::kAdmissionRule));
  while (cursor->valid() && cursor->key().starts_with(schema::kAdmissionRule)) {
    admissionpb::Rule rule;
    const base::ByteView value = cursor->value();
    const bool is_one = rule.ParseFromArray(value.data(), static_cast<int>(value.size()));
    if (!is_one || !Check(rule).ok() || cursor->key() != RecordKey(rule.name())) {
      return base::Status(base::Code::kDataLoss, "bucket cluster: an admission rule is none");
    }
    rules->by_name_[rule.name()] = std::move(rule);
    RETURN_IF_ERROR(cursor->Next());
  }
  rules->Publish();
  return rules;
}

base::Status Rules::Set(const admissionpb::Rule& rule) {
  RETURN_IF_ERROR(Check(rule));
  const bool is_new = !by_name_.contains(rule.name());
  if (is_new && by_name_.size() >= kRulesMax) return kTooManyRules;
  by_name_[rule.name()] = rule;
  if (!base::Planted(PlantedBug::kSetIsNotSaved)) {
    buffer_->Put(kBucket, RecordKey(rule.name()), rule.SerializeAsString());
  }
  Publish();
  return {};
}

base::Status Rules::Delete(const std::string& name) {
  if (by_name_.erase(name) == 0) return kRuleNotFound;
  buffer_->Delete(kBucket, RecordKey(name));
  Publish();
  return {};
}

void Rules::Publish() {
  std::vector<admissionpb::Rule> rules;
  rules.reserve(by_name_.size());
  for (const auto& [name, rule] : by_name_) rules.push_back(rule);
  published_.Set(std::make_shared<const RuleSet>(std::move(rules)));
}

}  // namespace admission
