#include "state/kv/held_pins.h"

#include <algorithm>
#include <utility>

namespace kv {

HeldPins::HeldPins(runtime::Loop* loop, runtime::Duration age)
    : loop_(loop), age_(age), timer_(loop->NewTimer([this] { LetGo(); })) {}

HeldPins::Place HeldPins::Hold(std::unique_ptr<mvcc::ReadPin> pin) {
  held_.push_back({std::move(pin), loop_->clock().Now() + age_});
  if (timer_ != nullptr && !std::exchange(is_armed_, true)) timer_->Arm(age_);
  return {shared_from_this(), std::prev(held_.end())};
}

void HeldPins::LetGo() {
  is_armed_ = false;
  const runtime::TimePoint now = loop_->clock().Now();
  while (!held_.empty() && held_.front().until <= now) {
    held_.front().pin.reset();
    let_go_.splice(let_go_.end(), held_, held_.begin());
  }
  if (held_.empty()) return;
  is_armed_ = true;
  timer_->Arm(std::max(held_.front().until - now, runtime::Duration(0)));
}

void HeldPins::Close() {
  timer_.reset();
  for (Entry& entry : held_) entry.pin.reset();
  let_go_.splice(let_go_.end(), held_);
}

HeldPins::Place::~Place() {
  if (pins_ == nullptr) return;
  (entry_->pin == nullptr ? pins_->let_go_ : pins_->held_).erase(entry_);
}

}  // namespace kv
