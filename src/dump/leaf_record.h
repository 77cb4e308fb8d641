#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "base/bytes.h"

namespace dump {

// A record as it stands in a leaf of a database file, whether or not anything leads to it.
struct LeafRecord {
  uint64_t page = 0;
  size_t index = 0;       // in its page
  size_t last_index = 0;  // of its page
  base::ByteView key;
  base::ByteView value;
};

// What is told of the leaves of a file. The views are borrowed for the call.
struct LeafVisitor {
  // False: the rest of the page is passed over.
  std::function<bool(const LeafRecord&)> on_record;
  // What cannot be read, naming the page.
  std::function<void(const std::string& text)> on_damage;
};

}  // namespace dump
