#include "sim/watches.h"

#include <utility>

#include "base/check.h"
#include "base/errors.h"

namespace sim {
namespace {

using etcdserverpb::WatchRequest;
using etcdserverpb::WatchResponse;
using std::chrono::milliseconds;

constexpr char kPath[] = "/etcdserverpb.Watch/Watch";
// A member does not know who the client is, or knew it when users were others.
bool SaysWhoIsUnknown(std::string_view reason) {
  for (const base::Status& status :
       {base::Status(base::errors::kUserEmpty), base::Status(base::errors::kInvalidAuthToken)}) {
    if (reason.ends_with(status.message())) return true;
  }
  return false;
}

// Between the end of a stream and the next one.
constexpr runtime::Duration kComeBackAfter = milliseconds(100);

}  // namespace

// The watch of one client, from stream to stream.
class Watches::Watch : public std::enable_shared_from_this<Watch> {
 public:
  Watch(Watches* watches, Client* client)
      : watches_(*watches), client_(*client), order_(watches->parts()) {}

  void Open() {
    WatchRequest request;
    auto* const create = request.mutable_create_request();
    create->set_key("key");
    create->set_range_end("kez");
    create->set_start_revision(order_.next());
    create->set_prev_kv(watches_.scheduler_.random().OneIn(2));
    create->set_fragment(watches_.scheduler_.random().OneIn(4));
    create->set_progress_notify(watches_.scheduler_.random().OneIn(2));
    std::vector<std::string> requests = {request.SerializeAsString()};
    // While it is behind, if there is anything to catch up with.
    if (watches_.scheduler_.random().OneIn(2)) requests.push_back(ProgressRequest());
    client_.OpenStream(
        kPath, watches_.as_.token(), std::move(requests),
        {.on_message =
             [self = shared_from_this()](rpc::ClientCall& call, base::ByteView message) {
               WatchResponse answer;
               CHECK(answer.ParseFromArray(message.data(), static_cast<int>(message.size())));
               self->OnAnswer(call, answer);
             },
         .on_end = [self = shared_from_this()] { self->OnEnd(); }});
  }
  // From the next answer on, which is the last that is read before, unless it does already.
  void Pause(runtime::Duration duration) {
    if (!is_paused_) pause_ = duration;
  }
  void Stop() { stopped_ = true; }
  int64_t next() const { return order_.next(); }

 private:
  void OnAnswer(rpc::ClientCall& call, const WatchResponse& answer) {
    if (stopped_) return;
    watches_.checker_.trace().Add(answer.header().revision(), answer.events_size(),
                                  answer.created(), answer.canceled());
    if (answer.canceled()) return OnCanceled(call, answer);
    const int64_t revision = answer.header().revision();
    if (answer.created()) return order_.OnCreated(revision);
    if (answer.events().empty()) return order_.OnProgress(revision);
    for (const mvccpb::Event& event : answer.events()) OnEvent(event);
    order_.OnEndOfAnswer(revision, !answer.fragment());
    if (watches_.scheduler_.random().OneIn(8)) call.Send(rpc::Message(ProgressRequest()));
    if (pause_ != runtime::Duration{0}) BeginPause(call, std::exchange(pause_, {}));
  }

  // In the midst of it, when the member may hold what it cannot send, it asks how far it is.
  void BeginPause(rpc::ClientCall& call, runtime::Duration duration) {
    call.PauseReading();
    is_paused_ = has_paused_ = true;
    const std::weak_ptr<rpc::ClientCall> weak = call.weak_from_this();
    client_.After(duration / 2, [weak] {
      if (const auto still = weak.lock()) still->Send(rpc::Message(ProgressRequest()));
    });
    client_.After(duration, [weak, self = shared_from_this()] {
      const auto still = weak.lock();
      if (still == nullptr || still->is_finished()) return;
      self->is_paused_ = false;
      still->ResumeReading();
    });
  }

  void OnCanceled(rpc::ClientCall& call, const WatchResponse& answer) {
    if (SaysWhoIsUnknown(answer.cancel_reason())) {
      watches_.as_.on_refused();
      return call.Cancel();
    }
    order_.OnCompacted(answer.compact_revision(), answer.cancel_reason());
    if (has_paused_) ++watches_.passed_by_;
    call.Cancel();  // a new stream begins there
  }

  void OnEvent(const mvccpb::Event& event) {
    const base::Revision revision(event.kv().mod_revision());
    const bool is_delete = event.type() == mvccpb::Event::DELETE;
    order_.OnEvent(revision.value(), {event.kv().key(), is_delete, event.kv().lease()});
    if (!is_delete) watches_.on_put_(revision, event.kv());
  }

  static std::string ProgressRequest() {
    WatchRequest request;
    request.mutable_progress_request();
    return request.SerializeAsString();
  }

  void OnEnd() {
    order_.OnBroken();
    is_paused_ = has_paused_ = false;
    if (stopped_) return;
    client_.After(kComeBackAfter, [self = shared_from_this()] {
      if (!self->stopped_) self->Open();
    });
  }

  Watches& watches_;
  Client& client_;
  WatchOrder order_;
  bool stopped_ = false;
  runtime::Duration pause_{0};  // that is to begin
  bool is_paused_ = false;
  bool has_paused_ = false;  // since its stream began
};

Watches::Watches(runtime::simulated::Scheduler* scheduler, Checker* checker,
                 const std::vector<Client*>& clients, As as, OnPut on_put, OnRevision on_revision)
    : scheduler_(*scheduler),
      checker_(*checker),
      as_(std::move(as)),
      on_put_(std::move(on_put)),
      on_revision_(std::move(on_revision)) {
  for (Client* const client : clients) {
    watches_.push_back(std::make_shared<Watch>(this, client));
    watches_.back()->Open();
  }
}

Watches::~Watches() {
  Stop();
}

void Watches::Pause(runtime::Duration duration) {
  watches_[scheduler_.random().Below(watches_.size())]->Pause(duration);
}

void Watches::Stop() {
  for (const auto& watch : watches_) watch->Stop();
}

WatchOrder::Parts Watches::parts() {
  return {.on_revision = [this](base::Revision revision,
                                const auto& changes) { OnEvents(revision, changes); },
          .fail = [this](const std::string& violation) { Fail(violation); }};
}

bool Watches::HaveReached(base::Revision revision) const {
  for (const auto& watch : watches_) {
    if (watch->next() <= revision.value()) return false;
  }
  return true;
}

void Watches::CheckRevision(base::Revision revision, const std::vector<KeyChange>& changes) {
  const auto told = told_.find(revision);
  if (told == told_.end() || told->second == changes) return;
  Fail("watches were told of other changes at revision " + ToString(revision) +
       " than a member holds");
}

void Watches::OnEvents(base::Revision revision, const std::vector<KeyChange>& changes) {
  events_ += changes.size();
  const auto [told, is_new] = told_.emplace(revision, changes);
  if (is_new) return on_revision_(revision, changes);
  if (told->second != changes) {
    Fail("two watches were told of different changes at revision " + ToString(revision));
  }
}

void Watches::Fail(const std::string& text) {
  checker_.Fail(base::Status(base::Code::kInternal, text));
}

}  // namespace sim
