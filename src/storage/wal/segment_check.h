#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "runtime/disk.h"
#include "storage/wal/decoder.h"

namespace wal {

// Goes through a segment behind which another one lies, some of it at a time, and believes no
// record whose checksum does not continue the chain. Changes nothing. One thread at a time, which
// blocks on the disk.
class SegmentCheck {
 public:
  // `chain` is what the segment before ended with, if that is known. kNotFound for a file that is
  // not there.
  static base::Result<std::unique_ptr<SegmentCheck>> Open(runtime::Disk& disk, std::string path,
                                                          std::optional<uint32_t> chain);

  // Goes on over about so many bytes. Returns how many there were, 0 behind the last. kDataLoss,
  // naming file and offset, for what cannot be believed; then offset() is where that begins.
  base::Result<uint64_t> Step(uint64_t bytes);

  const std::string& path() const { return path_; }
  uint64_t offset() const { return decoder_.offset(); }
  // The checksum of all that was gone through.
  uint32_t chain() const { return decoder_.chain(); }

 private:
  SegmentCheck(std::unique_ptr<runtime::File> file, uint64_t size, std::string path,
               Decoder::Options options)
      : file_(std::move(file)),
        size_(size),
        path_(std::move(path)),
        decoder_(file_.get(), size, path_, options) {}

  base::Status CheckEnd() const;

  const std::unique_ptr<runtime::File> file_;
  const uint64_t size_;
  const std::string path_;
  Decoder decoder_;
};

}  // namespace wal
