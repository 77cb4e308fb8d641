#pragma once

#include "runtime/disk.h"

namespace runtime::posix {

// An open file descriptor.
class File final : public runtime::File {
 public:
  // Takes ownership of `descriptor`. Without `syncs` Sync does nothing.
  File(int descriptor, std::string path, bool syncs)
      : descriptor_(descriptor), path_(std::move(path)), syncs_(syncs) {}
  ~File() override;
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  base::Result<uint64_t> Size() const override;
  base::Status ReadAt(uint64_t offset, size_t size, base::Bytes* out) const override;
  using runtime::File::WriteAt;
  base::Status WriteAt(uint64_t offset, std::span<const base::ByteView> pieces) override;
  base::Status Sync() override;
  base::Status Truncate(uint64_t size) override;
  base::Status Allocate(uint64_t size) override;
  base::Status StartWriteback(uint64_t offset, uint64_t size) override;
  base::Status Lock() override;

 private:
  base::Status Failure(int error_number) const;

  const int descriptor_;
  const std::string path_;
  const bool syncs_;
};

}  // namespace runtime::posix
