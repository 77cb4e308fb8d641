#include "ctl/load.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace ctl {
namespace {

uint64_t ShareOf(const LoadOptions& options) {
  if (options.total <= options.first) return 0;
  return (options.total - options.first - 1) / options.step + 1;
}

}  // namespace

Load::Load(runtime::Loop* loop, const LoadOptions& options, Begin begin, Record record,
           std::function<void()> ended)
    : loop_(*loop),
      options_(options),
      mine_(ShareOf(options)),
      begin_(std::move(begin)),
      record_(std::move(record)),
      ended_(std::move(ended)),
      timer_(loop->NewTimer([this] { Advance(); })) {
  for (size_t client = options.clients; client > 0; --client) idle_.push_back(client - 1);
}

void Load::Start(runtime::TimePoint start) {
  start_ = start;
  const runtime::Clock& clock = loop_.clock();
  wall_start_.unix_nanos = clock.WallNow().unix_nanos - (clock.Now() - start).count();
  Advance();
}

void Load::Stop() {
  stopped_ = true;
  timer_->Disarm();
  EndIfOver();
}

void Load::Abandon() {
  if (std::exchange(over_, true)) return;
  stopped_ = true;
  timer_->Disarm();
  took_ = loop_.clock().Now() - start_;
  ended_();
}

runtime::TimePoint Load::DueAt(uint64_t index) const {
  const auto number = static_cast<double>(options_.first + index * options_.step);
  return start_ + std::chrono::duration_cast<runtime::Duration>(
                      std::chrono::duration<double>(number / options_.rate));
}

void Load::LeaveOutLate(runtime::TimePoint now) {
  if (options_.late_max == UINT64_MAX) return;
  const double number = std::chrono::duration<double>(now - start_).count() * options_.rate;
  if (number < static_cast<double>(options_.first)) return;
  const uint64_t due =
      static_cast<uint64_t>(number - static_cast<double>(options_.first)) / options_.step + 1;
  if (due > options_.late_max) next_ = std::max(next_, due - options_.late_max);
}

bool Load::MayBegin(runtime::TimePoint now) {
  if (now - start_ >= options_.time) {
    stopped_ = true;
    return false;
  }
  if (options_.rate <= 0) return true;
  LeaveOutLate(now);
  if (next_ >= mine_) return false;
  const runtime::TimePoint due = DueAt(next_);
  if (due <= now) return true;
  const runtime::Duration rest = options_.time - (now - start_);
  timer_->Arm(std::min(due - now, rest));
  return false;
}

void Load::Advance() {
  // A request may end before it has begun.
  if (std::exchange(advancing_, true)) return;
  while (!stopped_ && next_ < mine_ && !idle_.empty()) {
    const runtime::TimePoint now = loop_.clock().Now();
    if (!MayBegin(now)) break;
    BeginOne(now);
  }
  advancing_ = false;
  EndIfOver();
}

void Load::BeginOne(runtime::TimePoint now) {
  const size_t client = idle_.back();
  idle_.pop_back();
  const uint64_t index = next_++;
  const runtime::TimePoint began = options_.rate > 0 && options_.from_due ? DueAt(index) : now;
  ++under_way_;
  begin_(client, options_.first + index * options_.step,
         [this, client, began](const base::Status& status, size_t kind) {
           OnDone(client, began, status, kind);
         });
}

void Load::OnDone(size_t client, runtime::TimePoint began, const base::Status& status,
                  size_t kind) {
  if (over_) return;
  const runtime::Duration at = began - start_;
  record_({at, {wall_start_.unix_nanos + at.count()}, loop_.clock().Now() - began, status, kind});
  if (!status.ok()) {
    failed_.store(failed_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
  answered_.store(answered_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  --under_way_;
  idle_.push_back(client);
  Advance();
}

void Load::EndIfOver() {
  if (over_ || advancing_ || under_way_ > 0 || (next_ < mine_ && !stopped_)) return;
  over_ = true;
  timer_->Disarm();
  took_ = loop_.clock().Now() - start_;
  ended_();
}

}  // namespace ctl
