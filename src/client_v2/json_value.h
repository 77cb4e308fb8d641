#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace client_v2 {

// JSON as Go's clients read it: what is missing, null or of another type is empty. A copy is the
// same value.
class JsonValue {
 public:
  // Nothing, as null, for what is no JSON.
  explicit JsonValue(base::ByteView text);

  bool is_object() const;
  // The fields of an object; of what is none, they are missing.
  JsonValue At(const char* name) const;
  std::string TextOf(const char* name) const;
  std::vector<std::string> TextsOf(const char* name) const;
  std::vector<JsonValue> ListOf(const char* name) const;
  // true or "true".
  bool IsTrue(const char* name) const;

 private:
  struct Value;
  explicit JsonValue(std::shared_ptr<const Value> value) : value_(std::move(value)) {}
  std::shared_ptr<const Value> Find(const char* name) const;

  std::shared_ptr<const Value> value_;  // null: nothing
};

}  // namespace client_v2
