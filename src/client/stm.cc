#include <etcd/stm.h>

#include <map>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "base/errors.h"
#include "client/planted.h"
#include "client/steps.h"

namespace etcd {
inline namespace v1 {

// The runs of one function.
class Stm::State {
 public:
  State(Client* client, Isolation isolation, const client::Steps& steps)
      : client_(*client), isolation_(isolation), steps_(steps) {}

  // Before each run.
  void Begin() {
    reads_.clear();
    writes_.clear();
    failure_ = Status();
    // What the transaction before has shown is of one revision; so is what is read beside.
    revision_ = known_.empty() ? 0 : known_revision_;
  }

  Result<std::string> Get(const std::string& key) {
    const auto written = writes_.find(key);
    if (written != writes_.end()) {
      const auto* const put = std::get_if<PutRequest>(&written->second.request);
      return put == nullptr ? std::string() : put->value;
    }
    auto read = Read(key);
    if (!read.ok()) return read.status();
    return (*read)->value;
  }
  Result<int64_t> Rev(const std::string& key) {
    const auto read = Read(key);
    if (!read.ok()) return read.status();
    return (*read)->mod_revision;
  }
  void Write(const std::string& key, Op op) { writes_.insert_or_assign(key, std::move(op)); }

  // Why something could not be read in this run; OK: all was.
  const Status& failure() const { return failure_; }
  // Whether that is because the revision of the others is compacted: then another run may.
  bool IsPastGone() const {
    return revision_ != 0 && failure_.message() == base::errors::kCompacted.text;
  }
  void Forget() { known_.clear(); }

  // Nothing: somebody came between.
  Result<std::optional<TxnResponse>> Commit() {
    TxnRequest request{.compares = Compares(), .success = {}, .failure = {}};
    for (const auto& [key, op] : writes_) request.success.push_back(op);
    for (const auto& [key, kv] : reads_) request.failure.push_back(OpGet({.key = key}));
    auto done = client_.Txn(request, steps_.Next());
    if (!done.ok()) return done.status();
    if (done->succeeded) return std::optional<TxnResponse>(std::move(done).value());
    Remember(std::move(done).value());
    return std::optional<TxnResponse>();
  }

 private:
  bool IsOfOneRevision() const {
    return isolation_ == Isolation::kSerializableSnapshot || isolation_ == Isolation::kSerializable;
  }

  // The pair; of one that there is not, the key alone.
  Result<const KeyValue*> Read(const std::string& key) {
    if (!failure_.ok()) return failure_;
    if (const auto read = reads_.find(key); read != reads_.end()) return &read->second;
    if (auto known = known_.extract(key)) {
      return &reads_.insert(std::move(known)).position->second;
    }
    GetRequest request{.key = key};
    if (IsOfOneRevision()) {
      const bool is_late = Planted(client::PlantedBug::kReadsAreOfAnyRevision);
      request.revision = is_late ? 0 : revision_;
    } else {
      request.serializable = true;
    }
    const auto got = client_.Get(request, steps_.Next());
    if (!got.ok()) return failure_ = got.status();
    if (IsOfOneRevision() && revision_ == 0) revision_ = got->header.revision;
    const KeyValue kv = got->kvs.empty() ? KeyValue{.key = key} : got->kvs[0];
    return &reads_.emplace(key, kv).first->second;
  }

  std::vector<Compare> Compares() const {
    std::vector<Compare> compares;
    if (isolation_ == Isolation::kReadCommitted) return compares;
    for (const auto& [key, kv] : reads_) {
      compares.push_back(CompareModRevision(key, Compare::kEqual, kv.mod_revision));
      if (Planted(client::PlantedBug::kOneReadIsCompared)) return compares;
    }
    if (isolation_ != Isolation::kSerializableSnapshot || reads_.empty()) return compares;
    for (const auto& [key, op] : writes_) {
      compares.push_back(CompareModRevision(key, Compare::kLess, revision_ + 1));
    }
    return compares;
  }

  // What was read, as it is now: so that the next run need not ask.
  void Remember(TxnResponse answer) {
    known_revision_ = answer.header.revision;
    known_.clear();
    size_t next = 0;
    for (const auto& [key, kv] : reads_) {
      auto& got = std::get<GetResponse>(answer.responses[next++].response).kvs;
      known_.emplace(key, got.empty() ? KeyValue{.key = key} : std::move(got[0]));
    }
  }

  Client& client_;
  const Isolation isolation_;
  const client::Steps& steps_;
  std::map<std::string, KeyValue> reads_;
  std::map<std::string, Op> writes_;  // puts and deletions
  Status failure_;
  // At which this run reads; 0: it has not read yet, or at none.
  int64_t revision_ = 0;
  // Read for this run by the transaction before, at this revision.
  std::map<std::string, KeyValue> known_;
  int64_t known_revision_ = 0;
};

Result<std::string> Stm::Get(const std::string& key) {
  return state_.Get(key);
}

Result<int64_t> Stm::Rev(const std::string& key) {
  return state_.Rev(key);
}

void Stm::Put(const std::string& key, const std::string& value, int64_t lease) {
  state_.Write(key, OpPut({.key = key, .value = value, .lease = lease}));
}

void Stm::Del(const std::string& key) {
  state_.Write(key, OpDelete({.key = key}));
}

Result<TxnResponse> RunStm(Client* asked, const std::function<Status(Stm& stm)>& function,
                           const StmOptions& options, const CallOptions& call) {
  const client::Steps steps(*asked, call, kDefaultTimeout);
  Stm::State state(asked, options.isolation, steps);
  Stm stm(&state);
  for (;;) {
    state.Begin();
    const Status returned = function(stm);
    if (state.IsPastGone()) {
      state.Forget();
      continue;
    }
    if (!state.failure().ok()) return state.failure();
    if (!returned.ok()) return returned;
    auto done = state.Commit();
    if (!done.ok()) return done.status();
    if (done->has_value()) return std::move(**done);
  }
}

}  // namespace v1
}  // namespace etcd
