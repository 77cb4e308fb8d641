#pragma once

#include <cstdint>
#include <string>

#include "api/v3/queue_call.h"
#include "proto/kv.pb.h"

namespace v3 {

// A call that enters the queue of a lock or an election, and waits until it is the first there. Its
// place is the key "NAME/LEASE", the lease in hexadecimal. Two calls with one lease have one place.
//
// It watches the last that came before it, and looks again when that is gone: so a queue's end
// wakes one call. Who came before it can only become fewer, so what this member knows is enough to
// tell that it is the first; that its place was not lost meanwhile is asked of the cluster.
//
// A call that ends in another way than as the first leaves the queue: its key is deleted, also if
// that was on its way into the log when the client left. Unless the place is not its own any more:
// a client whose connection is lost asks again with the same lease, maybe another member, and that
// call may be told that it is the first while this one is still here. So a call that finds the key
// there writes it once more, as it is, and so does one that is the first if another has written it
// meanwhile; and only a key that is as this call has left it is deleted. etcd deletes it, and then
// there are two holders.
class ContenderCall : public QueueCall {
 public:
  using QueueCall::QueueCall;

 protected:
  // ---- What a method says ----

  // It is in the queue. `found` is its key as it was there before; null: it was put now. Calls
  // Await, at once or later.
  virtual void OnEntered(const mvccpb::KeyValue* found) = 0;
  // It is the first, which was seen at `revision`. Calls Win.
  virtual void OnFirst(base::Revision revision) = 0;
  // Why it is not, when the others are gone and its place is too.
  virtual base::Status Lost() const = 0;

  // ---- What it finds ----

  // Puts its key, or writes it anew if it is there. Without a lease it has one of a minute.
  void Enter(const std::string& name, const std::string& value, int64_t lease);
  void Await();
  // The answer: its place stays.
  template <typename Response>
  void Win(Response response, base::Revision revision) {
    is_in_queue_ = false;
    Reply(std::move(response), revision);
  }

  const std::string& key() const { return key_; }
  int64_t lease() const { return lease_; }
  // When its key was created.
  int64_t create_revision() const { return create_revision_; }
  // It has written its key once more, at that revision.
  void OnWritten(base::Revision revision) { written_at_ = revision; }
  // Of the answer that told it that it was in the queue.
  base::Revision entered_at() const { return entered_at_; }

 private:
  base::Result<Next> OnFound(const kv::QueueScan& scan) override;
  void OnChanges(const etcdserverpb::WatchResponse& changes) override;
  void OnMissed() override { Await(); }
  void OnEnded(const base::Status& status) override;

  void PutKey(int64_t lease, const std::string& value);
  void TakePlace(base::Result<etcdserverpb::TxnResponse> entered);
  // When those before it are gone, unless it never saw any.
  void Confirm();
  void WriteAgain();
  void LeaveQueue();

  std::string key_;
  int64_t lease_ = 0;
  int64_t create_revision_ = 0;
  base::Revision entered_at_;
  base::Revision written_at_;  // when this call has written the key last
  // Leaves the queue at the end. Not before it has waited, if its key was there before: it may be
  // the first, and have been told so.
  bool is_in_queue_ = false;
  bool has_waited_ = false;
};

}  // namespace v3
