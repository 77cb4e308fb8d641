#include "ctl/load.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace ctl {
namespace {

constexpr uint64_t kNanosOfSecond = 1'000'000'000;

double Seconds(runtime::Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

// How many are due at this rate, the first of them at once.
uint64_t DueAfter(runtime::Duration elapsed, uint64_t per_second) {
  const auto nanos = static_cast<uint64_t>(elapsed.count());
  return nanos / kNanosOfSecond * per_second +
         nanos % kNanosOfSecond * per_second / kNanosOfSecond + 1;
}

// When one more than `due` are.
runtime::Duration NextDue(uint64_t due, uint64_t per_second) {
  const uint64_t rest = due % per_second;
  return runtime::Duration(due / per_second * kNanosOfSecond +
                           (rest * kNanosOfSecond + per_second - 1) / per_second);
}

}  // namespace

Load::Load(runtime::Loop* loop, const LoadOptions& options, Begin begin,
           std::function<void(const LoadReport&)> ended)
    : loop_(*loop),
      options_(options),
      begin_(std::move(begin)),
      ended_(std::move(ended)),
      timer_(loop->NewTimer([this] { Advance(); })) {
  for (size_t client = options.clients; client > 0; --client) idle_.push_back(client - 1);
}

void Load::Start() {
  started_ = loop_.clock().Now();
  Advance();
}

void Load::Stop() {
  if (stopped_) return;
  stopped_ = true;
  waiting_ = 0;
  Advance();
}

void Load::Advance() {
  if (!stopped_) TakeDue();
  while (waiting_ > 0 && !idle_.empty()) BeginPut();
  if (stopped_ && waiting_ == 0 && idle_.size() == options_.clients) End();
}

void Load::TakeDue() {
  const runtime::Duration elapsed = loop_.clock().Now() - started_;
  if (elapsed >= options_.time) {
    stopped_ = true;
    return;
  }
  const uint64_t rate = options_.puts_per_second;
  const uint64_t room = options_.clients - waiting_;
  const uint64_t wanted = rate == 0 ? room : DueAfter(elapsed, rate) - due_;
  const uint64_t taken = std::min({wanted, room, options_.puts - due_});
  waiting_ += taken;
  due_ += rate == 0 ? taken : std::min(wanted, options_.puts - due_);
  stopped_ = due_ == options_.puts;
  if (rate != 0) timer_->Arm(NextDue(due_, rate) - elapsed);
}

void Load::BeginPut() {
  const size_t client = idle_.back();
  idle_.pop_back();
  --waiting_;
  const runtime::TimePoint begun = loop_.clock().Now();
  begin_(client, [this, client, begun](const std::string& error) {
    const runtime::Duration took = loop_.clock().Now() - begun;
    loop_.Post([this, client, took, error] { OnDone(client, took, error); });
  });
}

void Load::OnDone(size_t client, runtime::Duration took, const std::string& error) {
  idle_.push_back(client);
  if (error.empty()) {
    Record(Seconds(took));
  } else {
    ++report_.errors[error];
  }
  Advance();
}

void Load::Record(double seconds) {
  ++report_.done;
  report_.slowest = std::max(report_.slowest, seconds);
  const double distance = seconds - mean_;
  mean_ += distance / static_cast<double>(report_.done);
  squares_ += distance * (seconds - mean_);
}

void Load::End() {
  timer_->Disarm();
  report_.seconds = Seconds(loop_.clock().Now() - started_);
  if (report_.done > 0) report_.deviation = std::sqrt(squares_ / static_cast<double>(report_.done));
  ended_(report_);
}

}  // namespace ctl
