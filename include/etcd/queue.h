#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include <etcd/client.h>

namespace etcd {
inline namespace v1 {

// A queue of values, of any number of producers and consumers: with this library, or with etcd's
// experimental recipes. An element is a key "<prefix>/<nanoseconds>"; they are taken in the order
// in which they were put.
//
// Each element is handed out at most once: it is taken by a transaction that deletes it, and of
// several consumers one alone succeeds. It is lost if its consumer ends between that and the use of
// it, or if the answer of that transaction is lost, which Dequeue says. A consumer that ends while
// it waits loses none, by its handle or its timeout neither: a transaction that is under way then
// is awaited, and asked for once more if its answer is lost, for up to 10 s; its element is the
// result.
//
// Keys that are not the queue's do not belong under the prefix. The member sorts all elements every
// now and then: it is for thousands. The client outlives it. One thread at a time; all of this
// waits, and must not be called in a callback of the client (kFailedPrecondition).
class Queue {
 public:
  Queue(Client* client, const std::string& prefix);
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;

  // When it fails as any write may, nobody knows whether the element is in the queue.
  Status Enqueue(const std::string& value, const CallOptions& options = {});
  // Takes the element that was put before all others. Waits for one as long as it takes unless the
  // options set a timeout. Beside what any call ends with:
  //
  //   kUnknown  "queue: an element may be lost": nobody knows whether it was taken by this; the
  //             cause has its key
  Result<KeyValue> Dequeue(const CallOptions& options = {});
  // As Dequeue, but without waiting for an element; 5 s unless the options set a timeout.
  //
  //   kNotFound  "queue: no element"
  Result<KeyValue> TryDequeue(const CallOptions& options = {});

 private:
  Client& client_;
  const std::string prefix_;  // with the slash
  GetRequest first_;          // asks for the elements that come first
  // The keys of elements that come next, unless others have taken them.
  std::deque<KeyValue> next_;
};

// As Queue, but the elements with the smallest number are taken first, and of these those that were
// put before. An element is a key "<prefix>/<number, 5 digits>/<16 digits>"; beside the prefix
// there is a key "__<prefix>/<number>" for each number that has been used. The member sorts the
// elements of one number when another is put.
class PriorityQueue {
 public:
  PriorityQueue(Client* client, const std::string& prefix);
  PriorityQueue(const PriorityQueue&) = delete;
  PriorityQueue& operator=(const PriorityQueue&) = delete;

  // As Queue's. Producers of the same number hinder each other: it goes on until it is done, for
  // 5 s unless the options set a timeout. Beside what any call ends with:
  //
  //   kFailedPrecondition  "queue: last key of the priority is no element"
  Status Enqueue(const std::string& value, uint16_t priority, const CallOptions& options = {});
  // As Queue's.
  Result<KeyValue> Dequeue(const CallOptions& options = {});
  Result<KeyValue> TryDequeue(const CallOptions& options = {});

 private:
  Client& client_;
  const std::string prefix_;  // with the slash
  GetRequest first_;          // asks for the element that comes first
};

}  // namespace v1
}  // namespace etcd
