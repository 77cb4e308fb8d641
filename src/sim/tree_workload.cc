#include "sim/tree_workload.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

#include "api/v2/accounts.h"
#include "state/apply/state.h"
#include "state/v2/store.h"
#include "state/v2/tree.h"

namespace sim {
namespace {

constexpr size_t kWatches = 4;
constexpr uint64_t kKeys = 8;
constexpr uint64_t kRequestsMax = 3;  // at one moment
constexpr runtime::Duration kTimeout = std::chrono::seconds(4);
constexpr runtime::Duration kWatchTimeout = std::chrono::seconds(8);
constexpr runtime::Duration kPause = std::chrono::milliseconds(100);
constexpr size_t kAnswerBytesMax = 1 << 20;
constexpr int kOk = 200;
constexpr int kCreated = 201;
constexpr int kUnauthorized = 401;
constexpr int kFailedBelow = 500;  // with a status from here on nobody knows what became of it
constexpr uint64_t kCleared = 401;

uint64_t IndexOf(const http::Client::Answer& answer) {
  const base::ByteView text = answer.head.Get("x-etcd-index");
  uint64_t index = 0;
  std::from_chars(text.data(), text.data() + text.size(), index);
  return index;
}

base::Status ApiViolated(const std::string& what) {
  return Violated("the v2 API: " + what);
}

std::string Line(std::string body) {
  if (body.ends_with('\n')) body.pop_back();
  return body;
}

void Describe(const v2::Node& node, const std::string& path, std::string* text) {
  *text += path + "=" + std::string(node.value()) + " " + std::to_string(node.created()) + " " +
           std::to_string(node.modified()) + " " + std::to_string(node.expiration()) + "; ";
  if (!node.is_directory()) return;
  v2::Children children(node);
  while (const v2::Node* const child = children.Next()) {
    Describe(*child, v2::Join(path, child->name()), text);
  }
}

std::string Describe(const v2::View& view) {
  std::string text;
  Describe(*view.root, "", &text);
  for (uint64_t i = view.history.first(); i <= view.index; ++i) {
    const v2::History::Pointer& event = view.history.At(i);
    if (event == nullptr) continue;
    text += std::to_string(i) + " " + v2::NameOf(event->action) + " " + event->key + "; ";
  }
  return text;
}

}  // namespace

TreeWorkload::TreeWorkload(runtime::simulated::Scheduler* scheduler,
                           runtime::simulated::Wires* wires, Checker* checker)
    : scheduler_(*scheduler),
      random_(scheduler->random()),
      checker_(*checker),
      loop_(scheduler->NewLoop("v2 client")),
      network_(wires->NewNetwork(Host(), loop_.get())),
      watches_(kWatches, 0) {
  if (random_.OneIn(2)) accounts_.emplace();
}

TreeWorkload::~TreeWorkload() = default;

const std::string& TreeWorkload::Host() {
  static const std::string host = "v2";
  return host;
}

void TreeWorkload::Dial(std::vector<runtime::Address> members) {
  loop_->Post([this, members = std::move(members)] {
    ++life_;
    is_watching_ = makes_accounts_ = false;
    members_.clear();
    for (const runtime::Address& address : members) {
      http::Client::Options options;
      options.address = address;
      members_.push_back(
          std::make_unique<http::Client>(loop_.get(), network_.get(), std::move(options)));
    }
  });
}

void TreeWorkload::Close() {
  loop_->Post([this] {
    ++life_;
    members_.clear();
  });
}

void TreeWorkload::Ask(Request request, runtime::Duration timeout, OnAnswer on_answer,
                       std::function<void()> on_none) {
  http::Client& member = *members_[random_.Below(members_.size())];
  http::Headers head = {{":method", request.method}, {":path", request.target}};
  if (accounts_.has_value()) {
    head.Add("authorization", request.by_reader ? TreeAccounts::Reader() : TreeAccounts::Root());
  }
  base::Bytes body = request.body;
  member.Fetch(std::move(head), std::move(body), kAnswerBytesMax, timeout,
               [this, life = life_, request = std::move(request), on_answer = std::move(on_answer),
                on_none = std::move(on_none)](base::Result<Answer> answer) {
                 if (life != life_) return;
                 if (!answer.ok()) return on_none();
                 ++answered_;
                 if (answer->status == kUnauthorized) return OnRefused(request, *answer);
                 on_answer(*answer);
               });
}

void TreeWorkload::OnRefused(const Request& request, const Answer& answer) {
  if (!request.by_reader || request.method == std::string_view("GET")) {
    return Check(ApiViolated("refused: " + request.target + " " + answer.body));
  }
  Check(history_.Refuse(request.value));
}

void TreeWorkload::MakeAccounts() {
  const TreeAccounts::Step* const step = accounts_.has_value() ? accounts_->next() : nullptr;
  if (step == nullptr || std::exchange(makes_accounts_, true)) return;
  Ask(
      {.method = "PUT", .target = step->target, .body = step->body}, kTimeout,
      [this](const Answer& answer) {
        makes_accounts_ = false;
        accounts_->OnAnswered(answer.status);
      },
      [this] { makes_accounts_ = false; });
}

void TreeWorkload::Act() {
  loop_->Post([this] {
    if (members_.empty()) return;
    if (!std::exchange(is_watching_, true)) {
      for (size_t i = 0; i < kWatches; ++i) Watch(i);
    }
    MakeAccounts();
    for (uint64_t left = random_.Between(1, kRequestsMax); left > 0; --left) {
      const uint64_t kind = random_.Below(10);
      if (kind < 5) {
        Write();
      } else if (kind < 6) {
        Remove();
      } else {
        Read();
      }
    }
  });
}

void TreeWorkload::Write() {
  const std::string key = "/k" + std::to_string(random_.Below(kKeys));
  const std::string value = "v" + std::to_string(++values_);
  std::string target = "/v2/keys" + key + "?value=" + value;
  const char* method = "PUT";
  switch (random_.Below(6)) {
    case 0:
      method = "POST";
      target = "/v2/keys/queue?value=" + value;
      break;
    case 1:
      target += "&prevExist=false";
      break;
    case 2:
      target += "&prevIndex=" + std::to_string(read_at_);
      break;
    case 3:
      target += "&ttl=" + std::to_string(random_.Below(3));
      break;
    default:
      break;
  }
  Ask({.method = method, .target = target, .by_reader = DrawReader(), .value = value}, kTimeout,
      [this, before = newest_](const Answer& answer) { OnWritten(answer, before); });
}

void TreeWorkload::Remove() {
  const std::string target = random_.OneIn(4) ? "/v2/keys/queue?recursive=true"
                                              : "/v2/keys/k" + std::to_string(random_.Below(kKeys));
  Ask({.method = "DELETE", .target = target}, kTimeout,
      [this, before = newest_](const Answer& answer) { OnWritten(answer, before); });
}

void TreeWorkload::OnWritten(const Answer& answer, uint64_t before) {
  if (answer.status >= kFailedBelow) return;
  const uint64_t index = IndexOf(answer);
  const bool is_done = answer.status == kOk || answer.status == kCreated;
  if (index < before + (is_done ? 1 : 0)) {
    return Check(ApiViolated("asked after " + std::to_string(before) +
                             " was answered, and done at " + std::to_string(index)));
  }
  newest_ = std::max(newest_, index);
  if (!is_done) return;
  Check(history_.Add(Line(answer.body)));
  read_at_ = index;
  const std::string key = TreeHistory::FieldOf(answer.body, "key");
  if (!key.starts_with("/queue/")) return;
  const std::string digits = std::to_string(index);
  if (!key.ends_with(std::string(20 - digits.size(), '0') + digits)) {
    Check(ApiViolated("out of order: " + answer.body));
  }
}

void TreeWorkload::Read() {
  const std::string key = "/k" + std::to_string(random_.Below(kKeys));
  const bool is_quorum = random_.OneIn(2);
  const std::string target = "/v2/keys" + key + (is_quorum ? "?quorum=true" : "");
  Ask({.method = "GET", .target = target, .by_reader = DrawReader()}, kTimeout,
      [this, key, before = is_quorum ? newest_ : 0](const Answer& answer) {
        OnRead(key, answer, before);
      });
}

void TreeWorkload::OnRead(const std::string& key, const Answer& answer, uint64_t before) {
  if (answer.status >= kFailedBelow) return;
  const uint64_t index = IndexOf(answer);
  if (index < before) {
    return Check(ApiViolated("a read at " + std::to_string(index) + ", after " +
                             std::to_string(before) + " was answered"));
  }
  if (answer.status != kOk) return Check(history_.MissKey(key, index));
  const uint64_t modified = TreeHistory::NumberOf(answer.body, "modifiedIndex");
  Check(history_.SeeKey(key, TreeHistory::FieldOf(answer.body, "value"), modified, index));
}

void TreeWorkload::Watch(size_t number) {
  std::string target = "/v2/keys/?wait=true&recursive=true";
  if (watches_[number] != 0) target += "&waitIndex=" + std::to_string(watches_[number]);
  Ask(
      {.method = "GET", .target = target}, kWatchTimeout,
      [this, number](const Answer& answer) { OnWatched(number, answer); },
      [this, number] { WatchLater(number); });
}

void TreeWorkload::WatchLater(size_t number) {
  scheduler_.RunAt(scheduler_.clock().Now() + kPause, loop_.get(), [this, number, life = life_] {
    if (life == life_) Watch(number);
  });
}

// An answer that ends without an event has missed some, and one that is asked for again is told
// whether they are gone.
void TreeWorkload::OnWatched(size_t number, const Answer& answer) {
  uint64_t& next = watches_[number];
  if (answer.status == kOk && !answer.body.empty()) {
    const uint64_t index = TreeHistory::NumberOf(answer.body, "modifiedIndex");
    Check(history_.Add(Line(answer.body)));
    if (next != 0) Check(history_.Skip(next, index));
    next = index + 1;
  } else if (TreeHistory::NumberOf(answer.body, "errorCode") == kCleared) {
    const uint64_t index = IndexOf(answer);
    if (index < next + v2::History::kEventsMax) {
      Check(ApiViolated("cleared too early: " + answer.body));
    }
    next = index + 1;
  } else {
    return WatchLater(number);
  }
  Watch(number);
}

void TreeWorkload::CheckAccounts(const std::vector<Process*>& processes) {
  if (!accounts_.has_value() || !accounts_->are_enabled()) return;
  for (Process* const process : processes) {
    const auto view = process->server().state()->v2().published().Get();
    const bool counts =
        view != nullptr && v2::IsEnabled(*view) && v2::FindUser(*view, "reader").has_value();
    if (!counts) Check(ApiViolated("a member does not know that users count"));
  }
}

void TreeWorkload::CheckAll(const std::vector<Process*>& processes, Checker* checker) {
  std::map<uint64_t, std::string> trees;  // by index: something may run out meanwhile
  for (Process* const process : processes) {
    const auto view = process->server().state()->v2().published().Get();
    if (view == nullptr) continue;
    const std::string tree = Describe(*view);
    const auto [known, is_new] = trees.emplace(view->index, tree);
    if (is_new || known->second == tree) continue;
    checker->Fail(ApiViolated("trees differ: " + known->second + " and " + tree));
  }
}

}  // namespace sim
