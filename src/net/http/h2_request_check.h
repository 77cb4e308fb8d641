#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace http {

// Whether what arrives on a stream is a well-formed request (RFC 9113, section 8), judged field by
// field. nghttp2 could do it, but would refuse the whole URL that etcd's client 3.4 gives as
// :authority in calls to one endpoint, which Go's server takes; so its own check is off.
class H2RequestCheck {
 public:
  // Each: whether the request is well-formed so far.

  // The next field of the head, or of the trailers after OnHeadComplete.
  [[nodiscard]] bool OnField(base::ByteView name, base::ByteView value);
  [[nodiscard]] bool OnHeadComplete();
  [[nodiscard]] bool OnData(size_t size);
  [[nodiscard]] bool OnEnd() const;

 private:
  bool OnPseudoField(base::ByteView name, base::ByteView value);
  bool OnContentLength(base::ByteView value);

  static constexpr int64_t kNotGiven = -1;

  uint8_t pseudo_fields_ = 0;  // a bit for each that was there
  bool regular_field_ = false;
  bool head_complete_ = false;
  int64_t content_length_ = kNotGiven;
  int64_t received_ = 0;
};

}  // namespace http
