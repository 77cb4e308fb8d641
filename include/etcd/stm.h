#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include <etcd/client.h>

namespace etcd {
inline namespace v1 {

// What a transaction must have in common with one that runs alone.
enum class Isolation : uint8_t {
  // It reads all keys as they were at one revision, and is done only if nobody has changed since
  // then what it has read or is to write. (If it has read nothing, it is done as it is.)
  kSerializableSnapshot = 0,
  // As before, but what it writes without having read it may have been changed by others meanwhile.
  kSerializable = 1,
  // A key that it reads again is as it was, but two keys may be of different revisions. It is done
  // only if nobody has changed what it has read. Reads are answered by one member alone, from what
  // it has.
  kRepeatableReads = 2,
  // As before, but it is done whatever others have changed.
  kReadCommitted = 3,
};

struct StmOptions {
  Isolation isolation = Isolation::kSerializableSnapshot;
};

// What the function of a transaction reads and writes with. Only that function has it, on its
// thread, while it runs.
class Stm {
 public:
  Stm(const Stm&) = delete;
  Stm& operator=(const Stm&) = delete;

  // The value as this run of the function has put it; otherwise as the store has it. Empty if there
  // is no such key, or it has deleted it. When it fails the function should return; whatever it
  // returns, nothing is written, and RunStm begins anew or ends with this status.
  Result<std::string> Get(const std::string& key);
  // The revision at which the store has changed the key last, whatever this run has put; 0: there
  // is no such key. Fails as Get does.
  Result<int64_t> Rev(const std::string& key);
  // Written when the function has returned OK, all at once. The last one counts for a key.
  void Put(const std::string& key, const std::string& value, int64_t lease = 0);
  void Del(const std::string& key);

 private:
  class State;
  friend Result<TxnResponse> RunStm(Client* client, const std::function<Status(Stm& stm)>& function,
                                    const StmOptions& options, const CallOptions& call);
  explicit Stm(State* state) : state_(*state) {}

  State& state_;
};

// Runs a function that reads keys and says what is to be written, and writes that in one
// transaction if nobody came between, as the isolation has it; otherwise begins anew. Software
// transactional memory, as in clientv3's package concurrency:
//
//   RunStm(&client, [](Stm& stm) {
//     const auto count = stm.Get("count");
//     if (!count.ok()) return count.status();
//     stm.Put("count", *count + "I");
//     return Status();
//   });
//
// The function may run many times, and must do nothing else that cannot be done again. When it
// returns a status that is not OK, that is the end, and nothing is written. An exception that it
// throws leaves RunStm as it is, and nothing is written.
//
// Answers what the last transaction did. It takes 5 s at most unless the options set a timeout, but
// for the time that the function itself takes. It ends as any call does; whether it was written is
// unknown only if the last transaction had been sent: it is never sent twice. Keys that are read
// and keys that are written together may not be more than a transaction of the member may have
// operations (128 unless it was told otherwise): kInvalidArgument "etcdserver: too many operations
// in txn request".
//
// Any thread, any number at a time; it waits, and must not be called in a callback of the client
// (kFailedPrecondition).
Result<TxnResponse> RunStm(Client* client, const std::function<Status(Stm& stm)>& function,
                           const StmOptions& options = {}, const CallOptions& call = {});

}  // namespace v1
}  // namespace etcd
