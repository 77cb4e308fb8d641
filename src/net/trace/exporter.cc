#include "net/trace/exporter.h"

#include <utility>

namespace trace {
namespace {

constexpr observe::Family kExported = {
    "cornerstore_trace_spans_exported_total",
    "The total number of spans of traces that the collector has taken."};
constexpr observe::Family kDropped = {
    "cornerstore_trace_spans_dropped_total",
    "The total number of spans of traces that were not sent: the collector was away for too long, "
    "or has refused them."};

// Batches that this loop has not looked at yet.
constexpr size_t kMailboxCapacity = 1024;

}  // namespace

Exporter::Exporter(const Options& options, const Parts& parts, std::unique_ptr<Collector> collector)
    : options_(options),
      loop_(parts.loop),
      room_(parts.room),
      logger_(*parts.logger),
      collector_(std::move(collector)),
      backoff_(options.backoff, options.seed),
      timer_(loop_->NewTimer([this] { SendNext(); })),
      exported_(parts.registry->AddCounter(kExported)),
      refused_(parts.registry->AddCounter(kDropped, {{"reason", "refused"}})),
      too_many_(parts.registry->AddCounter(kDropped, {{"reason", "queue_full"}})),
      mailbox_(loop_, kMailboxCapacity,
               [this](std::vector<Batch>& batches) { OnBatches(batches); }) {}

Exporter::~Exporter() {
  for (const Batch& batch : batches_) room_->Give(batch.bytes);
}

void Exporter::Take(Batch batch) {
  const size_t bytes = batch.bytes;
  const size_t spans = batch.spans.size();
  if (!mailbox_.Push(std::move(batch))) room_->Drop(spans, bytes);
}

void Exporter::OnBatches(std::vector<Batch>& batches) {
  for (Batch& batch : batches) batches_.push_back(std::move(batch));
  CountDropped();
  // One that waits for a collector that is away has its time.
  if (!is_away_) SendNext();
}

void Exporter::SendNext() {
  if (is_sending_) return;
  if (batches_.empty()) {
    if (on_drained_) std::exchange(on_drained_, nullptr)();
    return;
  }
  timer_->Disarm();
  if (request_.empty()) request_ = EncodeBatch(options_.resource, batches_.front());
  is_sending_ = true;
  collector_->Send(request_, [this](Collector::Outcome outcome) { OnOutcome(std::move(outcome)); });
}

void Exporter::OnOutcome(Collector::Outcome outcome) {
  is_sending_ = false;
  CountDropped();
  if (outcome.kind == Collector::Outcome::Kind::kAway) {
    is_away_ = true;
    if (IsDue(&away_)) {
      logger_.Warn("failed to send traces; trying again", {{"error", outcome.why.message()}});
    }
    if (on_drained_) return std::exchange(on_drained_, nullptr)();
    return timer_->Arm(backoff_.Next());
  }
  backoff_.Reset();
  if (std::exchange(is_away_, false) && std::exchange(away_.is_told, false)) {
    logger_.Info("traces are sent again");
  }
  if (outcome.kind == Collector::Outcome::Kind::kTaken) {
    OnTaken(outcome.response);
  } else {
    refused_.Add(static_cast<double>(batches_.front().spans.size()));
    if (IsDue(&refusal_)) {
      logger_.Warn("traces were refused by the collector", {{"error", outcome.why.message()}});
    }
  }
  Forget();
  SendNext();
}

void Exporter::OnTaken(base::ByteView response) {
  const size_t spans = batches_.front().spans.size();
  const Taken taken = ReadTaken(response, spans);
  exported_.Add(static_cast<double>(spans - taken.rejected));
  if (taken.rejected == 0) return;
  refused_.Add(static_cast<double>(taken.rejected));
  if (IsDue(&refusal_)) {
    logger_.Warn("traces were refused by the collector",
                 {{"spans", taken.rejected}, {"error", taken.why}});
  }
}

void Exporter::Forget() {
  room_->Give(batches_.front().bytes);
  batches_.pop_front();
  base::Bytes().swap(request_);
}

bool Exporter::IsDue(Report* report) {
  const runtime::TimePoint now = loop_->clock().Now();
  if (report->is_told && now - report->last < options_.log_interval) return false;
  *report = {now, true};
  return true;
}

void Exporter::CountDropped() {
  const uint64_t dropped = room_->dropped();
  if (dropped == counted_) return;
  too_many_.Add(static_cast<double>(dropped - std::exchange(counted_, dropped)));
  if (!IsDue(&full_)) return;
  logger_.Warn("spans of traces were dropped: too many wait to be sent",
               {{"spans", dropped - std::exchange(told_, dropped)}});
}

void Exporter::Drain(base::Callback<void()> done) {
  on_drained_ = std::move(done);
  // A batch may be on its way here.
  loop_->Post([this] { SendNext(); });
}

}  // namespace trace
