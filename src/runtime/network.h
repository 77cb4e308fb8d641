#pragma once

#include <memory>
#include <span>
#include <string>

#include "base/bytes.h"
#include "base/callback.h"
#include "base/result.h"
#include "base/status.h"
#include "runtime/loop.h"

namespace runtime {

// Where to listen or connect: TCP, or a unix socket if `unix_path` is not empty.
struct Address {
  std::string host;  // a name, an IPv4 or an IPv6 address without brackets; empty: all interfaces
  uint16_t port = 0;
  std::string unix_path;

  // "host:port", "[::1]:2379" or "unix:path".
  std::string ToString() const;
  friend bool operator==(const Address&, const Address&) = default;
};

// Receives a stream's events, on the stream's loop. It may destroy the stream inside any of them
// except OnData, where it calls Stream::Close and destroys it later.
class StreamHandler {
 public:
  virtual ~StreamHandler() = default;
  // Bytes arrived; the view is valid during the call only.
  virtual void OnData(base::ByteView bytes) = 0;
  // The peer will send no more; writing is still possible.
  virtual void OnEndOfInput() = 0;
  // The stream can take bytes again, after a Write that took fewer than it was given.
  virtual void OnWritable() = 0;
  // The stream failed; nothing follows. Not called after Close.
  virtual void OnError(base::Status status) = 0;
};

// A connected byte stream, owned by one loop and used only there. Nothing blocks. The kernel's
// buffer is the only one: what Write does not take, the caller keeps until OnWritable, so
// back-pressure reaches whoever produces the bytes.
class Stream {
 public:
  // Closes without a further callback; bytes not yet sent may be lost.
  virtual ~Stream() = default;

  // Starts delivery to `handler`, which must outlive the stream. Called once.
  virtual void Start(StreamHandler* handler) = 0;
  // Takes as many bytes as fit now, in order, and returns how many; pieces go out in one system
  // call where they can. Errors also arrive at OnError.
  virtual base::Result<size_t> Write(std::span<const base::ByteView> pieces) = 0;
  // Stops and resumes OnData and OnEndOfInput. What is unread stays with the kernel, but for a
  // kilobyte that a read under way may have taken.
  virtual void PauseReading() = 0;
  virtual void ResumeReading() = 0;
  // Whether the peer has said that it sends no more, or is gone. Known also while reading is
  // stopped and something is unread; costs a system call.
  virtual bool HasPeerLeft() = 0;
  // Sends end-of-stream after what was written.
  virtual void ShutdownWrite() = 0;
  // Closes now; no callback follows. With `abort`, a TCP peer sees a reset.
  virtual void Close(bool abort = false) = 0;

  virtual Address local_address() const = 0;
  virtual Address peer_address() const = 0;
};

// A listening socket; destroying it stops listening, accepted streams live on.
class Listener {
 public:
  virtual ~Listener() = default;
  // With the port that the system chose if 0 was asked for.
  virtual Address address() const = 0;
};

// The name of a connection attempt; destroying it cancels the attempt.
class Connecting {
 public:
  virtual ~Connecting() = default;
};

// Sockets of one loop. On that loop only.
class Network {
 public:
  virtual ~Network() = default;

  // Each accepted stream belongs to this network's loop. Nobody else can listen there.
  struct ListenOptions {
    int backlog = 1024;
  };
  virtual base::Result<std::unique_ptr<Listener>> Listen(
      const Address& address, const ListenOptions& options,
      base::Callback<void(std::unique_ptr<Stream>)> on_accept) = 0;

  // Resolves and connects; `done` is called exactly once unless the attempt is destroyed first.
  virtual std::unique_ptr<Connecting> Connect(
      const Address& address, base::Callback<void(base::Result<std::unique_ptr<Stream>>)> done) = 0;
};

}  // namespace runtime
