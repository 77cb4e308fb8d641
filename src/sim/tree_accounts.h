#pragma once

#include <cstddef>
#include <string>

namespace sim {

// The users of a client of the v2 API: root, and one who may read everything and write nothing.
// They are made one after the other, and then they count. Members that are behind do not know it
// yet, so that a write of the reader may still be done; but root is never refused, nor is a read.
class TreeAccounts {
 public:
  // A request that makes them, of root.
  struct Step {
    const char* target;
    const char* body;
  };
  // The next one; null once all are done.
  const Step* next() const;
  // The next was answered with that status of HTTP.
  void OnAnswered(int status);
  bool are_enabled() const { return next() == nullptr; }

  // Fields `authorization`.
  static const std::string& Root();
  static const std::string& Reader();

 private:
  size_t done_ = 0;
};

}  // namespace sim
