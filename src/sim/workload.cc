#include "sim/workload.h"

#include <algorithm>
#include <utility>

#include "proto/raft_internal.pb.h"
#include "proto/rpc.pb.h"
#include "storage/mvcc/key_value.h"
#include "storage/mvcc/reads.h"

namespace sim {
namespace {

using etcdserverpb::InternalRaftRequest;

base::Status Violated(const std::string& text) {
  return base::Status(base::Code::kInternal, text);
}

}  // namespace

std::string Workload::NewValue() {
  return std::to_string(++values_) + std::string(random_.Below(100), 'v');
}

void Workload::Write(Process& process) {
  switch (random_.Below(12)) {
    case 0:
      return DeleteKey(process);
    case 1:
    case 2:
      return CompareAndPut(process);
    case 3:
      if (random_.OneIn(4)) return Compact(process);
      [[fallthrough]];
    default:
      return PutKey(process);
  }
}

void Workload::Propose(Process& process, uint32_t field, const std::string& request,
                       OnRevision on_done) {
  process.Post([this, &process, field, request, on_done = std::move(on_done)] {
    process.frontend().Propose(field, request, [this, on_done](const apply::Reply& reply) {
      if (!reply.status.ok()) return;
      checker_.trace().Add(reply.revision.value());
      ++acknowledged_writes_;
      newest_ = std::max(newest_, reply.revision);
      if (on_done) on_done(reply.revision);
    });
  });
}

void Workload::PutKey(Process& process) {
  etcdserverpb::PutRequest request;
  request.set_key(DrawKey());
  request.set_value(NewValue());
  request.set_prev_kv(random_.OneIn(4));
  Propose(process, InternalRaftRequest::kPutFieldNumber, request.SerializeAsString(),
          [this, put = Put{request.key(), request.value()}](base::Revision revision) {
            Acknowledge(revision, put);
          });
}

void Workload::DeleteKey(Process& process) {
  etcdserverpb::DeleteRangeRequest request;
  request.set_key(DrawKey());
  if (random_.OneIn(4)) request.set_range_end("key9");
  Propose(process, InternalRaftRequest::kDeleteRangeFieldNumber, request.SerializeAsString(), {});
}

void Workload::CompareAndPut(Process& process) {
  etcdserverpb::TxnRequest request;
  auto* const compare = request.add_compare();
  compare->set_key(DrawKey());
  compare->set_target(etcdserverpb::Compare::VERSION);
  compare->set_result(random_.OneIn(2) ? etcdserverpb::Compare::EQUAL
                                       : etcdserverpb::Compare::GREATER);
  for (auto* const branch : {request.mutable_success(), request.mutable_failure()}) {
    auto* const put = branch->Add()->mutable_request_put();
    put->set_key(compare->key());
    put->set_value(NewValue());
    branch->Add()->mutable_request_range()->set_key(DrawKey());
  }
  Propose(process, InternalRaftRequest::kTxnFieldNumber, request.SerializeAsString(), {});
}

void Workload::Compact(Process& process) {
  etcdserverpb::CompactionRequest request;
  request.set_revision(std::max<int64_t>(1, newest_.value() - 100));
  Propose(process, InternalRaftRequest::kCompactionFieldNumber, request.SerializeAsString(), {});
}

void Workload::Acknowledge(base::Revision revision, Put put) {
  if (!puts_.emplace(revision, std::move(put)).second) {
    checker_.Fail(Violated("revision " + ToString(revision) + " was given twice"));
  }
}

void Workload::Read(Process& process) {
  process.Post([this, &process] {
    const base::Index floor = checker_.ReadFloor();
    const base::Revision newest = newest_;
    process.frontend().ReadIndex([this, &process, floor, newest](const base::Status& status) {
      if (!status.ok()) return;
      ++reads_answered_;
      const base::Index applied(process.server().progress().applied);
      checker_.CheckRead(floor, applied);
      const base::Revision revision = process.frontend().state()->store().revision();
      if (revision >= newest) return;
      checker_.Fail(Violated("a read saw revision " + ToString(revision) + " although " +
                             ToString(newest) + " had been acknowledged before"));
    });
  });
}

void Workload::CheckAll(const std::vector<Process*>& processes) {
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
}

void Workload::CheckHistory(Process& process) {
  mvcc::Store& store = process.server().state()->store();
  const base::Revision first = std::max(base::Revision(1), store.compact_revision());
  mvcc::Reads reads(&store);
  auto pin = reads.Pin({});
  if (!pin.ok()) return checker_.Fail(pin.status());
  std::map<base::Revision, Put> held;
  const base::Status read = (*pin)->History(first, [&](const mvcc::StoredChange& change) {
    const auto kv = mvcc::ParseKeyValue(change.key_value);
    held[base::Revision(kv->mod_revision)] = {std::string(kv->key), std::string(kv->value)};
    return true;
  });
  if (!read.ok()) return checker_.Fail(read);
  for (auto put = puts_.upper_bound(first); put != puts_.end(); ++put) {
    const auto found = held.find(put->first);
    if (found != held.end() && found->second.key == put->second.key &&
        found->second.value == put->second.value) {
      continue;
    }
    return checker_.Fail(
        Violated("revision " + ToString(put->first) + " was acknowledged and is lost"));
  }
}

}  // namespace sim
