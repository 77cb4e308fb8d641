#include "sim/workload.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/check.h"
#include "base/errors.h"
#include "net/http/limits.h"
#include "storage/mvcc/key_value.h"
#include "storage/mvcc/reads.h"

namespace sim {
namespace {

using std::chrono::milliseconds;

// Whether a member's error says that the request has changed nothing, and will not. What it says of
// time that is up, or of its own end, does not.
bool IsRefusal(const base::Status& status) {
  switch (status.code()) {
    case base::Code::kInvalidArgument:
    case base::Code::kOutOfRange:
    case base::Code::kFailedPrecondition:
    case base::Code::kResourceExhausted:
    case base::Code::kPermissionDenied:
    case base::Code::kUnauthenticated:
      return true;
    default:
      return status == base::errors::kTooManyRequests || status == base::errors::kNoLeader ||
             status == base::errors::kLeaseNotFound;
  }
}

// Nothing of what was asked for is there, or will be.
bool WasRefused(const Client::Answer& answer) {
  return answer.outcome == Outcome::kUnprocessed ||
         (answer.outcome == Outcome::kAnswered && IsRefusal(answer.status));
}

http::Keepalive KeepaliveOf(const Plan& plan) {
  http::Keepalive keepalive;
  const bool is_off = plan.keepalive_interval == runtime::Duration{0};
  keepalive.interval = is_off ? runtime::Duration::max() : plan.keepalive_interval;
  keepalive.timeout = milliseconds(500);
  return keepalive;
}

http::Limits LimitsOf(const Plan& plan) {
  http::Limits limits;
  limits.stream_window = static_cast<uint32_t>(plan.stream_window_bytes);
  return limits;
}

runtime::Duration Draw(runtime::Random& random, runtime::Duration low, runtime::Duration high) {
  return runtime::Duration(static_cast<runtime::Duration::rep>(
      random.Between(static_cast<uint64_t>(low.count()), static_cast<uint64_t>(high.count()))));
}

}  // namespace

Workload::Workload(runtime::simulated::Scheduler* scheduler, runtime::simulated::Wires* wires,
                   Checker* checker, const Plan& plan)
    : clock_(scheduler->clock()),
      random_(scheduler->random()),
      checker_(*checker),
      plan_(plan),
      leases_(scheduler, checker,
              [this](const char* path, std::string request, auto done) {
                AskAsRoot(path, std::move(request), std::move(done));
              }),
      rules_(scheduler, checker, [this](const char* path, std::string request, auto done) {
        AskAsRoot(path, std::move(request), std::move(done));
      }) {
  for (uint64_t i = 1; i <= plan.clients; ++i) {
    clients_.push_back(
        std::make_unique<Client>(scheduler, wires,
                                 Client::Options{"c" + std::to_string(i), KeepaliveOf(plan),
                                                 random_.Next(), LimitsOf(plan)}));
  }
  if (plan.tree_interval != runtime::Duration{0}) {
    tree_ = std::make_unique<TreeWorkload>(scheduler, wires, checker);
  }
  if (plan.auth_interval != runtime::Duration{0}) auth_ = NewAuthWorkload(scheduler);
  std::vector<Client*> watching;
  for (const auto& client : clients_) watching.push_back(client.get());
  watches_ = std::make_unique<Watches>(
      scheduler, checker, watching,
      Watches::As{.token = [this] { return RootToken(); },
                  .on_refused = [this] { RenewRootToken(); }},
      [this](base::Revision revision, const mvccpb::KeyValue& kv) {
        See(revision, {kv.key(), kv.value()});
      },
      [this](base::Revision revision, const auto& changes) { AddToHistory(revision, changes); });
  if (plan.uses_client_library()) {
    library_ = std::make_unique<LibraryWorkload>(scheduler, wires, checker, plan, PartsOfLibrary(),
                                                 watches_->parts());
  }
}

LibraryKeys::Parts Workload::PartsOfLibrary() {
  return {.draw_key = [this] { return DrawKey(); },
          .new_value = [this] { return NewValue(); },
          .on_put =
              [this](base::Revision at, const std::string& key, const std::string& value) {
                Acknowledge(at, {key, value});
              },
          .on_failed =
              [this](const std::vector<std::string>& values, const base::Status& status) {
                if (IsRefusal(status)) Refuse(values);
              },
          .on_not_taken = [this](const std::vector<std::string>& values) { Refuse(values); },
          .on_seen =
              [this](base::Revision at, const etcd::KeyValue& kv) {
                CheckPair(at, base::Revision(kv.mod_revision), {kv.key, kv.value});
              },
          .begin_read = [this] { return BeginRead(); }};
}

std::unique_ptr<AuthWorkload> Workload::NewAuthWorkload(runtime::simulated::Scheduler* scheduler) {
  return std::make_unique<AuthWorkload>(
      scheduler,
      UserRequests::Parts{
          .clock = &clock_,
          .random = &random_,
          .checker = &checker_,
          .ask = [this](UserRequest request,
                        auto done) { AskFor(std::move(request), std::move(done)); },
          .open =
              [this](const char* path, const std::string& token, std::string request,
                     Client::Stream stream) {
                RandomClient().OpenStream(path, token, {std::move(request)}, std::move(stream));
              },
          .new_value = [this] { return NewValue(); },
          .on_put =
              [this](base::Revision at, const std::string& key, const std::string& value) {
                Acknowledge(at, {key, value});
              },
          .on_seen = [this](const mvccpb::KeyValue& kv) { See(kv); }});
}

Tally Workload::tally() const {
  Tally tally;
  tally.Add("work: writes acknowledged", acknowledged_writes_);
  tally.Add("work: reads answered", reads_answered_);
  tally.Add("work: events of watches", watches_->events());
  tally.Add("work: slow watches that a compaction passed by", watches_->passed_by());
  tally.Add("work: requests of users served", auth_ == nullptr ? 0 : auth_->served());
  tally.Add("work: requests of users denied", auth_ == nullptr ? 0 : auth_->denied());
  tally.Add("work: answers of the v2 API", tree_ == nullptr ? 0 : tree_->answered());
  tally.Add(library_ == nullptr ? LibraryWorkload::NothingHappened() : library_->tally());
  tally.Add("calls: answered", ended(Outcome::kAnswered));
  tally.Add("calls: never carried out", ended(Outcome::kUnprocessed));
  tally.Add("calls: given up", ended(Outcome::kGivenUp));
  tally.Add("calls: lost", ended(Outcome::kLost));
  return tally;
}

void Workload::AskAsRoot(const char* path, std::string request,
                         std::function<void(const Client::Answer& answer)> done) {
  RandomClient().Start(NewCall(path, std::move(request)),
                       [this, done = std::move(done)](const Client::Answer& answer) {
                         CountRootsEnd(answer);
                         done(answer);
                       });
}

void Workload::AskFor(UserRequest request, std::function<void(const Client::Answer& answer)> done) {
  Client::Call call = NewCall(request.path, std::move(request.request));
  call.token = std::move(request.token);
  if (request.is_patient) {
    call.timeout = plan_.call_timeout_max;
    call.cancel_after.reset();
  }
  RandomClient().Start(std::move(call), [this, values = std::move(request.values),
                                         done = std::move(done)](const Client::Answer& answer) {
    CountEnd(answer);
    if (WasRefused(answer)) Refuse(values);
    done(answer);
  });
}

void Workload::RenewRootToken() {
  if (auth_ != nullptr) auth_->RenewRootToken();
}

void Workload::Dial(const std::vector<runtime::Address>& members) {
  if (library_ != nullptr && random_.OneIn(2)) return library_->Dial(members);
  if (tree_ != nullptr && random_.OneIn(2)) return tree_->Dial(members);
  RandomClient().Dial(members);
}

void Workload::DialAll(const std::vector<runtime::Address>& members) {
  for (const auto& client : clients_) client->Dial(members);
  if (tree_ != nullptr) tree_->Dial(members);
  if (library_ != nullptr) library_->DialAll(members);
}

void Workload::WakeAll() {
  for (const auto& client : clients_) client->Wake();
}

const std::string& Workload::RandomHost() {
  if (library_ != nullptr && random_.OneIn(2)) return library_->RandomHost();
  if (tree_ != nullptr && random_.OneIn(2)) return TreeWorkload::Host();
  return RandomClient().host();
}

void Workload::EndLibrary() {
  if (library_ != nullptr) library_->EndWork();
}

void Workload::Close() {
  watches_->Stop();
  for (const auto& client : clients_) client->Close();
  if (tree_ != nullptr) tree_->Close();
  if (library_ != nullptr) library_->Close();
}

std::string Workload::NewValue() {
  values_.emplace_back();
  return std::to_string(values_.size() - 1) + std::string(random_.Below(100), 'v');
}

Workload::Value& Workload::ValueOf(const std::string& value) {
  size_t number = values_.size();
  std::from_chars(value.data(), value.data() + value.size(), number);
  CHECK_LT(number, values_.size());
  return values_[number];
}

void Workload::Write() {
  switch (random_.Below(15)) {
    case 0:
      return DeleteKey();
    case 12:
    case 13:
    case 14:
      return leases_.Act();
    case 1:
    case 2:
      return CompareAndPut();
    case 3:
      if (random_.OneIn(4)) return Compact();
      [[fallthrough]];
    default:
      return PutKey();
  }
}

Client::Call Workload::NewCall(const char* path, std::string request) {
  Client::Call call;
  call.path = path;
  call.request = std::move(request);
  call.token = RootToken();
  const bool hasty = random_.Chance(plan_.hasty_calls, 1000);
  call.timeout = hasty ? Draw(random_, milliseconds(1), milliseconds(100))
                       : Draw(random_, milliseconds(500), plan_.call_timeout_max);
  call.wait_for_ready = random_.OneIn(2);
  if (random_.Chance(plan_.canceled_calls, 1000)) {
    call.cancel_after = Draw(random_, runtime::Duration{0}, milliseconds(50));
  }
  return call;
}

void Workload::CountEnd(const Client::Answer& answer) {
  ++ended_[static_cast<size_t>(answer.outcome)];
  checker_.trace().Add(answer.outcome, answer.status.code());
}

void Workload::CountRootsEnd(const Client::Answer& answer) {
  CountEnd(answer);
  if (answer.status == base::errors::kInvalidAuthToken ||
      answer.status == base::errors::kUserEmpty) {
    RenewRootToken();
  }
}

template <typename Response>
void Workload::Ask(const char* path, const google::protobuf::MessageLite& request,
                   std::vector<std::string> values, OnResponse<Response> on_response,
                   OnError on_error) {
  RandomClient().Start(NewCall(path, request.SerializeAsString()),
                       [this, values = std::move(values), on_response = std::move(on_response),
                        on_error = std::move(on_error)](const Client::Answer& answer) {
                         CountRootsEnd(answer);
                         if (answer.status.ok()) {
                           Response response;
                           CHECK(response.ParseFromArray(answer.reply.data(),
                                                         static_cast<int>(answer.reply.size())));
                           return on_response(response);
                         }
                         if (WasRefused(answer)) Refuse(values);
                         if (answer.outcome == Outcome::kAnswered) on_error(answer.status);
                       });
}

void Workload::PutKey() {
  etcdserverpb::PutRequest request;
  request.set_key(DrawKey());
  request.set_value(NewValue());
  request.set_prev_kv(random_.OneIn(4));
  if (random_.OneIn(4)) request.set_lease(leases_.Draw());
  const runtime::TimePoint asked = clock_.Now();
  Ask<etcdserverpb::PutResponse>(
      "/etcdserverpb.KV/Put", request, {request.value()},
      [this, put = Put{request.key(), request.value()}, lease = request.lease(),
       asked](const etcdserverpb::PutResponse& response) {
        Acknowledge(base::Revision(response.header().revision()), put);
        if (response.has_prev_kv()) See(response.prev_kv());
        if (lease != 0) leases_.OnFound(lease, asked);
      },
      [this, lease = request.lease(), asked](const base::Status& status) {
        if (status == base::errors::kLeaseNotFound) leases_.OnNotFound(lease, asked);
      });
}

void Workload::DeleteKey() {
  etcdserverpb::DeleteRangeRequest request;
  request.set_key(DrawKey());
  if (random_.OneIn(4)) request.set_range_end("key9");
  const size_t number = history_.Ask(request.key(), request.range_end(), clock_.Now());
  Ask<etcdserverpb::DeleteRangeResponse>(
      "/etcdserverpb.KV/DeleteRange", request, {},
      [this, number](const etcdserverpb::DeleteRangeResponse& response) {
        const base::Revision revision(response.header().revision());
        AcknowledgeRevision(revision);
        if (response.deleted() == 0) return history_.OnNothingDeleted(number);
        history_.OnDeleted(number, revision);
      });
}

void Workload::CompareAndPut() {
  etcdserverpb::TxnRequest request;
  auto* const compare = request.add_compare();
  compare->set_key(DrawKey());
  compare->set_target(etcdserverpb::Compare::VERSION);
  compare->set_result(random_.OneIn(2) ? etcdserverpb::Compare::EQUAL
                                       : etcdserverpb::Compare::GREATER);
  std::vector<std::string> values;
  for (auto* const branch : {request.mutable_success(), request.mutable_failure()}) {
    auto* const put = branch->Add()->mutable_request_put();
    put->set_key(compare->key());
    put->set_value(values.emplace_back(NewValue()));
    branch->Add()->mutable_request_range()->set_key(DrawKey());
  }
  Ask<etcdserverpb::TxnResponse>(
      "/etcdserverpb.KV/Txn", request, values,
      [this, key = compare->key(), values,
       asked = clock_.Now()](const etcdserverpb::TxnResponse& response) {
        const size_t taken = response.succeeded() ? 0 : 1;
        Acknowledge(base::Revision(response.header().revision()), {key, values[taken]});
        Refuse({values[1 - taken]});
        for (const auto& kv : response.responses(1).response_range().kvs()) See(kv);
        SeeLeases(response.responses(1).response_range(), asked);
      });
}

void Workload::Compact() {
  etcdserverpb::CompactionRequest request;
  request.set_revision(std::max<int64_t>(1, newest_.value() - 100));
  Ask<etcdserverpb::CompactionResponse>(
      "/etcdserverpb.KV/Compact", request, {},
      [this](const etcdserverpb::CompactionResponse& response) {
        AcknowledgeRevision(base::Revision(response.header().revision()));
      });
}

void Workload::AcknowledgeRevision(base::Revision revision) {
  checker_.trace().Add(revision.value());
  ++acknowledged_writes_;
  newest_ = std::max(newest_, revision);
}

void Workload::Acknowledge(base::Revision revision, const Put& put) {
  AcknowledgeRevision(revision);
  if (!puts_.emplace(revision, put).second) {
    checker_.Fail(Violated("revision " + ToString(revision) + " was given twice"));
  }
  revisions_of_[put.key].insert(revision);
  See(revision, put);
}

void Workload::Refuse(const std::vector<std::string>& values) {
  for (const std::string& value : values) {
    Value& refused = ValueOf(value);
    refused.is_refused = true;
    if (refused.revision == base::Revision()) continue;
    checker_.Fail(Violated("a write was said not to have been carried out, and is revision " +
                           ToString(refused.revision)));
  }
}

void Workload::See(base::Revision revision, const Put& put) {
  if (LibraryWorkload::Owns(put.key)) return;
  const auto [known, is_new] = seen_.emplace(revision, put);
  if (!is_new) {
    if (known->second == put) return;
    return checker_.Fail(Violated("revision " + ToString(revision) + " is of two writes"));
  }
  Value& value = ValueOf(put.value);
  if (value.is_refused) {
    checker_.Fail(Violated("revision " + ToString(revision) +
                           " is a write that was said not to have been carried out"));
  }
  if (value.revision != base::Revision()) {
    checker_.Fail(Violated("a write was carried out twice, as revisions " +
                           ToString(value.revision) + " and " + ToString(revision)));
  }
  value.revision = revision;
}

void Workload::Read() {
  etcdserverpb::RangeRequest request;
  request.set_key(DrawKey());
  if (random_.OneIn(16)) request.set_range_end("key9");
  request.set_serializable(random_.OneIn(8));
  Ask<etcdserverpb::RangeResponse>(
      "/etcdserverpb.KV/Range", request, {},
      [this, is_linearizable = !request.serializable(), on_read = BeginRead(),
       asked = clock_.Now()](const etcdserverpb::RangeResponse& response) {
        ++reads_answered_;
        const base::Revision revision(response.header().revision());
        checker_.trace().Add(revision.value(), response.kvs_size());
        CheckRange(response);
        if (!is_linearizable) return;
        SeeLeases(response, asked);
        on_read(revision);
      });
}

std::function<void(base::Revision at)> Workload::BeginRead() {
  return [this, floor = checker_.ReadFloor(), newest = newest_](base::Revision at) {
    checker_.CheckRead(floor, at);
    if (at >= newest) return;
    checker_.Fail(Violated("a read saw revision " + ToString(at) + " although " + ToString(newest) +
                           " had been acknowledged before"));
  };
}

void Workload::SeeLeases(const etcdserverpb::RangeResponse& response, runtime::TimePoint asked) {
  for (const auto& kv : response.kvs()) {
    if (kv.lease() != 0) leases_.OnFound(kv.lease(), asked);
  }
}

// What was acknowledged at revisions up to that of the answer is in it, or was written over.
void Workload::CheckRange(const etcdserverpb::RangeResponse& response) {
  const base::Revision at(response.header().revision());
  for (const auto& kv : response.kvs()) {
    CheckPair(at, base::Revision(kv.mod_revision()), {kv.key(), kv.value()});
  }
}

void Workload::CheckPair(base::Revision at, base::Revision mod, const Put& put) {
  See(mod, put);
  const std::set<base::Revision>& acknowledged = revisions_of_[put.key];
  const auto later = acknowledged.upper_bound(mod);
  if (later == acknowledged.end() || *later > at) return;
  checker_.Fail(Violated("a read of \"" + put.key + "\" at revision " + ToString(at) +
                         " missed revision " + ToString(*later)));
}

// What the client library keeps has an account of its own.
void Workload::AddToHistory(base::Revision revision, std::vector<KeyChange> changes) {
  for (KeyChange& change : changes) {
    if (LibraryWorkload::Owns(change.key)) change = {.key = std::move(change.key)};
  }
  history_.Add(revision, changes, clock_.Now());
}

void Workload::CheckAll(const std::vector<Process*>& processes, bool leases_are_gone) {
  leases_.CheckAll(processes);
  AuthWorkload::CheckAll(processes, &checker_);
  AdmissionWorkload::CheckAll(processes, &checker_);
  TreeWorkload::CheckAll(processes, &checker_);
  if (tree_ != nullptr) tree_->CheckAccounts(processes);
  if (library_ != nullptr) library_->Check(processes);
  std::map<base::Revision, mvcc::KeyValueHash> hashes;
  for (Process* const process : processes) {
    CheckHistory(*process);
    mvcc::Store& store = process->server().state()->store();
    const auto hash = mvcc::Reads(&store).HashKv({});
    if (!hash.ok()) return checker_.Fail(hash.status());
    // Members may be at different compactions of one revision for a moment.
    const auto [known, inserted] = hashes.emplace(store.revision(), *hash);
    if (!inserted && known->second.compact_revision == hash->compact_revision &&
        known->second.hash != hash->hash) {
      checker_.Fail(Violated("the stores differ at revision " + ToString(store.revision())));
    }
  }
  history_.Check(&checker_, leases_are_gone,
                 [this](int64_t lease, base::Revision at, runtime::TimePoint told) {
                   leases_.OnKeysGone(lease, at, told);
                 });
}

void Workload::CheckHistory(Process& process) {
  mvcc::Store& store = process.server().state()->store();
  const base::Revision first = std::max(base::Revision(1), store.compact_revision());
  mvcc::Reads reads(&store);
  auto pin = reads.Pin({});
  if (!pin.ok()) return checker_.Fail(pin.status());
  std::set<base::Revision> held;
  std::map<base::Revision, std::vector<KeyChange>> changes;
  const base::Status read = (*pin)->History(first, [&](const mvcc::StoredChange& change) {
    const auto kv = mvcc::ParseKeyValue(change.key_value);
    if (!kv->key.starts_with("key")) return true;  // not watched
    const base::Revision revision(change.revision.main);
    changes[revision].push_back({std::string(kv->key), change.is_tombstone, kv->lease.value()});
    if (change.is_tombstone) return true;
    held.insert(revision);
    See(revision, {std::string(kv->key), std::string(kv->value)});
    return true;
  });
  if (!read.ok()) return checker_.Fail(read);
  // Of the compacted revision itself only some is left.
  for (const auto& [revision, those] : changes) {
    if (revision <= first) continue;
    watches_->CheckRevision(revision, those);
    AddToHistory(revision, those);
  }
  for (auto put = puts_.upper_bound(first); put != puts_.end(); ++put) {
    if (held.contains(put->first)) continue;
    return checker_.Fail(
        Violated("revision " + ToString(put->first) + " was acknowledged and is lost"));
  }
}

}  // namespace sim
