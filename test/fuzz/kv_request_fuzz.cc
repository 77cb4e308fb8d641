#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/check.h"
#include "runtime/posix/clock.h"
#include "state/kv/range.h"
#include "state/kv/read_only_txn.h"
#include "state/kv/request_check.h"
#include "state/kv/write.h"
#include "storage/backend/memory_backend.h"
#include "storage/backend/write_buffer.h"
#include "storage/mvcc/store.h"
#include "storage/mvcc/write_txn.h"
#include "storage/schema/schema.h"

// Any bytes as a TxnRequest: if it is valid it is carried out on a small store, and each range in
// it is read alone. Every answer can be decoded, and the revision goes up by one or stays.

namespace {

constexpr size_t kOpsMax = 128;

class OneLease final : public kv::Lessor {
 public:
  bool Exists(base::LeaseId lease) const override { return lease == base::LeaseId(1); }
  void Attach(base::LeaseId, base::ByteView) override {}
  void Detach(base::LeaseId, base::ByteView) override {}
};

class SmallStore {
 public:
  SmallStore() {
    store_ = mvcc::Store::Open(database_.get(), &buffer_, &clock_, {}, [](auto, auto) {}).value();
    mvcc::WriteTxn txn = store_->Write();
    for (const char* const key : {"a", "b", "bb", "c"}) {
      CHECK(txn.Put(key, key, base::LeaseId()).ok());
    }
  }
  mvcc::Store& store() { return *store_; }
  mvcc::Reads& reads() { return store_->apply_reads(); }

 private:
  runtime::posix::Clock clock_;
  std::unique_ptr<backend::Backend> database_ =
      backend::OpenMemoryBackend(backend::NewMemoryDatabase(schema::kBucketNames.size()));
  backend::WriteBuffer buffer_{backend::WriteBuffer::Limits(), [](auto, auto, auto) {}};
  std::unique_ptr<mvcc::Store> store_;
};

void ReadAlone(mvcc::Reads& reads, const etcdserverpb::RangeRequest& request) {
  base::Result<kv::RangeRead> read = kv::RangeRead::Open(reads, request);
  if (!read.ok()) return;
  while (!read->Step().value()) continue;
  std::string body(read->BodySize(), '\0');
  CHECK(read->WriteBody(body.data()) == body.data() + body.size());
  etcdserverpb::RangeResponse response;
  CHECK(response.ParseFromString(body));
  CHECK(response.kvs_size() <= response.count());
  CHECK(request.limit() <= 0 || response.kvs_size() <= request.limit());
}

base::Result<kv::Applied> ReadOnly(mvcc::Reads& reads, const etcdserverpb::TxnRequest& request) {
  ASSIGN_OR_RETURN(kv::ReadOnlyTxn txn, kv::ReadOnlyTxn::Open(reads, request));
  for (bool done = false; !done;) {
    ASSIGN_OR_RETURN(done, txn.Step());
  }
  base::Bytes body(txn.BodySize(), '\0');
  CHECK(txn.WriteBody(body.data()) == body.data() + body.size());
  return kv::Applied{std::move(body), txn.revision()};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  etcdserverpb::TxnRequest request;
  if (!request.ParseFromArray(data, static_cast<int>(size))) return 0;
  kv::QuotaCost(request);
  if (!kv::Check(request, kOpsMax).ok()) return 0;

  SmallStore small;
  OneLease lessor;
  kv::OperationCounts counts;
  const int64_t before = small.store().revision().value();
  const base::Result<kv::Applied> applied =
      kv::IsReadOnly(request) ? ReadOnly(small.reads(), request)
                              : kv::Txn({&small.store(), &lessor, &counts}, request);
  const int64_t after = small.store().revision().value();
  const bool answered = applied.ok() && applied->refusal.ok();
  CHECK(after == before || (answered && after == before + 1));
  if (answered) {
    etcdserverpb::TxnResponse response;
    CHECK(response.ParseFromString(applied->body));
    CHECK(applied->revision.value() == after);
  }
  for (const auto& op : request.success()) {
    if (op.has_request_range()) ReadAlone(small.reads(), op.request_range());
  }
  return 0;
}
