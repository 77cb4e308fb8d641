#include "sim/library_keys.h"

#include <variant>

namespace sim {
namespace {

base::Status ToBase(const etcd::Status& status) {
  if (status.ok()) return {};
  return base::Status(static_cast<base::Code>(status.code()), status.message());
}

}  // namespace

void LibraryKeys::Work() {
  while (!user_.Ends()) {
    switch (user_.random().Below(4)) {
      case 0:
        Get();
        break;
      case 1:
        CompareAndPut();
        break;
      default:
        Put();
    }
    user_.SleepUntilNextTurn();
  }
}

void LibraryKeys::Put() {
  etcd::PutRequest request{.key = parts_.draw_key(), .value = parts_.new_value()};
  request.prev_kv = user_.random().OneIn(4);
  const auto put = user_.client().Put(request, user_.Call());
  user_.checker().trace().Add(put.status().code());
  if (!put.ok()) return parts_.on_failed({request.value}, ToBase(put.status()));
  const base::Revision revision(put->header.revision);
  parts_.on_put(revision, request.key, request.value);
}

void LibraryKeys::Get() {
  etcd::GetRequest request{.key = parts_.draw_key()};
  if (user_.random().OneIn(4)) request.range_end = "key9";
  request.serializable = user_.random().OneIn(8);
  const auto on_read = parts_.begin_read();
  const auto got = user_.client().Get(request, user_.Call());
  user_.checker().trace().Add(got.status().code());
  if (!got.ok()) return;
  const base::Revision revision(got->header.revision);
  for (const etcd::KeyValue& kv : got->kvs) parts_.on_seen(revision, kv);
  if (!request.serializable) on_read(revision);
}

void LibraryKeys::CompareAndPut() {
  const std::string key = parts_.draw_key();
  const auto result = user_.random().OneIn(2) ? etcd::Compare::kEqual : etcd::Compare::kGreater;
  const std::vector<std::string> values = {parts_.new_value(), parts_.new_value()};
  const auto ops = [&](size_t taken) -> std::vector<etcd::Op> {
    return {etcd::OpPut({.key = key, .value = values[taken]}),
            etcd::OpGet({.key = parts_.draw_key()})};
  };
  etcd::TxnRequest request{
      .compares = {etcd::CompareVersion(key, result, 0)}, .success = ops(0), .failure = ops(1)};
  const auto done = user_.client().Txn(request, user_.Call());
  user_.checker().trace().Add(done.status().code());
  if (!done.ok()) return parts_.on_failed(values, ToBase(done.status()));
  const size_t taken = done->succeeded ? 0 : 1;
  const base::Revision revision(done->header.revision);
  parts_.on_put(revision, key, values[taken]);
  parts_.on_not_taken({values[1 - taken]});
  for (const etcd::KeyValue& kv : std::get<etcd::GetResponse>(done->responses[1].response).kvs) {
    parts_.on_seen(revision, kv);
  }
}

}  // namespace sim
