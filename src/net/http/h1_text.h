#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/status.h"
#include "net/http/headers.h"

// What both ends of HTTP/1.1 write and read alike (RFC 9112).

namespace http {

// "Content-Type: text/plain" CRLF, the name in the case in which Go writes it, and scripts look for
// it.
void AppendField(base::Bytes& text, base::ByteView name, base::ByteView value);

// What begins a chunk of a body: its size in hexadecimal and CRLF; CRLF follows the data (RFC 9112
// section 7.1).
base::Bytes ChunkHeader(size_t size);

// Whether a request can be sent with this head: a method, a path ("/a?b") and an authority, nothing
// in any field that would end it or the line, and neither Host nor Transfer-Encoding among them,
// which whoever sends it adds.
bool IsRequestHead(const Headers& head);

std::string LowerCase(base::ByteView text);

// Digits only: no sign, no list.
bool IsNumber(base::ByteView value);

// Whether Boost.Beast's parser is not to be given these bytes yet, of a body's first chunk. One
// that is the last, too, has five at least ("0" CRLF CRLF), and the parser takes for granted that
// it has them all once it has read the "0": it aborts where it was built with assertions. Every
// later chunk begins with the CRLF of the one before, and so has always enough.
bool IsShortFirstChunk(base::ByteView bytes);

// Whether a body's chunks are mostly something else than data, as Go bounds it.
class ChunkMeter {
 public:
  // Counts a chunk of `size` bytes whose header has extensions. Fails with kInvalidArgument.
  base::Status OnHeader(uint64_t size, size_t extension_bytes);

 private:
  size_t excess_ = 0;  // of chunks that carry little
};

}  // namespace http
