#include "api/v3/snapshot_call.h"

#include "storage/backend/read_failure.h"

namespace v3 {
namespace {

// What is in memory of what the client has not taken, each way, if there is no room for what is
// usual: then more of it is in the spool's file, which is slower.
constexpr size_t kLittleBytes = 64 * 1024;

// A client that does not take so much in that time has left, or means no good.
constexpr uint64_t kProgressBytes = 64 * 1024;
constexpr runtime::Duration kProgressTime = std::chrono::seconds(60);
constexpr runtime::Duration kProgressInterval = std::chrono::seconds(5);

const base::Status kTooMany(base::Code::kResourceExhausted,
                            "etcdserver: too many snapshots at a time");
const base::Status kNoRoom(base::Code::kResourceExhausted,
                           "etcdserver: the disk has no room for what the client has not taken");
const base::Status kNotTaken(base::Code::kUnavailable,
                             "etcdserver: the client does not take the snapshot");

}  // namespace

void SnapshotCall::OnMessage(base::ByteView bytes) {
  etcdserverpb::SnapshotRequest request;
  if (!Parse(bytes, &request)) return;
  has_place_ = places_.Take();
  if (!has_place_) return Finish(kTooMany);
  progress_timer_ = loop().NewTimer([this] { Posted([this] { CheckProgress(); })(); });
  progress_at_ = loop().clock().Now();
  progress_timer_->Arm(kProgressInterval);
  const bool has_room = SetGathered(options_.spool_memory_bytes + options_.read_ahead_bytes);
  if (!has_room) options_.spool_memory_bytes = options_.read_ahead_bytes = kLittleBytes;
  SetKept(sizeof(*this) + (has_room ? 0 : 2 * kLittleBytes));
  version_ = state().view().Get()->cluster_version;
  context().server().WhenDurable(Posted([this] { Open(); }));
}

void SnapshotCall::Open() {
  start_ = loop().clock().Now();
  const base::Status status = OpenStream();
  if (!status.ok()) return Finish(Failed(status));
  Continue();
}

base::Status SnapshotCall::OpenStream() {
  ASSIGN_OR_RETURN(auto reader, state().database().NewReader());
  options_.spool_path = context().server().NewSpoolPath();
  const server::Environment& environment = context().server().environment();
  ASSIGN_OR_RETURN(stream_, image::SnapshotStream::Start(std::move(reader), environment.disk,
                                                         environment.bulk_workers, &loop(),
                                                         options_, [this] { Continue(); }));
  return {};
}

// What operators are told may name files; clients are told no more than the kind.
base::Status SnapshotCall::Failed(const base::Status& status) {
  logger().Warn("failed to send database snapshot to client", {{"error", status.message()}});
  return backend::ReadFailure(state().database(), status);
}

base::Result<StreamCall::Next> SnapshotCall::Produce() {
  blocked_ = false;
  base::Bytes chunk;
  const base::Result<image::SnapshotStream::State> taken = stream_->Take(&chunk);
  if (!taken.ok()) {
    const base::Status told = Failed(taken.status());
    return taken.status().code() == base::Code::kResourceExhausted ? kNoRoom : told;
  }
  switch (*taken) {
    case image::SnapshotStream::State::kChunk:
      SendChunk(std::move(chunk));
      return Next::kMore;
    case image::SnapshotStream::State::kNothing:
      return Next::kWaits;
    case image::SnapshotStream::State::kEnd:
      break;
  }
  ReportSent();
  return Next::kEnd;
}

void SnapshotCall::SendChunk(base::Bytes chunk) {
  if (sent_bytes_ == 0) {
    logger().Info("sending database snapshot to client",
                  {{"total-bytes", chunk.size() + stream_->remaining_bytes()},
                   {"storage-version", version_}});
  }
  sent_bytes_ += chunk.size();
  etcdserverpb::SnapshotResponse response;
  response.set_remaining_bytes(stream_->remaining_bytes());
  response.set_blob(std::move(chunk));
  response.set_version(version_);
  Send(response);
}

void SnapshotCall::CheckProgress() {
  const runtime::TimePoint now = loop().clock().Now();
  if (!blocked_ || sent_bytes_ - sent_at_progress_ >= kProgressBytes) {
    progress_at_ = now;
    sent_at_progress_ = sent_bytes_;
  } else if (now - progress_at_ > kProgressTime) {
    logger().Warn("gave up a database snapshot", {{"error", kNotTaken.message()}});
    return Finish(kNotTaken);
  }
  progress_timer_->Arm(kProgressInterval);
}

void SnapshotCall::OnEnded(const base::Status&) {
  stream_.reset();
  progress_timer_.reset();
  if (std::exchange(has_place_, false)) places_.Give();
}

void SnapshotCall::ReportSent() {
  const runtime::Duration took = loop().clock().Now() - start_;
  seconds_.Observe(took);
  logger().Info("successfully sent database snapshot to client",
                {{"total-bytes", sent_bytes_}, {"took", took}});
}

}  // namespace v3
