#include "net/http/h1_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>

#include "base/check.h"

namespace http {
namespace {

// As Go bounds them: of a line that begins a chunk, and of all that is not data, beside twice as
// much as there is of that.
constexpr size_t kChunkLineMax = 4096;
constexpr size_t kChunkExcessMax = 16 * 1024;

// Of a chunk's header without extensions, about.
constexpr size_t kChunkLineBytes = 16;

// What a token is made of (RFC 9110 section 5.6.2).
bool IsTokenCharacter(char letter) {
  const bool is_letter = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z');
  return is_letter || (letter >= '0' && letter <= '9') ||
         base::ByteView("!#$%&'*+-.^_`|~").find(letter) != base::ByteView::npos;
}

bool IsToken(base::ByteView text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), IsTokenCharacter);
}

bool IsControl(char letter) {
  return (letter >= 0 && letter < ' ') || letter == 0x7f;
}

// What stands between blanks in the first line.
bool IsWord(base::ByteView text) {
  return !text.empty() && std::none_of(text.begin(), text.end(), [](char letter) {
    return IsControl(letter) || letter == ' ';
  });
}

bool IsFieldValue(base::ByteView text) {
  return std::none_of(text.begin(), text.end(),
                      [](char letter) { return IsControl(letter) && letter != '\t'; });
}

}  // namespace

void AppendField(base::Bytes& text, base::ByteView name, base::ByteView value) {
  const size_t begin = text.size();
  text.append(name).append(": ").append(value).append("\r\n");
  bool begins_word = true;
  for (char& letter : std::span(text).subspan(begin, name.size())) {
    if (begins_word && letter >= 'a' && letter <= 'z') letter += 'A' - 'a';
    begins_word = letter == '-';
  }
}

base::Bytes ChunkHeader(size_t size) {
  std::array<char, 16> digits;
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), size, 16);
  CHECK(error == std::errc());
  return base::Bytes(digits.data(), end) + "\r\n";
}

bool IsRequestHead(const Headers& head) {
  const base::ByteView path = Path(head);
  if (!IsToken(Method(head)) || !IsWord(path) || !IsWord(head.Get(":authority"))) return false;
  if (!path.starts_with('/') && path != "*") return false;
  for (const Headers::Field field : head) {
    if (field.name.starts_with(':')) continue;
    if (!IsToken(field.name) || !IsFieldValue(field.value)) return false;
    if (field.name == "host" || field.name == "transfer-encoding") return false;
    if (field.name == "content-length" && !IsNumber(field.value)) return false;
  }
  return true;
}

std::string LowerCase(base::ByteView text) {
  std::string lower(text);
  for (char& letter : lower) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  }
  return lower;
}

bool IsNumber(base::ByteView value) {
  return !value.empty() && value.find_first_not_of("0123456789") == base::ByteView::npos;
}

bool IsShortFirstChunk(base::ByteView bytes) {
  return bytes.starts_with('0') && bytes.size() < 5;
}

base::Status ChunkMeter::OnHeader(uint64_t size, size_t extension_bytes) {
  if (extension_bytes > kChunkLineMax) {
    return base::Status(base::Code::kInvalidArgument, "header line too long");
  }
  excess_ += kChunkLineBytes + extension_bytes;
  excess_ -= static_cast<size_t>(
      std::min<uint64_t>(excess_, kChunkLineBytes + 2 * std::min<uint64_t>(size, 1 << 30)));
  if (excess_ <= kChunkExcessMax) return {};
  return base::Status(base::Code::kInvalidArgument, "chunked encoding contains too much non-data");
}

}  // namespace http
