#include "bench/keys.h"

#include "base/varint.h"

namespace bench {
namespace {

// Go's signed form of a number that is not negative.
uint64_t ZigZag(uint64_t number) {
  return number << 1;
}

}  // namespace

bool Keys::Fit(size_t size, uint64_t space) {
  return base::VarintSize(ZigZag(space == 0 ? 0 : space - 1)) <= size;
}

void Keys::Write(uint64_t number, std::string* key) const {
  char varint[base::kVarintBytesMax];
  const char* const end = base::PutVarint(ZigZag(number), varint);
  key->assign(prefix_);
  key->append(varint, static_cast<size_t>(end - varint));
  key->resize(prefix_.size() + size_, '\0');
}

std::string RandomBytes(size_t size, runtime::Random* random) {
  std::string bytes;
  bytes.reserve(size);
  while (bytes.size() < size) bytes += static_cast<char>(random->Next());
  return bytes;
}

}  // namespace bench
