#include "server/free_pages.h"

namespace server {
namespace {

constexpr runtime::Duration kInterval = std::chrono::minutes(1);
constexpr runtime::Duration kBetweenWarnings = std::chrono::hours(24);
constexpr runtime::Duration kBetweenRuns = std::chrono::hours(1);
constexpr uint64_t kSpreadMinutes = 10;

bool AreMostlyFree(const backend::Sizes& sizes) {
  const uint64_t free = sizes.allocated - sizes.in_use;
  return free >= FreePages::kWorthwhileBytes && free > sizes.in_use;
}

}  // namespace

FreePages::FreePages(const Options& options, const Environment& environment, ApplyLoop* apply_loop,
                     Defragmenter* defragmenter)
    : options_(options),
      environment_(environment),
      apply_loop_(*apply_loop),
      defragmenter_(*defragmenter),
      random_(environment.seed),
      timer_(environment.apply_loop->NewTimer([this] { Look(); })) {}

void FreePages::Start() {
  timer_->Arm(kInterval);
}

void FreePages::Look() {
  timer_->Arm(kInterval);
  const backend::Sizes sizes = apply_loop_.state().Get()->database().sizes();
  if (!AreMostlyFree(sizes)) {
    warned_.reset();
    defragments_.reset();
    return;
  }
  if (options_.auto_defragment) {
    DefragmentSoon();
  } else {
    Warn(sizes);
  }
}

void FreePages::Warn(const backend::Sizes& sizes) {
  const runtime::TimePoint now = environment_.apply_loop->clock().Now();
  if (warned_.has_value() && now - *warned_ < kBetweenWarnings) return;
  warned_ = now;
  environment_.logger->Warn(
      "the database is mostly free pages, which a defragmentation gives back to the disk",
      {{"current-db-size-bytes", sizes.allocated}, {"current-db-size-in-use-bytes", sizes.in_use}});
}

void FreePages::DefragmentSoon() {
  const runtime::TimePoint now = environment_.apply_loop->clock().Now();
  if (defragmented_.has_value() && now - *defragmented_ < kBetweenRuns) return;
  if (!defragments_.has_value()) {
    defragments_ = now + kInterval * static_cast<int64_t>(random_.Below(kSpreadMinutes));
  }
  if (now < *defragments_) return;
  defragments_.reset();
  defragmented_ = now;
  // The defragmenter logs what becomes of it.
  defragmenter_.Run([](const base::Status&) {});
}

}  // namespace server
