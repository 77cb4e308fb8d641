#include "client/watch.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "base/come_back.h"
#include "base/errors.h"
#include "client/convert.h"
#include "client/endings.h"
#include "client/planted.h"

namespace client {
namespace {

using base::Code;
using base::Status;

constexpr std::string_view kCodeIs = "rpc error: code = ";
constexpr std::string_view kTextIs = " desc = ";

// Compat: members tell some refusals as gRPC's errors are printed in Go, others by their text.
Status StatusOfReason(const std::string& reason) {
  const std::string_view text = reason;
  const size_t desc = text.find(kTextIs);
  if (text.starts_with(kCodeIs) && desc != std::string_view::npos) {
    const std::string_view name = text.substr(kCodeIs.size(), desc - kCodeIs.size());
    for (int code = 1; code <= static_cast<int>(Code::kUnauthenticated); ++code) {
      if (base::CodeName(static_cast<Code>(code)) != name) continue;
      return Status(static_cast<Code>(code), text.substr(desc + kTextIs.size()));
    }
  }
  if (reason == base::errors::kCompacted.text) return base::errors::kCompacted;
  return Status(Code::kFailedPrecondition,
                reason.empty() ? "the member has canceled the watch" : reason);
}

int64_t RevisionBehind(int64_t told) {
  if (Planted(PlantedBug::kWatchResumesLate)) return told + 2;
  return Planted(PlantedBug::kWatchResumesEarly) ? told : told + 1;
}

}  // namespace

Watch::Watch(const etcd::WatchRequest& request, size_t response_bytes_max, Sink sink, Done done)
    : request_(ToProto(request)),
      created_notify_(request.created_notify),
      response_bytes_max_(response_bytes_max),
      sink_(std::move(sink)),
      done_(std::move(done)) {}

Status Watch::OnCreated(const etcdserverpb::WatchResponse& message) {
  // From here on it is not "from now on": what happens while it is without a member is told later.
  if (request_.start_revision() == 0) request_.set_start_revision(message.header().revision() + 1);
  if (!std::exchange(created_notify_, false)) return {};
  etcd::WatchResponse response{.header = FromProto(message.header())};
  response.is_created = true;
  return Tell(std::move(response));
}

Status Watch::OnResponse(etcdserverpb::WatchResponse&& message) {
  const bool is_progress = message.events_size() == 0;
  if (is_progress && (parts_bytes_ > 0 || message.header().revision() == 0)) return {};
  const bool whole = !message.fragment();
  const size_t bytes = parts_bytes_ > 0 || !whole ? message.ByteSizeLong() : 0;
  if (bytes > response_bytes_max_ - parts_bytes_) {
    return Status(Code::kResourceExhausted, "grpc: received message larger than max (" +
                                                std::to_string(parts_bytes_ + bytes) + " vs. " +
                                                std::to_string(response_bytes_max_) + ")");
  }
  etcd::WatchResponse part = FromProto(std::move(message));
  parts_.header = part.header;
  std::move(part.events.begin(), part.events.end(), std::back_inserter(parts_.events));
  parts_bytes_ += bytes;
  if (!whole) return {};
  etcd::WatchResponse response = std::exchange(parts_, {});
  parts_bytes_ = 0;
  response.is_progress = is_progress;
  const int64_t told =
      is_progress ? response.header.revision : response.events.back().kv.mod_revision;
  // A start that lies ahead stays where it is.
  request_.set_start_revision(std::max(request_.start_revision(), RevisionBehind(told)));
  return Tell(std::move(response));
}

void Watch::OnBroken() {
  parts_ = {};
  parts_bytes_ = 0;
}

Status Watch::Tell(etcd::WatchResponse response) {
  return sink_(std::move(response)) ? Status() : Canceled();
}

void Watch::End(const Ending& ending) {
  CHECK(!ending.status.ok());
  if (std::exchange(ended_, true)) return;
  OnBroken();
  const std::unique_ptr<runtime::Timer> timer = std::move(timer_);
  // What the user's callbacks hold is let go of when the last of them has run.
  const Sink sink = std::move(sink_);
  Done done = std::move(done_);
  done(ending);
}

Watch::Ending EndingOf(const etcdserverpb::WatchResponse& message) {
  Watch::Ending ending{.status = message.compact_revision() != 0
                                     ? Status(base::errors::kCompacted)
                                     : StatusOfReason(message.cancel_reason())};
  ending.header = FromProto(message.header());
  ending.compact_revision = message.compact_revision();
  ending.cancel_reason = message.cancel_reason();
  ending.retry_after = base::ReadComeBack(ending.cancel_reason);
  if (ending.retry_after.has_value()) {
    ending.status = Status(Code::kResourceExhausted, ending.cancel_reason);
  }
  return ending;
}

}  // namespace client
