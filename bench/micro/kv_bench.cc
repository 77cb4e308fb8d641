#include <time.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "base/check.h"
#include "bench/micro/lmdb_store.h"
#include "runtime/posix/disk.h"
#include "runtime/random.h"
#include "state/kv/range.h"
#include "state/kv/read_only_txn.h"
#include "state/kv/request_check.h"
#include "state/kv/write.h"

// What a request costs without network and log: from its bytes to those of its answer, in processor
// time. Usage: kv_bench [keys] [directory]; 500,000 keys of 8 bytes with values of 256 bytes in the
// working directory.

namespace {

using bench::KeyOf;
using bench::kValueBytes;
using bench::LmdbStore;
using bench::Print;

class NoLeases final : public kv::Lessor {
 public:
  bool Exists(base::LeaseId) const override { return false; }
  void Attach(base::LeaseId, base::ByteView) override {}
  void Detach(base::LeaseId, base::ByteView) override {}
};

double ProcessorMicroseconds() {
  timespec time{};
  CHECK_EQ(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time), 0);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

// The mean of `count` answers to what `make` gives.
template <typename Make, typename Answer>
void Time(const char* what, int count, Make make, Answer answer) {
  std::vector<std::string> requests;
  for (int i = 0; i < count; ++i) requests.push_back(make().SerializeAsString());
  const double start = ProcessorMicroseconds();
  for (const std::string& request : requests) answer(request);
  Print(what, (ProcessorMicroseconds() - start) / count, "us");
}

class Requests {
 public:
  Requests(LmdbStore* store, uint64_t keys) : store_(*store), keys_(keys) {}

  void Ranges(const char* one_key, uint64_t newest) {
    Time(
        one_key, 100'000,
        [&] {
          etcdserverpb::RangeRequest request;
          request.set_key(KeyOf(keys_ - 1 - random_.Below(newest)));
          return request;
        },
        [&](const std::string& bytes) { Range(bytes); });
  }
  void LongRanges() {
    etcdserverpb::RangeRequest request;
    request.set_range_end(std::string(1, '\0'));
    const auto from_anywhere = [&] {
      request.set_key(KeyOf(random_.Below(keys_)));
      return request;
    };
    const auto range = [&](const std::string& bytes) { Range(bytes); };
    request.set_limit(10);
    Time("range: 10 of those from a key on", 20'000, from_anywhere, range);
    request.set_limit(1000);
    Time("range: 1000 of those from a key on", 200, from_anywhere, range);
    request.set_keys_only(true);
    Time("range: 1000 keys without values", 200, from_anywhere, range);
    request.Clear();
    request.set_key(std::string(1, '\0'));
    request.set_range_end(std::string(1, '\0'));
    const auto all = [&] { return request; };
    request.set_count_only(true);
    Time("range: the count of all keys", 20'000, all, range);
    request.set_count_only(false);
    request.set_keys_only(true);
    Time("range: all keys without values", 1, all, range);
    request.set_sort_order(etcdserverpb::RangeRequest::DESCEND);
    request.set_sort_target(etcdserverpb::RangeRequest::MOD);
    Time("range: all keys without values, newest first", 1, all, range);
  }
  void Writes() {
    Time(
        "put", 50'000,
        [&] {
          etcdserverpb::PutRequest request;
          request.set_key(KeyOf(random_.Below(keys_)));
          request.set_value(std::string(kValueBytes, 'w'));
          return request;
        },
        [&](const std::string& bytes) { Put(bytes); });
    Time(
        "txn: compare and put", 50'000,
        [&] {
          etcdserverpb::TxnRequest request;
          const std::string key = KeyOf(random_.Below(keys_));
          auto* const compare = request.add_compare();
          compare->set_key(key);
          compare->set_target(etcdserverpb::Compare::VERSION);
          compare->set_result(etcdserverpb::Compare::GREATER);
          auto* const put = request.add_success()->mutable_request_put();
          put->set_key(key);
          put->set_value(std::string(kValueBytes, 'x'));
          return request;
        },
        [&](const std::string& bytes) { Txn(bytes); });
  }

 private:
  void Range(const std::string& bytes) {
    etcdserverpb::RangeRequest request;
    CHECK(request.ParseFromString(bytes) && kv::Check(request).ok());
    auto read = kv::RangeRead::Open(store_.mvcc().apply_reads(), request);
    CHECK(read.ok());
    while (!read->Step().value()) continue;
    std::string body(read->BodySize(), '\0');
    read->WriteBody(body.data());
  }
  void Put(const std::string& bytes) {
    etcdserverpb::PutRequest request;
    CHECK(request.ParseFromString(bytes) && kv::Check(request).ok());
    CHECK(kv::Put(context_, request).ok());
    store_.EndEntry();
  }
  void Txn(const std::string& bytes) {
    etcdserverpb::TxnRequest request;
    CHECK(request.ParseFromString(bytes) && kv::Check(request, 128).ok());
    CHECK(kv::Txn(context_, request).ok());
    store_.EndEntry();
  }

  LmdbStore& store_;
  const uint64_t keys_;
  runtime::Random random_{1};
  NoLeases lessor_;
  kv::OperationCounts counts_;
  const kv::WriteContext context_{&store_.mvcc(), &lessor_, &counts_};
};

void Load(LmdbStore* store, uint64_t keys) {
  for (uint64_t i = 0; i < keys; ++i) {
    store->Put(KeyOf(i), std::string(kValueBytes, 'v'));
    if (i % 5000 == 0) store->Commit(true);
  }
  store->Commit(true);
}

}  // namespace

int main(int argc, char** argv) {
  const uint64_t keys = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 500'000;
  const std::string path = std::string(argc > 2 ? argv[2] : ".") + "/kv_bench.mdb";
  {
    LmdbStore store(path);
    Load(&store, keys);
    Requests requests(&store, keys);
    requests.Ranges("range: one key, written a moment ago", keys / 100);
    requests.Ranges("range: one key, any", keys);
    requests.LongRanges();
    requests.Writes();
  }
  runtime::posix::Disk disk;
  for (const char* const suffix : {"", "-lock"}) disk.Remove(path + suffix).IgnoreError();
  return 0;
}
