#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "proto/rpc.pb.h"
#include "state/kv/range.h"
#include "state/kv/request_check.h"
#include "state/kv/write.h"
#include "storage/backend/memory_backend.h"
#include "storage/backend/write_buffer.h"
#include "storage/mvcc/store.h"
#include "storage/mvcc/write_txn.h"
#include "storage/schema/consistent_index.h"
#include "storage/schema/schema.h"

// Any bytes as a request: what passes the checks is carried out, and its answer can be parsed.

namespace {

class StillClock final : public runtime::Clock {
 public:
  runtime::TimePoint Now() const override { return {}; }
  runtime::WallTime WallNow() const override { return {}; }
};

class OneLease final : public kv::Lessor {
 public:
  bool Exists(base::LeaseId lease) const override { return lease == base::LeaseId(1); }
  void Attach(base::LeaseId lease, base::ByteView) override { CHECK(Exists(lease)); }
  void Detach(base::LeaseId lease, base::ByteView) override { CHECK(Exists(lease)); }
};

// A store with a few keys, some of them changed and deleted.
class World {
 public:
  World() {
    auto opened = mvcc::Store::Open(database_.get(), &buffer_, &clock_, {},
                                    [](base::ByteView, base::LeaseId) {});
    CHECK(opened.ok());
    store_ = *std::move(opened);
    for (const char* key : {"a", "b", "c", "a"}) {
      CHECK(store_->Write().Put(key, "v", base::LeaseId()).ok());
    }
    CHECK(store_->Write().DeleteRange(mvcc::KeyRange::One("b")).ok());
  }

  void Write(const etcdserverpb::TxnRequest& request) {
    CheckAnswer<etcdserverpb::TxnResponse>(kv::Txn(Context(), request));
  }
  void Write(const etcdserverpb::PutRequest& request) {
    CheckAnswer<etcdserverpb::PutResponse>(kv::Put(Context(), request));
  }
  void Write(const etcdserverpb::DeleteRangeRequest& request) {
    CheckAnswer<etcdserverpb::DeleteRangeResponse>(kv::DeleteRange(Context(), request));
  }
  void Read(const etcdserverpb::RangeRequest& request) {
    auto read = kv::RangeRead::Open(*store_, request);
    if (!read.ok()) return;
    for (bool done = false; !done;) {
      auto step = read->Step();
      CHECK(step.ok());
      done = *step;
    }
    std::string body(read->BodySize(), '\0');
    CHECK(read->WriteBody(body.data()) == body.data() + body.size());
    etcdserverpb::RangeResponse response;
    CHECK(response.ParseFromString(body));
    CHECK(static_cast<size_t>(response.kvs_size()) == read->size());
  }

 private:
  kv::WriteContext Context() { return {store_.get(), &lessor_}; }
  template <typename Response>
  static void CheckAnswer(const base::Result<kv::Applied>& applied) {
    CHECK(applied.ok() || applied.status().code() != base::Code::kDataLoss);
    Response response;
    CHECK(!applied.ok() || response.ParseFromString(applied->body));
  }

  StillClock clock_;
  OneLease lessor_;
  std::unique_ptr<backend::Backend> database_ =
      backend::OpenMemoryBackend(backend::NewMemoryDatabase(schema::kBucketNames.size()));
  backend::WriteBuffer buffer_{backend::WriteBuffer::Limits(),
                               [](base::Index index, base::Term term, backend::Batch* batch) {
                                 schema::PutConsistentIndex({index, term}, batch);
                               }};
  std::unique_ptr<mvcc::Store> store_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const auto parse = [&](auto* message) {
    return message->ParseFromArray(data + 1, static_cast<int>(size - 1));
  };
  constexpr size_t kOpsMax = 128;
  World world;
  etcdserverpb::TxnRequest txn;
  etcdserverpb::RangeRequest range;
  etcdserverpb::PutRequest put;
  etcdserverpb::DeleteRangeRequest delete_range;
  switch (data[0] % 4) {
    case 0:
      if (!parse(&txn)) break;
      kv::QuotaCost(txn);
      if (kv::Check(txn, kOpsMax).ok()) world.Write(txn);
      break;
    case 1:
      if (!parse(&range)) break;
      CHECK(kv::Check(range).ok() || !kv::CheckRangeStream(range).ok());
      if (kv::Check(range).ok()) world.Read(range);
      break;
    case 2:
      if (parse(&put) && kv::Check(put).ok()) world.Write(put);
      break;
    default:
      if (parse(&delete_range) && kv::Check(delete_range).ok()) world.Write(delete_range);
  }
  return 0;
}
