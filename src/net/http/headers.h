#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>

#include "base/bytes.h"

namespace http {

// The fields of one header block in their order, pseudo-fields (":path") first; names are lower
// case, a name may occur more than once. HTTP/1.1 requests get the pseudo-fields that HTTP/2
// would have carried, so that readers need not know the version.
//
// All is kept in one buffer: a block costs one allocation, or none when it is reused.
class Headers {
 public:
  struct Field {
    base::ByteView name;
    base::ByteView value;
    friend bool operator==(const Field&, const Field&) = default;
  };

  Headers() = default;
  Headers(std::initializer_list<Field> fields) {
    for (const Field& field : fields) Add(field.name, field.value);
  }

  void Add(base::ByteView name, base::ByteView value);
  void Add(const Headers& more);
  // Keeps the capacity.
  void Clear();
  // Keeps a usual block's capacity at most.
  void Recycle();
  // Gives back what a large block has too much, once it is whole.
  void Trim();

  // The first field of that name; views are valid until the next Add or Clear.
  std::optional<base::ByteView> Find(base::ByteView name) const;
  // The same, empty if there is none.
  base::ByteView Get(base::ByteView name) const { return Find(name).value_or(base::ByteView()); }

  size_t size() const { return count_; }
  bool empty() const { return count_ == 0; }

  // Over Fields by value.
  class Iterator;
  Iterator begin() const;
  Iterator end() const;

  // The size that RFC 9113 section 6.5.2 counts against SETTINGS_MAX_HEADER_LIST_SIZE.
  size_t list_size() const { return fields_.size() + (32 - sizeof(Sizes)) * count_; }
  size_t capacity() const { return fields_.capacity(); }

 private:
  // Before each field.
  struct Sizes {
    uint32_t name;
    uint32_t value;
  };
  static Sizes SizesAt(const char* field) {
    Sizes sizes;
    std::memcpy(&sizes, field, sizeof sizes);
    return sizes;
  }

  base::Bytes fields_;
  size_t count_ = 0;
};

class Headers::Iterator {
 public:
  Field operator*() const {
    const Sizes sizes = SizesAt(at_);
    const char* const name = at_ + sizeof(Sizes);
    return {{name, sizes.name}, {name + sizes.name, sizes.value}};
  }
  Iterator& operator++() {
    const Sizes sizes = SizesAt(at_);
    at_ += sizeof(Sizes) + sizes.name + sizes.value;
    return *this;
  }
  friend bool operator==(const Iterator&, const Iterator&) = default;

 private:
  friend class Headers;
  explicit Iterator(const char* at) : at_(at) {}
  const char* at_;
};

inline Headers::Iterator Headers::begin() const {
  return Iterator(fields_.data());
}
inline Headers::Iterator Headers::end() const {
  return Iterator(fields_.data() + fields_.size());
}

inline base::ByteView Method(const Headers& head) {
  return head.Get(":method");
}
// With the query string.
inline base::ByteView Path(const Headers& head) {
  return head.Get(":path");
}
// The path without its query string.
base::ByteView PathOnly(const Headers& head);
// What follows the '?', or nothing.
base::ByteView Query(const Headers& head);

// The three-digit value of ":status", or 0 if there is none.
int StatusCode(const Headers& head);

}  // namespace http
