#include "api/v3/watch_service.h"

#include <cmath>
#include <memory>
#include <numbers>
#include <utility>

#include "api/v3/watch_call.h"
#include "base/check.h"

namespace v3 {
namespace {

// Compat: an answer that is longer is split for who asks for it.
constexpr size_t kOverheadBytes = 512 * 1024;

// Of a watch, about: itself, its wish and interest, and what holds them by their names.
size_t BytesOf(const watch::Wish& wish) {
  constexpr size_t kNodeBytes = 160;
  return sizeof(watch::Watcher) + sizeof(watch::Wish) + sizeof(watch::Interest) + kNodeBytes +
         wish.key.size() + wish.range_end.size();
}

}  // namespace

WatchService::WatchService(const Context* context)
    : context_(*context),
      metrics_(context->server().environment().registry),
      hub_(HubParts()),
      rights_(context->judge().view().stamp()),
      rights_sweep_(&context->frontend().loop()),
      leaving_work_({.loop = &context->frontend().loop(), .step = [this] { return LeaveSome(); }}) {
}

WatchService::~WatchService() {
  CHECK(leaving_.empty());
}

void WatchService::AddTo(rpc::Server& table) {
  context_.AddStreaming(
      table, "etcdserverpb.Watch", "Watch", rpc::Kind::kBidiStreaming,
      [this](Call call) { return std::make_shared<WatchCall>(&context_, this, std::move(call)); });
}

// By the golden ratio: however many have begun, they are spread well.
runtime::Duration WatchService::NextProgressInterval() {
  const auto interval = context_.server().options().watch_progress_notify_interval;
  const double turn = std::fmod(static_cast<double>(streams_++) * std::numbers::phi, 1.0);
  return interval + std::chrono::duration_cast<runtime::Duration>(interval * (turn / 10));
}

watch::Hub::Parts WatchService::HubParts() {
  return {
      .loop = &context_.frontend().loop(),
      .reads =
          [this] {
            const std::shared_ptr<apply::StateReads>& reads = context_.frontend().reads();
            return std::shared_ptr<mvcc::Reads>(reads, &reads->keys());
          },
      .header = [this](base::Revision revision) { return context_.HeaderAt(revision); },
      .rights = [this] { return context_.judge().view().stamp(); },
      .listen = [this](bool listens) { Listen(listens); },
      .fragment_bytes = context_.server().options().max_request_bytes + kOverheadBytes,
      .on_worked = [this] { OnWorked(); },
      .on_told = [this](size_t watchers, uint64_t events,
                        runtime::Duration took) { metrics_.ObserveTold(watchers, events, took); }};
}

bool WatchService::IsFull() const {
  return bytes_ >= context_.server().options().watch_bytes_max;
}

void WatchService::Add(watch::Watcher* watcher, base::Revision start) {
  bytes_ += BytesOf(*watcher->wish);
  metrics_.watchers.Add(1);
  hub_.Add(watcher, start);
}

void WatchService::Remove(watch::Watcher* watcher) {
  hub_.Remove(watcher);
  bytes_ -= BytesOf(*watcher->wish);
  metrics_.watchers.Add(-1);
  CountBehind();
}

void WatchService::CountBehind() {
  metrics_.slow_watchers.Set(static_cast<double>(hub_.watchers_behind()));
}

uint64_t WatchService::Enter(const std::shared_ptr<WatchCall>& call) {
  calls_.emplace(++entered_, call);
  return entered_;
}

void WatchService::Leave(uint64_t name, WatchCall& call) {
  calls_.erase(name);
  while (!call.LeaveSome()) {
    if (is_closed_) continue;
    leaving_.push_back(call.weak().lock());
    return leaving_work_.Wake();
  }
}

void WatchService::Close() {
  is_closed_ = true;
  while (LeaveSome()) continue;
}

bool WatchService::LeaveSome() {
  if (!leaving_.empty() && leaving_.front()->LeaveSome()) leaving_.pop_front();
  return !leaving_.empty();
}

void WatchService::OnWorked() {
  CountBehind();
  metrics_.events.Add(static_cast<double>(hub_.TakeEvents()));
  ReportCompaction();
}

void WatchService::ReportCompaction() {
  const base::Revision compacted = context_.state()->store().compact_revision();
  if (compacted <= std::exchange(compacted_, compacted)) return;
  const auto calls = calls_;  // some may end
  for (const auto& [name, call] : calls) {
    if (const std::shared_ptr<WatchCall> open = call.lock()) open->ReportProgress();
  }
}

void WatchService::Listen(bool listens) {
  if (!listens) return context_.frontend().Listen(nullptr);
  // Whoever comes from now on is told of what happens from now on.
  compacted_ = context_.state()->store().compact_revision();
  context_.frontend().Listen([this](base::Revision revision) { OnChanged(revision); });
}

void WatchService::OnChanged(base::Revision revision) {
  const uint64_t rights = context_.judge().view().stamp();
  if (std::exchange(rights_, rights) != rights) rights_sweep_.Begin();
  hub_.Advance(revision);
}

}  // namespace v3
