#include "sim/library_user.h"

#include <utility>

#include "client/hosting.h"
#include "sim/administrator.h"
#include "sim/library_host.h"

namespace sim {
namespace {

using std::chrono::milliseconds;

// Between the end of a client, or of a watch, and the next.
constexpr runtime::Duration kComeBackAfter = milliseconds(100);
constexpr runtime::Duration kLookAgainAfter = milliseconds(5);
constexpr runtime::Duration kSuffersMax = std::chrono::seconds(4);
constexpr uint64_t kSuffersOnceIn = 50;

KeyChange ChangeOf(const etcd::Event& event) {
  return {event.kv.key, event.type == etcd::Event::Type::kDelete, event.kv.lease};
}

}  // namespace

LibraryUser::LibraryUser(Parts parts, std::string host)
    : parts_(std::move(parts)),
      host_(std::move(host)),
      threads_(parts_.scheduler, host_ + " threads"),
      watch_(parts_.watch) {}

LibraryUser::~LibraryUser() = default;

// ---- The process ----

void LibraryUser::Dial(const std::vector<runtime::Address>& members) {
  members_.clear();
  endpoints_.clear();
  for (const runtime::Address& member : members) {
    members_.push_back(member.host);
    endpoints_.push_back(member.ToString());
  }
  if (!std::exchange(has_begun_, true)) return threads_.Start([this] { Live(); });
  if (client_ == nullptr || closing_) return;
  Begin([this] { (void)client_->SetEndpoints(endpoints_); });
}

void LibraryUser::StartAnew(const std::vector<runtime::Address>& members) {
  starting_anew_ = has_begun_;
  cancellation_.Cancel();
  Dial(members);
}

void LibraryUser::Close() {
  closing_ = true;
  cancellation_.Cancel();
}

void LibraryUser::Live() {
  while (!closing_) {
    cancellation_ = etcd::Cancellation();
    starting_anew_ = false;
    auto client = etcd::Hosting::NewClient([this] { return NewHost(); }, Options());
    if (client.ok()) {
      client_ = std::move(client).value();
      LiveOnce();
      client_.reset();
    }
    client_loop_ = nullptr;
    threads_.Sleep(kComeBackAfter);
  }
}

std::unique_ptr<client::Host> LibraryUser::NewHost() {
  auto host = std::make_unique<LibraryHost>(parts_.scheduler, parts_.wires, &threads_, host_,
                                            random().Next());
  client_loop_ = &host->loop();
  return host;
}

void LibraryUser::LiveOnce() {
  Begin([this] { WatchKeys(); });
  for (const Work& work : work_) {
    ++working_;
    Begin([this, &work] {
      if (!Ends()) work();
      --working_;
    });
  }
  while (busy_ > 0) threads_.Sleep(kLookAgainAfter);
}

void LibraryUser::Begin(base::Callback<void()> body) {
  ++busy_;
  threads_.Start([this, body = std::move(body)]() mutable {
    body();
    --busy_;
  });
}

etcd::ClientOptions LibraryUser::Options() {
  etcd::ClientOptions options;
  options.endpoints = endpoints_;
  options.dial_timeout = milliseconds(500);
  options.keepalive_timeout = milliseconds(500);
  if (parts_.plan->keepalive_interval != runtime::Duration{0}) {
    options.keepalive_time = parts_.plan->keepalive_interval;
  }
  options.require_leader = random().OneIn(2);
  if (parts_.plan->auth_interval != runtime::Duration{0}) {
    options.user = Administrator::kRoot;
    options.password = Administrator::kRootPassword;
  }
  return options;
}

// ---- Its threads ----

runtime::Duration LibraryUser::Draw(runtime::Duration low, runtime::Duration high) {
  return runtime::Duration(static_cast<runtime::Duration::rep>(
      random().Between(static_cast<uint64_t>(low.count()), static_cast<uint64_t>(high.count()))));
}

etcd::CallOptions LibraryUser::Call() {
  if (random().Chance(parts_.plan->hasty_calls, 1000)) {
    return Call(milliseconds(1), milliseconds(100));
  }
  return Call(milliseconds(500), parts_.plan->call_timeout_max);
}

etcd::CallOptions LibraryUser::Call(runtime::Duration low, runtime::Duration high) {
  return {.timeout = Draw(low, high), .cancellation = cancellation_};
}

void LibraryUser::SleepUntilNextTurn(runtime::Duration mean) {
  threads_.Sleep(Draw(runtime::Duration{0}, 2 * mean));
}

void LibraryUser::Sleep(runtime::Duration low, runtime::Duration high) {
  threads_.Sleep(Draw(low, high));
}

void LibraryUser::Suffer() {
  const runtime::Duration duration(static_cast<runtime::Duration::rep>(
      random().Below(static_cast<uint64_t>(kSuffersMax.count()))));
  switch (random().Below(kSuffersOnceIn)) {
    case 0:
      return StandStill(duration);
    case 1:
      return CutOff(duration);
    default:
      return;
  }
}

void LibraryUser::StandStill(runtime::Duration duration) {
  ++pauses_;
  parts_.scheduler->SetPaused(client_loop_, true);
  threads_.SetPaused(true);
  parts_.scheduler->RunAt(clock().Now() + duration, parts_.loop, [this] {
    parts_.scheduler->SetPaused(client_loop_, false);
    threads_.SetPaused(false);
  });
  threads_.Sleep(runtime::Duration{0});
}

void LibraryUser::CutOff(runtime::Duration duration) {
  ++cut_offs_;
  for (const std::string& member : members_) parts_.wires->Cut(host_, member);
  parts_.scheduler->RunAt(clock().Now() + duration, parts_.loop, [this, members = members_] {
    for (const std::string& member : members) parts_.wires->Join(host_, member);
  });
}

// ---- Its watch ----

void LibraryUser::WatchKeys() {
  while (!closing_ && !starting_anew_) {
    etcd::WatchRequest request{.key = "key", .range_end = "kez"};
    request.start_revision = watch_.next();
    request.prev_kv = random().OneIn(2);
    request.progress_notify = random().OneIn(2);
    request.created_notify = true;
    request.fragment = random().OneIn(4);
    // A member that was removed, and does not know it, would serve it for ever.
    const etcd::WatchEnding ending =
        client_->Watch(request, {.require_leader = true, .cancellation = cancellation_},
                       [this](const etcd::WatchResponse& answer) { return OnAnswer(answer); });
    checker().trace().Add(ending.status.code(), ending.compact_revision);
    if (ending.compact_revision != 0) {
      watch_.OnCompacted(ending.compact_revision, ending.status.message());
    }
    threads_.Sleep(kComeBackAfter);
  }
}

bool LibraryUser::OnAnswer(const etcd::WatchResponse& answer) {
  checker().trace().Add(answer.header.revision, answer.events.size(), answer.is_created);
  if (answer.is_created) {
    watch_.OnCreated(answer.header.revision);
  } else if (answer.is_progress) {
    watch_.OnProgress(answer.header.revision);
  } else {
    for (const etcd::Event& event : answer.events) {
      watch_.OnEvent(event.kv.mod_revision, ChangeOf(event));
    }
    watch_.OnEndOfAnswer(answer.header.revision, /*whole=*/true);
  }
  if (random().OneIn(8)) client_->RequestProgress(/*require_leader=*/true);
  // Now and then it has had enough, and goes on from there later.
  return !random().OneIn(200);
}

}  // namespace sim
