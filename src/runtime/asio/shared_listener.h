#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "runtime/asio/loop.h"
#include "runtime/network.h"

namespace runtime::asio {

// A listening socket whose connections go to several loops, one after another. The address belongs
// to this process alone: another one cannot listen there.
//
// Made and destroyed by any thread but the accepting loop's; that loop outlives it.
class SharedListener {
 public:
  struct Options {
    // Several processes may listen there if all ask for it; the kernel spreads the connections.
    bool reuse_port = false;
    int backlog = 1024;
    // How many of the process's file descriptors are never given to connections, at most half of
    // all. One that would take such a descriptor is reset at once; the client may come again.
    size_t reserved_descriptors = 0;
    // And how many more are left to the connections of other listeners, at most an eighth of all.
    size_t descriptors_of_others = 0;
  };
  // Binds and listens; at 0.0.0.0, :: and no host at all addresses of IPv4 and of IPv6, where the
  // machine has both. Connections wait in the kernel's queue, `backlog` of them, until Start.
  // kUnavailable, in Go's words, if somebody listens there.
  static base::Result<std::unique_ptr<SharedListener>> Open(Loop* accepting, const Address& address,
                                                            const Options& options);
  // As Stop.
  ~SharedListener();
  SharedListener(const SharedListener&) = delete;
  SharedListener& operator=(const SharedListener&) = delete;

  // With the port that the system chose if 0 was asked for.
  const Address& address() const { return address_; }

  struct Taker {
    Loop* loop;
    // On the loop, as long as it runs and the listener has not been stopped before.
    std::function<void(std::unique_ptr<Stream>)> take;
  };
  // Runs `first` on the accepting loop as soon as a connection waits in the queue, once; not after
  // Stop.
  void WhenAsked(base::Callback<void()> first);
  // Accepts from now on. `on_refused` runs on the accepting loop for each connection that would
  // have taken a reserved descriptor.
  void Start(std::vector<Taker> takers, base::Callback<void()> on_refused);

  // Stops listening. Connections that were accepted have been posted to their loops; those in the
  // kernel's queue are reset. Once; further calls do nothing.
  void Stop();

 private:
  class Acceptor;

  SharedListener(Loop* accepting, std::shared_ptr<Acceptor> acceptor, Address address);

  Loop* const accepting_;
  std::shared_ptr<Acceptor> acceptor_;
  const Address address_;
};

}  // namespace runtime::asio
