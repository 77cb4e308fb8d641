#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "state/v2/node.h"
#include "storage/backend/write_buffer.h"

namespace v2 {

// The records of what was in directories that are gone. Nobody finds them; they are erased some at
// a time, so that to delete a directory costs the same whatever was in it. Belongs to the apply
// loop.
class LeftoverRecords {
 public:
  // Told of each node that would have run out.
  using OnExpiring = std::function<void(const std::string& path, const Node& node)>;

  bool empty() const { return within_.empty() && keys_.empty(); }
  // What is in the directory, which was at that path.
  void Add(std::string path, const Node& directory);
  // A record that a start has found.
  void Add(base::Bytes key) { keys_.push_back(std::move(key)); }

  // Erases `count` records, or what there is.
  void Erase(size_t count, backend::WriteBuffer* buffer, const OnExpiring& on_expiring);

 private:
  struct Part {
    std::shared_ptr<const std::string> path;  // of the directory
    uint64_t directory;
    BranchRef branch;
  };

  void EraseOne(backend::WriteBuffer* buffer, const OnExpiring& on_expiring);

  std::vector<Part> within_;
  std::vector<base::Bytes> keys_;
};

}  // namespace v2
