#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>

#include "base/errors.h"
#include "base/result.h"
#include "proto/admission.pb.h"
#include "runtime/published.h"
#include "state/admission/rule_set.h"
#include "storage/backend/backend.h"
#include "storage/backend/write_buffer.h"

namespace admission {

inline constexpr base::errors::Error kRuleNotFound{base::Code::kNotFound,
                                                   "etcdserver: admission rule not found"};
inline constexpr base::errors::Error kTooManyRules{base::Code::kResourceExhausted,
                                                   "etcdserver: too many admission rules"};

// The extension whose entries change them (state/members/extensions.h).
inline constexpr char kExtension[] = "admission";

inline constexpr size_t kRulesMax = 256;
inline constexpr size_t kNameBytesMax = 64;
inline constexpr size_t kUserBytesMax = 256;
inline constexpr size_t kPrefixBytesMax = 1024;
inline constexpr uint64_t kRateMax = 1'000'000'000'000;
inline constexpr uint64_t kBurstMillisecondsMax = 60'000;

// Whether it is a rule: it has a name, limits something, and nothing in it is beyond what is above.
// kInvalidArgument, saying what is wrong.
base::Status Check(const admissionpb::Rule& rule);

// The rules of the cluster, in memory and, through the write buffer, in the database: in the bucket
// `cluster`, under schema::kAdmissionRule and the name. Belongs to the apply loop, but for
// published(); changes are parts of the entry being applied.
class Rules {
 public:
  // kDataLoss for a record that cannot be believed. `buffer` outlives this.
  static base::Result<std::unique_ptr<Rules>> Load(backend::Reader& reader,
                                                   backend::WriteBuffer* buffer);

  // Adds it, or replaces the one of that name. Check's errors; kTooManyRules.
  base::Status Set(const admissionpb::Rule& rule);
  // kRuleNotFound.
  base::Status Delete(const std::string& name);

  // The rules as they are now. Any thread.
  const runtime::Published<const RuleSet>& published() const { return published_; }

 private:
  explicit Rules(backend::WriteBuffer* buffer) : buffer_(buffer) {}

  void Publish();

  backend::WriteBuffer* const buffer_;
  std::map<std::string, admissionpb::Rule> by_name_;
  runtime::Published<const RuleSet> published_;
};

}  // namespace admission
