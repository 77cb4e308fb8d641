#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "runtime/time.h"

// A tar archive, POSIX's ustar, in gzip: for each file a block of 512 bytes with its name and size
// in octal digits and a checksum, and its bytes, filled up to whole blocks; two blocks of zeros end
// it.

namespace ctl {

struct ArchiveFile {
  std::string name;  // a path of at most 99 bytes, which must not begin with '/'
  base::Bytes bytes;
};

// The archive of these files, which only their owner may read, of that time. In memory.
base::Bytes TarGz(const std::vector<ArchiveFile>& files, runtime::WallTime time);

}  // namespace ctl
