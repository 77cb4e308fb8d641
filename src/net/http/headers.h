#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace http {

// The fields of one header block in their order, pseudo-fields (":path") first; names are lower
// case, a name may occur more than once. HTTP/1.1 requests get the pseudo-fields that HTTP/2
// would have carried, so that readers need not know the version.
//
// All text is kept in one buffer: a block costs two allocations, or none when it is reused.
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
  // Keeps the capacity.
  void Clear();

  // The first field of that name; views are valid until the next Add or Clear.
  std::optional<base::ByteView> Find(base::ByteView name) const;
  // The same, empty if there is none.
  base::ByteView Get(base::ByteView name) const { return Find(name).value_or(base::ByteView()); }

  size_t size() const { return places_.size(); }
  bool empty() const { return places_.empty(); }
  Field operator[](size_t position) const;

  // The size that RFC 9113 section 6.5.2 counts against SETTINGS_MAX_HEADER_LIST_SIZE.
  size_t list_size() const { return text_.size() + 32 * places_.size(); }
  size_t capacity() const { return text_.capacity() + places_.capacity() * sizeof(Place); }

 private:
  // The value follows the name in text_.
  struct Place {
    uint32_t offset;
    uint32_t name_size;
    uint32_t value_size;
  };

  base::Bytes text_;
  std::vector<Place> places_;
};

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
