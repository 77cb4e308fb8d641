#include "server/scrubber.h"

#include <algorithm>
#include <utility>

#include "storage/schema/consistent_index.h"

// Why a pace and no priority: what the log waits for is a sync, and a disk serves that late however
// low the priority of what came before it. A step is small, and none begins before the one before
// has had its share of the time.

namespace server {
namespace {

using observe::Family;

constexpr uint64_t kStepBytes = 128 << 10;
// Before the first round of a start, which has just read the whole database and the newest log.
constexpr runtime::Duration kFirstPause = std::chrono::minutes(10);
// Between two rounds.
constexpr runtime::Duration kPauseMin = std::chrono::seconds(1);
// Before another look at a member that has better things to do, or at what could not be read.
constexpr runtime::Duration kRetryPause = std::chrono::seconds(1);
// Of entries that the database does not have yet.
constexpr uint64_t kBehindBytes = 16 << 20;

constexpr Family kBytes = {"cornerstore_scrub_bytes_total",
                           "Bytes of the log, the snapshots and the database that the scrubber has "
                           "read."};
constexpr Family kRounds = {"cornerstore_scrub_rounds_total",
                            "How often the scrubber has read all of them."};
constexpr Family kLastRound = {"cornerstore_scrub_last_round_timestamp_seconds",
                               "When it had last done so, in seconds since 1970; 0 before."};
constexpr Family kDamages = {"cornerstore_scrub_damages_total",
                             "Damage that the scrubber has found, by what is damaged."};

observe::Counter CountOf(observe::Registry* registry, ScrubbedKind kind) {
  return registry->AddCounter(kDamages, {{"kind", std::string(NameOf(kind))}});
}

}  // namespace

Scrubber::Scrubber(const Options& options, const Environment& environment, const Parts& parts)
    : options_(options),
      environment_(environment),
      apply_loop_(*parts.apply_loop),
      log_writer_(*parts.log_writer),
      progress_(*parts.progress),
      timer_(environment.apply_loop->NewTimer([this] { TakeStep(); })),
      bytes_(environment.registry->AddCounter(kBytes)),
      rounds_(environment.registry->AddCounter(kRounds)),
      last_round_(environment.registry->AddGauge(kLastRound)),
      log_damages_(CountOf(environment.registry, ScrubbedKind::kLog)),
      snapshot_damages_(CountOf(environment.registry, ScrubbedKind::kSnapshot)),
      database_damages_(CountOf(environment.registry, ScrubbedKind::kDatabase)) {}

void Scrubber::Start() {
  if (options_.scrub_bytes_per_second == 0) return;
  timer_->Arm(std::clamp(options_.scrub_interval, kPauseMin, kFirstPause));
}

bool Scrubber::MustWait() const {
  return progress_.unsaved_bytes > kBehindBytes || progress_.is_compacting;
}

void Scrubber::TakeStep() {
  if (MustWait()) {
    if (round_ != nullptr) round_->Rest();
    return timer_->Arm(kRetryPause);
  }
  if (round_ == nullptr) {
    round_ = std::make_shared<ScrubRound>(environment_.disk, Paths(options_));
    damages_ = 0;
  }
  const auto step = std::make_shared<Step>();
  step->state = apply_loop_.state().Get();
  if (looked_at_.lock() != step->state) round_->Rest();  // of a database that was replaced
  looked_at_ = step->state;
  step->start = environment_.apply_loop->clock().Now();
  const uint64_t bytes = std::min(kStepBytes, options_.scrub_bytes_per_second);
  const bool accepted = environment_.bulk_workers->Run(
      [round = round_, step, bytes] { step->read = round->Step(step->state->database(), bytes); },
      environment_.apply_loop, [this, step] { OnStep(*step); });
  if (!accepted) timer_->Arm(kRetryPause);
}

void Scrubber::OnStep(const Step& step) {
  for (const ScrubDamage& damage : round_->TakeDamages()) OnDamage(damage);
  if (!step.read.ok()) {
    environment_.logger->Warn("the scrubber could not read; it tries again",
                              {{"error", step.read.status().message()}});
    return timer_->Arm(kRetryPause);
  }
  bytes_.Add(static_cast<double>(*step.read));
  if (round_->is_done()) return EndRound();
  const auto share = std::chrono::duration_cast<runtime::Duration>(std::chrono::duration<double>(
      static_cast<double>(*step.read) / static_cast<double>(options_.scrub_bytes_per_second)));
  const runtime::Duration took = environment_.apply_loop->clock().Now() - step.start;
  timer_->Arm(std::max(share - took, runtime::Duration(0)));
}

void Scrubber::EndRound() {
  round_.reset();
  rounds_.Add();
  const int64_t now = environment_.apply_loop->clock().WallNow().unix_nanos;
  last_round_.Set(static_cast<double>(now) / 1e9);
  environment_.logger->Info("scrubbed the log, the snapshots and the database",
                            {{"damages", damages_}});
  timer_->Arm(std::max(options_.scrub_interval, kPauseMin));
}

void Scrubber::OnDamage(const ScrubDamage& damage) {
  ++damages_;
  environment_.logger->Error("the scrubber has found damage", {{"kind", NameOf(damage.kind)},
                                                               {"path", damage.path},
                                                               {"offset", damage.offset},
                                                               {"error", damage.status.message()}});
  switch (damage.kind) {
    case ScrubbedKind::kLog:
      log_damages_.Add();
      return LeaveBehind(damage);
    case ScrubbedKind::kSnapshot:
      return snapshot_damages_.Add();
    case ScrubbedKind::kDatabase:
      database_damages_.Add();
      apply_loop_.state().Get()->database().ReportDamage(damage.status);
      return;
  }
}

void Scrubber::LeaveBehind(const ScrubDamage& damage) {
  apply_loop_.WhenDurable([this, damage] {
    if (progress_.applied < damage.end.value()) return SetAside(damage);
    apply_loop_.SaveSnapshot([this, damage] { SetAside(damage); });
  });
}

void Scrubber::SetAside(const ScrubDamage& damage) {
  const auto done = std::make_shared<bool>(false);
  log_writer_.RunOnLog(
      [done, segment = damage.segment](wal::Log* log) -> base::Status {
        ASSIGN_OR_RETURN(*done, log->SetAside(segment));
        return {};
      },
      [this, done, path = damage.path] {
        if (*done) {
          environment_.logger->Warn(
              "repaired the damaged log from the database: it begins behind the segment now",
              {{"path", path}});
        } else {
          environment_.logger->Error(
              "the damaged segment has entries that the database has not; it is kept",
              {{"path", path}});
        }
      });
}

}  // namespace server
