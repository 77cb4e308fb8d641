#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include <cstddef>

#include "base/bytes.h"
#include "base/status.h"

// How Boost.Beast's parser is given what has come, for requests and for answers.

namespace http {

inline base::ByteView View(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

// Whether these bytes are too few for Beast, before any chunk of a body. A first chunk that is the
// last has five in all, "0" CRLF CRLF, and Beast takes for granted that it has them once it has
// read the "0": it aborts where it was built with assertions. Later chunks begin with the CRLF of
// the one before and are always long enough.
inline bool IsShortFirstChunk(base::ByteView bytes) {
  return bytes.starts_with('0') && bytes.size() < 5;
}

// Takes off the front of `*bytes` what the parser has no more use for; what it leaves must be given
// again with more behind it, unless the parser is done. `Parser` is a basic_parser that is not
// eager, with failure(), which is what it has to say itself of why it refuses, and has_chunk(),
// whether a chunk has begun. Fails with kResourceExhausted for a head that is too large, with the
// parser's own failure, and with kInvalidArgument and Beast's reason.
template <typename Parser>
base::Status FeedBeast(Parser* parser, base::ByteView* bytes) {
  while (!bytes->empty() && !parser->is_done()) {
    const bool before_chunks =
        parser->is_header_done() && parser->chunked() && !parser->has_chunk();
    if (before_chunks && IsShortFirstChunk(*bytes)) return {};
    boost::beast::error_code error;
    const size_t taken = parser->put(boost::asio::buffer(bytes->data(), bytes->size()), error);
    bytes->remove_prefix(taken);
    if (error == boost::beast::http::error::need_more) return {};
    if (error == boost::beast::http::error::header_limit) {
      return base::Status(base::Code::kResourceExhausted, error.message());
    }
    if (!parser->failure().ok()) return parser->failure();
    if (error) return base::Status(base::Code::kInvalidArgument, error.message());
  }
  return {};
}

}  // namespace http
