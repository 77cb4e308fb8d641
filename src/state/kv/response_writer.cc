#include "state/kv/response_writer.h"

#include <cstring>

#include "base/varint.h"
#include "base/wire.h"

namespace kv {
namespace {

constexpr uint32_t kHeader = 1;

char* WriteVarint(uint64_t value, char* out) {
  while (value >= 0x80) {
    *out++ = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  *out++ = static_cast<char>(value);
  return out;
}

char* WriteTag(uint32_t field, base::WireType type, char* out) {
  return WriteVarint(uint64_t{field} << 3 | static_cast<uint64_t>(type), out);
}

size_t HeaderBodySize(const ResponseHeader& header) {
  return NumberSize(1, header.cluster.value()) + NumberSize(2, header.member.value()) +
         NumberSize(3, static_cast<uint64_t>(header.revision.value())) +
         NumberSize(4, header.term.value());
}

}  // namespace

size_t NumberSize(uint32_t field, uint64_t value) {
  return value == 0 ? 0 : base::WireVarintSize(field, value);
}

char* WriteNumber(uint32_t field, uint64_t value, char* out) {
  if (value == 0) return out;
  return WriteVarint(value, WriteTag(field, base::WireType::kVarint, out));
}

size_t BytesSize(uint32_t field, size_t size) {
  return base::WireBytesSize(field, size);
}

char* WriteBytesHeader(uint32_t field, size_t size, char* out) {
  return WriteVarint(size, WriteTag(field, base::WireType::kBytes, out));
}

char* WriteBytes(uint32_t field, base::ByteView bytes, char* out) {
  out = WriteBytesHeader(field, bytes.size(), out);
  std::memcpy(out, bytes.data(), bytes.size());
  return out + bytes.size();
}

size_t HeaderSize(const ResponseHeader& header) {
  return BytesSize(kHeader, HeaderBodySize(header));
}

char* WriteHeader(const ResponseHeader& header, char* out) {
  out = WriteBytesHeader(kHeader, HeaderBodySize(header), out);
  out = WriteNumber(1, header.cluster.value(), out);
  out = WriteNumber(2, header.member.value(), out);
  out = WriteNumber(3, static_cast<uint64_t>(header.revision.value()), out);
  return WriteNumber(4, header.term.value(), out);
}

}  // namespace kv
