#pragma once

#include <optional>

#include "base/bytes.h"
#include "runtime/disk.h"

namespace http {

// The certificates, as PEM text, of the authorities that the machine trusts; nothing if there is no
// file of them where the distributions keep it.
std::optional<base::Bytes> ReadSystemAuthorities(runtime::Disk& disk);

}  // namespace http
