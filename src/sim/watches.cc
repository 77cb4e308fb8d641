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
  Watch(Watches* watches, Client* client) : watches_(*watches), client_(*client) {}

  void Open() {
    WatchRequest request;
    auto* const create = request.mutable_create_request();
    create->set_key("key");
    create->set_range_end("kez");
    create->set_start_revision(next_);
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
  void Stop() { stopped_ = true; }
  int64_t next() const { return next_; }

 private:
  void OnAnswer(rpc::ClientCall& call, const WatchResponse& answer) {
    if (stopped_) return;
    watches_.checker_.trace().Add(answer.header().revision(), answer.events_size(),
                                  answer.created(), answer.canceled());
    if (answer.canceled()) return OnCanceled(call, answer);
    if (answer.created()) {
      if (next_ == 0) next_ = answer.header().revision() + 1;
      return;
    }
    if (answer.events().empty()) return OnProgress(answer);
    for (const mvccpb::Event& event : answer.events()) Gather(event);
    if (!answer.fragment()) EndRevision();
    if (next_ > answer.header().revision() + 1) {
      watches_.Fail("a watch was told of more than the answer's revision");
    }
    if (watches_.scheduler_.random().OneIn(8)) call.Send(rpc::Message(ProgressRequest()));
  }

  void OnCanceled(rpc::ClientCall& call, const WatchResponse& answer) {
    if (SaysWhoIsUnknown(answer.cancel_reason())) {
      watches_.as_.on_refused();
      return call.Cancel();
    }
    if (answer.compact_revision() <= next_) {
      watches_.Fail("a watch was canceled (" + answer.cancel_reason() + ") for a compaction to " +
                    std::to_string(answer.compact_revision()) + " that leaves revision " +
                    std::to_string(next_));
    }
    next_ = answer.compact_revision();
    call.Cancel();  // a new stream begins there
  }

  // Every revision changes some key that is watched.
  void OnProgress(const WatchResponse& answer) {
    if (answer.header().revision() < next_) return;
    watches_.Fail("progress is told to be " + std::to_string(answer.header().revision()) +
                  ", and revision " + std::to_string(next_) + " was not told");
  }

  void Gather(const mvccpb::Event& event) {
    const int64_t revision = event.kv().mod_revision();
    if (revision != at_) EndRevision();
    if (changes_.empty() && revision != next_) {
      watches_.Fail("a watch was told of revision " + std::to_string(revision) + " after " +
                    std::to_string(next_ - 1));
    }
    at_ = revision;
    const bool is_delete = event.type() == mvccpb::Event::DELETE;
    changes_.push_back({event.kv().key(), is_delete, event.kv().lease()});
    if (!is_delete) watches_.on_put_(base::Revision(revision), event.kv());
  }
  void EndRevision() {
    if (changes_.empty()) return;
    watches_.OnEvents(base::Revision(at_), changes_);
    next_ = at_ + 1;
    changes_.clear();
  }

  static std::string ProgressRequest() {
    WatchRequest request;
    request.mutable_progress_request();
    return request.SerializeAsString();
  }

  void OnEnd() {
    changes_.clear();  // of a revision that did not come whole
    if (stopped_) return;
    client_.After(kComeBackAfter, [self = shared_from_this()] {
      if (!self->stopped_) self->Open();
    });
  }

  Watches& watches_;
  Client& client_;
  int64_t next_ = 0;  // the first revision that it was not told of; 0: it has not begun
  int64_t at_ = 0;    // the revision of changes_
  std::vector<KeyChange> changes_;
  bool stopped_ = false;
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
  for (const auto& watch : watches_) watch->Stop();
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
