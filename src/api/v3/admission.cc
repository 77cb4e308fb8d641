#include "api/v3/admission.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "api/v3/service.h"
#include "base/come_back.h"

namespace v3 {
namespace {

class AnswerCount final : public rpc::ServerCall::AnswerListener {
 public:
  AnswerCount(admission::Charged charged, runtime::Loop* loop)
      : charged_(std::move(charged)), loop_(*loop) {}

  void OnAnswer(size_t bytes) override {
    const runtime::TimePoint now = loop_.clock().Now();
    for (const auto& meter : charged_) meter->TakeAnswer(bytes, now);
  }

 private:
  const admission::Charged charged_;
  runtime::Loop& loop_;
};

// The smallest of those that limit memory.
std::shared_ptr<http::SharedBudget> MemoryOf(const admission::Charged& charged) {
  std::shared_ptr<http::SharedBudget> smallest;
  for (const auto& meter : charged) {
    const auto& memory = meter->memory();
    if (memory == nullptr) continue;
    if (smallest == nullptr || memory->max() < smallest->max()) smallest = memory;
  }
  return smallest;
}

}  // namespace

std::chrono::milliseconds WaitOf(const admission::Refusal& refusal) {
  return std::chrono::ceil<std::chrono::milliseconds>(refusal.wait);
}

std::optional<admission::Refusal> Admission::Take(const Context& context, rpc::ServerCall& call,
                                                  std::vector<auth::KeyRange> keys, size_t bytes,
                                                  admission::Charged* charged) const {
  const std::shared_ptr<const admission::RuleSet>& rules = frontend_.rules();
  auth::Identity who;
  auth::Judge& judge = context.judge();
  const bool asks_for_rights = rules->AsksForKeys() && judge.view().enabled;
  if (rules->AsksForUser() || asks_for_rights) {
    base::Result<auth::Identity> known = context.Identify(call);
    // Whoever cannot be told is refused for that.
    if (!known.ok()) return std::nullopt;
    who = *std::move(known);
  }
  // Those who may not touch them take nothing from those who may.
  if (asks_for_rights) {
    std::erase_if(keys, [&](const auth::KeyRange& range) {
      return !judge.CheckKeys(who, auth::Access::kRead, range).ok() &&
             !judge.CheckKeys(who, auth::Access::kWrite, range).ok();
    });
  }
  auto refusal = meters_.Admit(
      rules,
      {.user = who.user, .keys = keys, .bytes = bytes, .now = frontend_.loop().clock().Now()},
      charged);
  if (!refusal.has_value()) call.CountTo(MemoryOf(*charged));
  return refusal;
}

std::optional<admission::Refusal> Admission::Take(const Context& context, rpc::ServerCall& call,
                                                  const std::vector<auth::KeyRange>& keys,
                                                  size_t bytes) const {
  if (IsOff()) return std::nullopt;
  admission::Charged charged;
  return Take(context, call, keys, bytes, &charged);
}

bool Admission::Admit(const Context& context, rpc::ServerCall& call, const Counting& counting,
                      base::ByteView message) const {
  if (counting.kind != Counting::Kind::kEach || IsOff()) return true;
  RequestKeys keys;
  const bool reads_keys = counting.read != nullptr && frontend_.rules()->AsksForKeys();
  // What is no request is refused for that.
  if (reads_keys && !counting.read(message, &keys)) return true;
  admission::Charged charged;
  const auto refusal = Take(context, call, keys.ranges(), message.size(), &charged);
  if (refusal.has_value()) {
    http::Headers trailers;
    trailers.Add(base::kComeBackTrailer, std::to_string(WaitOf(*refusal).count()));
    call.Finish(refusal->status, trailers);
    return false;
  }
  if (!charged.empty()) {
    call.SetAnswerListener(std::make_unique<AnswerCount>(std::move(charged), &frontend_.loop()));
  }
  return true;
}

}  // namespace v3
