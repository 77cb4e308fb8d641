#pragma once

#include <memory>

#include "base/bytes.h"
#include "base/result.h"
#include "base/status.h"
#include "net/http/headers.h"

namespace http {

// Reads one HTTP/1.1 request (RFC 9112) from bytes as they come, through Boost.Beast's parser.
// Lenient in nothing that could make two readers of the same bytes disagree (request smuggling).
class H1Parser {
 public:
  // What the parser finds, in this order, during Feed.
  class Sink {
   public:
    // The head, with ":method", ":path" and ":authority" first and names in lower case. The path
    // has no percent-encoding any more, unless other than plain letters were encoded.
    virtual void OnHead(const Headers& head) = 0;
    virtual void OnBody(base::ByteView bytes) = 0;

   protected:
    ~Sink() = default;
  };

  // `max_head_bytes` bounds the request line and the fields together.
  H1Parser(size_t max_head_bytes, Sink* sink);
  ~H1Parser();

  // Takes bytes off the front of `*bytes`; what it leaves must be given again with more behind
  // it, unless IsDone. A failure says how to answer: kResourceExhausted a head that is too large,
  // kUnimplemented a transfer coding and kFailedPrecondition an expectation that there is not,
  // kInvalidArgument anything else, with the reason.
  base::Status Feed(base::ByteView* bytes);

  bool head_done() const;
  bool IsDone() const;
  // After the head: whether another request may follow on this connection.
  bool keep_alive() const;
  // After the head: the request is HTTP/1.0, which knows no chunked answer.
  bool is_http10() const;

 private:
  class Beast;
  const std::unique_ptr<Beast> beast_;
};

}  // namespace http
