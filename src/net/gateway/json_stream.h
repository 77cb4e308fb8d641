#pragma once

#include <optional>

#include "base/bytes.h"
#include "base/result.h"

namespace gateway {

// Cuts a stream of JSON values that follow one another, with or without space between, into
// single ones. It looks for their ends only: whether a value is well formed is for its parser.
class JsonStream {
 public:
  explicit JsonStream(size_t max_value_bytes) : max_value_bytes_(max_value_bytes) {}

  void Append(base::ByteView bytes) { text_.append(bytes); }
  // The next whole value. kInvalidArgument for what cannot begin one: values are objects;
  // kResourceExhausted for one that is longer than allowed.
  base::Result<std::optional<base::Bytes>> Next();
  // What is kept of values that are not whole yet.
  size_t held_bytes() const { return text_.size(); }
  // Whether something else than space is left.
  bool InsideValue() const;

 private:
  const size_t max_value_bytes_;
  base::Bytes text_;
  size_t looked_at_ = 0;  // of text_
  size_t depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
};

}  // namespace gateway
