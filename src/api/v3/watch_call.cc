#include "api/v3/watch_call.h"

#include <utility>

#include "base/come_back.h"
#include "base/coverage_mark.h"
#include "base/errors.h"
#include "runtime/failpoint.h"

namespace v3 {
namespace {

using etcdserverpb::WatchCreateRequest;
using etcdserverpb::WatchRequest;
using etcdserverpb::WatchResponse;

// What an answer is about that is about no watch.
constexpr int64_t kNoWatch = -1;

constexpr char kCompactedReason[] = "etcdserver: mvcc: required revision has been compacted";
constexpr char kDuplicateReason[] = "mvcc: duplicate watch ID provided on the WatchStream";
constexpr char kEmptyRangeReason[] = "mvcc: watcher range is empty";
constexpr char kTooManyReason[] = "etcdserver: too many requests";

// Of which it is looked at a time whether the client may still read them.
constexpr size_t kCheckedOfSlice = 256;
// That are let go of at a time, likewise.
constexpr size_t kLeaveAtATime = 16;

// Compat: some reasons are as Go prints the error of a call.
base::Status AsGoText(const base::Status& status) {
  return {status.code(), "rpc error: code = " + std::string(base::CodeName(status.code())) +
                             " desc = " + std::string(status.message())};
}

watch::Wish WishOf(const WatchCreateRequest& request) {
  watch::Wish wish{.key = request.key(), .range_end = request.range_end()};
  for (const int filter : request.filters()) {
    if (filter == WatchCreateRequest::NOPUT) wish.no_put = true;
    if (filter == WatchCreateRequest::NODELETE) wish.no_delete = true;
  }
  wish.prev_kv = request.prev_kv();
  return wish;
}

}  // namespace

WatchCall::WatchCall(const Context* context, WatchService* service, Call call)
    : StreamCall(context, std::move(call)),
      service_(*service),
      hub_(service->hub()),
      progress_interval_(service->NextProgressInterval()),
      number_(service->rights_sweep().Add(this)) {
  service_.metrics().streams.Add(1);
}

WatchCall::~WatchCall() {
  service_.rights_sweep().Remove(number_);
  service_.metrics().streams.Add(-1);
}

void WatchCall::OnMessage(base::ByteView bytes) {
  WatchRequest request;
  if (!Parse(bytes, &request)) return;
  switch (request.request_union_case()) {
    case WatchRequest::kCreateRequest:
      return Create(*request.mutable_create_request());
    case WatchRequest::kCancelRequest:
      return Cancel(request.cancel_request().watch_id());
    case WatchRequest::kProgressRequest:
      return TellProgress();
    case WatchRequest::REQUEST_UNION_NOT_SET:
      return;  // Compat: it is nothing that etcd knows
  }
}

void WatchCall::Create(WatchCreateRequest& request) {
  if (request.key().empty()) request.set_key(std::string(1, '\0'));
  std::string reason = CheckCreate(request);
  if (!reason.empty()) return Refuse(std::move(reason));
  const mvcc::Store& store = context().state()->store();
  const base::Revision now = store.revision();
  const base::Revision start(request.start_revision());
  const int64_t id = request.watch_id() == 0 ? NextId() : request.watch_id();
  WatchResponse created;
  created.set_watch_id(id);
  created.set_created(true);
  Reply(std::move(created), now);
  if (!is_open()) return;
  const uint32_t span = BeginSpan(request);
  // No progress is told of below that.
  hub_.Advance(now);
  if (start != base::Revision() && start < store.compact_revision()) {
    base::Mark<"watch: what is to be told was compacted">();
    WatchResponse canceled;
    canceled.set_watch_id(id);
    canceled.set_canceled(true);
    canceled.set_compact_revision(store.compact_revision().value());
    EndSpan(span);
    return Reply(std::move(canceled), base::Revision());
  }
  if (span != 0) spans_.emplace(id, span);
  Add(request, id, start == base::Revision() ? now + 1 : start);
}

std::string WatchCall::CheckCreate(const WatchCreateRequest& request) {
  if (request.start_revision() < 0) return kCompactedReason;
  const base::Result<server::Caller> caller = Identify();
  if (!caller.ok()) return std::string(AsGoText(caller.status()).message());
  const base::Status may = CheckRead(caller->identity, request.key(), request.range_end());
  if (!may.ok()) return std::string(may.message());
  user_ = caller->identity.user;
  const mvcc::KeyRange range = mvcc::KeyRange::Of(request.key(), request.range_end());
  if (!range.one_key && !range.open_end && range.end <= range.begin) return kEmptyRangeReason;
  if (request.watch_id() != 0 && watchers_.contains(request.watch_id())) return kDuplicateReason;
  if (service_.IsFull()) return kTooManyReason;
  const auto refusal = Take({{request.key(), request.range_end()}}, request.ByteSizeLong());
  if (!refusal.has_value()) return "";
  return base::ComeBackText(refusal->status.message(), WaitOf(*refusal));
}

base::Status WatchCall::CheckRead(const auth::Identity& who, const std::string& key,
                                  const std::string& range_end) const {
  const base::Status may = context().judge().CheckKeys(who, auth::Access::kRead, {key, range_end});
  return may.ok() ? may : AsGoText(may);
}

// The user may be known by another token now, or by none: what he has begun goes on.
base::Status WatchCall::CheckRights(const watch::Watcher& watcher) {
  auth::Identity who{user_, context().judge().view().revision};
  if (user_.empty()) {
    const base::Result<server::Caller> caller = Identify();
    if (!caller.ok()) return AsGoText(caller.status());
    who = caller->identity;
  }
  return CheckRead(who, watcher.wish->key, watcher.wish->range_end);
}

bool WatchCall::CheckSomeRights() {
  if (!is_open()) return true;
  if (to_be_checked_.empty()) {
    for (const auto& [id, watcher] : watchers_) to_be_checked_.push_back(id);
  }
  for (size_t i = 0; i < kCheckedOfSlice && !to_be_checked_.empty(); ++i) {
    const auto found = watchers_.find(to_be_checked_.back());
    to_be_checked_.pop_back();
    if (found != watchers_.end()) hub_.CheckRights(found->second.get());
  }
  return to_be_checked_.empty();
}

// Compat: it is created and canceled in one.
void WatchCall::Refuse(std::string reason) {
  WatchResponse refused;
  refused.set_watch_id(kNoWatch);
  refused.set_created(true);
  refused.set_canceled(true);
  refused.set_cancel_reason(std::move(reason));
  Reply(std::move(refused), context().state()->store().revision());
}

int64_t WatchCall::NextId() {
  while (watchers_.contains(next_id_)) ++next_id_;
  return next_id_++;
}

void WatchCall::Add(const WatchCreateRequest& request, int64_t id, base::Revision start) {
  auto watcher = std::make_unique<watch::Watcher>();
  watcher->receiver = this;
  watcher->id = id;
  watcher->wish = std::make_shared<const watch::Wish>(WishOf(request));
  watcher->fragments = request.fragment();
  watcher->progress_notify = request.progress_notify();
  watcher->next = request.start_revision();
  service_.Add(watcher.get(), start);
  watchers_.emplace(id, std::move(watcher));
  if (request.progress_notify() && progress_timer_ == nullptr) BeginProgress();
}

// Compat: nothing is said of one that there is not.
void WatchCall::Cancel(int64_t id) {
  if (!watchers_.contains(id)) return;
  Drop(id);
  WatchResponse canceled;
  canceled.set_watch_id(id);
  canceled.set_canceled(true);
  Reply(std::move(canceled), context().state()->store().revision());
}

void WatchCall::Drop(int64_t id) {
  const auto found = watchers_.find(id);
  service_.Remove(found->second.get());
  watchers_.erase(found);
  if (const auto span = spans_.extract(id); !span.empty()) EndSpan(span.mapped());
}

void WatchCall::Reply(WatchResponse response, base::Revision revision) {
  context().Fill(response.mutable_header(), revision);
  response.mutable_header()->set_revision(revision.value());  // also if it is 0
  const bool is_control = response.created() || response.canceled();
  const runtime::TimePoint began = loop().clock().Now();
  Send(response);
  WatchMetrics& metrics = service_.metrics();
  (is_control ? metrics.sent_control : metrics.sent_progress).Observe(loop().clock().Now() - began);
}

base::Result<StreamCall::Next> WatchCall::Produce() {
  hub_.Resume(*this);
  return Next::kWaits;
}

void WatchCall::OnStopping() {
  Finish(base::errors::kStopped);
}

void WatchCall::OnEnded(const base::Status&) {
  progress_timer_.reset();
  service_.Leave(name_, *this);
}

bool WatchCall::LeaveSome() {
  for (size_t i = 0; i < kLeaveAtATime && !watchers_.empty(); ++i) Drop(watchers_.begin()->first);
  return watchers_.empty();
}

void WatchCall::OnEvents(watch::Watcher&, base::SharedBytes frames) {
  Run([&] {
    SendFrames(std::move(frames));
    if (!is_open() || is_writable()) return;
    base::Mark<"watch: a stream is at its bound">();
    Continue();  // once the client has taken enough
  });
}

void WatchCall::OnLost(watch::Watcher& watcher, base::Revision compacted, const base::Status& why) {
  Run([&] {
    // A client opens the stream again, elsewhere, and its watches with it.
    if (why.code() == base::Code::kUnavailable) return Finish(why);
    WatchResponse lost;
    lost.set_watch_id(watcher.id);
    lost.set_canceled(true);
    lost.set_compact_revision(compacted.value());
    lost.set_cancel_reason(std::string(why.message()));
    Drop(watcher.id);
    Reply(std::move(lost), base::Revision());
  });
}

void WatchCall::TellProgress() {
  runtime::Reach(runtime::Failpoint::kBeforeProgressIfSync);
  hub_.Advance(context().state()->store().revision());
  if (watchers_.empty()) return;
  for (const auto& [id, watcher] : watchers_) {
    if (!hub_.IsInPresent(*watcher)) return;
  }
  WatchResponse progress;
  progress.set_watch_id(kNoWatch);
  Reply(std::move(progress), hub_.present());
}

void WatchCall::ReportProgress() {
  Run([this] {
    for (const auto& [id, watcher] : watchers_) {
      if (watcher->progress_notify) ReportProgress(id, *watcher);
    }
  });
}

void WatchCall::OnProgressTimer() {
  for (const auto& [id, watcher] : watchers_) {
    if (watcher->progress_notify && !std::exchange(watcher->told, false)) {
      ReportProgress(id, *watcher);
    }
  }
  if (is_open()) progress_timer_->Arm(progress_interval_);
}

void WatchCall::ReportProgress(int64_t id, const watch::Watcher& watcher) {
  if (!writable() || !hub_.IsInPresent(watcher)) return;
  WatchResponse progress;
  progress.set_watch_id(id);
  Reply(std::move(progress), hub_.present());
}

void WatchCall::BeginProgress() {
  progress_timer_ = loop().NewTimer([this] { Run([this] { OnProgressTimer(); }); });
  progress_timer_->Arm(progress_interval_);
  name_ = service_.Enter(std::static_pointer_cast<WatchCall>(shared_from_this()));
}

}  // namespace v3
