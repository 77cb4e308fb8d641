#include "ctl/archive.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <limits>

#include "base/check.h"

namespace ctl {
namespace {

constexpr size_t kBlock = 512;
constexpr size_t kNameMax = 99;
constexpr int64_t kNanosOfSecond = 1'000'000'000;
// zlib's window of 32 KiB, with the gzip header and trailer.
constexpr int kGzipWindowBits = 15 + 16;
constexpr int kMemoryLevel = 8;

// A field of the header.
struct Field {
  size_t offset;
  size_t size;
};
constexpr Field kName{0, 100};
constexpr Field kMode{100, 8};
constexpr Field kOwner{108, 8};
constexpr Field kGroup{116, 8};
constexpr Field kSize{124, 12};
constexpr Field kTime{136, 12};
constexpr Field kChecksum{148, 8};
constexpr Field kType{156, 1};
constexpr Field kMagic{257, 8};

using Header = std::array<char, kBlock>;

void Set(Header* header, const Field& field, std::string_view text) {
  CHECK(text.size() <= field.size);
  std::memcpy(header->data() + field.offset, text.data(), text.size());
}

// Digits, and a zero byte behind them.
void SetOctal(Header* header, const Field& field, uint64_t value) {
  char text[32];
  const int size = std::snprintf(text, sizeof text, "%0*llo", static_cast<int>(field.size) - 1,
                                 static_cast<unsigned long long>(value));
  Set(header, field, std::string_view(text, static_cast<size_t>(size)));
}

Header HeaderOf(const ArchiveFile& file, int64_t seconds) {
  CHECK(file.name.size() <= kNameMax);
  Header header{};
  Set(&header, kName, file.name);
  SetOctal(&header, kMode, 0600);
  SetOctal(&header, kOwner, 0);
  SetOctal(&header, kGroup, 0);
  SetOctal(&header, kSize, file.bytes.size());
  SetOctal(&header, kTime, static_cast<uint64_t>(std::max<int64_t>(seconds, 0)));
  Set(&header, kType, "0");
  Set(&header, kMagic,
      std::string_view("ustar\0"
                       "00",
                       8));
  // The sum is of a header with spaces in its place.
  Set(&header, kChecksum, "        ");
  uint64_t sum = 0;
  for (const char byte : header) sum += static_cast<unsigned char>(byte);
  SetOctal(&header, {kChecksum.offset, kChecksum.size - 1}, sum);
  return header;
}

base::Bytes Gzip(const base::Bytes& bytes) {
  CHECK(bytes.size() <= std::numeric_limits<uInt>::max());
  z_stream stream{};
  CHECK(deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindowBits, kMemoryLevel,
                     Z_DEFAULT_STRATEGY) == Z_OK);
  base::Bytes compressed(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(compressed.data());
  stream.avail_out = static_cast<uInt>(compressed.size());
  CHECK(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  compressed.resize(stream.total_out);
  deflateEnd(&stream);
  return compressed;
}

}  // namespace

base::Bytes TarGz(const std::vector<ArchiveFile>& files, runtime::WallTime time) {
  base::Bytes tar;
  for (const ArchiveFile& file : files) {
    const Header header = HeaderOf(file, time.unix_nanos / kNanosOfSecond);
    tar.append(header.data(), header.size());
    tar += file.bytes;
    tar.append((kBlock - file.bytes.size() % kBlock) % kBlock, '\0');
  }
  tar.append(2 * kBlock, '\0');
  return Gzip(tar);
}

}  // namespace ctl
