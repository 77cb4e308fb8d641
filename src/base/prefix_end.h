#pragma once

#include "base/bytes.h"

namespace base {

// The least key that comes after all that begin with `prefix`; one zero byte, by which requests say
// that their range has no end, if there is none.
inline Bytes PrefixEnd(ByteView prefix) {
  Bytes end(prefix);
  // The last byte that can be counted up; what follows it no longer matters.
  while (!end.empty() && end.back() == '\xff') end.pop_back();
  if (end.empty()) return Bytes(1, '\0');
  end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  return end;
}

}  // namespace base
