#pragma once

#include <memory>

#include "base/bytes.h"
#include "base/status.h"
#include "net/http/headers.h"

namespace http {

// Reads one HTTP/1.1 answer (RFC 9112) from bytes as they come, through Boost.Beast's parser; an
// interim answer (1xx) is one of its own, which ends with its head. Lenient in nothing that could
// make two readers of the same bytes disagree about where the answer ends.
class H1ResponseParser {
 public:
  // What the parser finds, in this order, during Feed.
  class Sink {
   public:
    // The head, with ":status" first and names in lower case.
    virtual void OnHead(const Headers& head) = 0;
    virtual void OnBody(base::ByteView bytes) = 0;

   protected:
    ~Sink() = default;
  };

  struct Options {
    // Bounds the status line and the fields together.
    size_t max_head_bytes;
    // The answer has no body whatever its head says: to HEAD.
    bool without_body;
  };
  H1ResponseParser(const Options& options, Sink* sink);
  ~H1ResponseParser();

  // Takes bytes off the front of `*bytes`; what it leaves must be given again with more behind it,
  // unless IsDone. A failure says what was wrong: kResourceExhausted a head that is too large,
  // kUnimplemented a transfer coding that there is not, kInvalidArgument anything else.
  base::Status Feed(base::ByteView* bytes);

  bool IsDone() const;
  // After the head: the answer ends with the connection, in place of a length.
  bool EndsWithConnection() const;
  // Once done: whether another request may follow on this connection.
  bool keep_alive() const;
  // Once done.
  const Headers& trailers() const;

 private:
  class Beast;
  const std::unique_ptr<Beast> beast_;
};

}  // namespace http
