#include "net/gateway/json_reader.h"

#include <charconv>

#include "base/go_text.h"

namespace gateway {
namespace {

bool IsSpace(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

// Stands for itself in a string.
bool IsPlain(char c) {
  return c != '"' && c != '\\' && static_cast<unsigned char>(c) >= 0x20;
}

// What a word is made of.
bool IsWordByte(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '+' ||
         c == '-' || c == '.';
}

// Of JSON's grammar: -? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?
bool IsNumber(base::ByteView word) {
  size_t i = 0;
  const auto digits = [&] {
    const size_t begin = i;
    while (i < word.size() && word[i] >= '0' && word[i] <= '9') ++i;
    return i - begin;
  };
  if (i < word.size() && word[i] == '-') ++i;
  const bool zero = i < word.size() && word[i] == '0';
  const size_t whole = digits();
  if (whole == 0 || (zero && whole > 1)) return false;
  if (i < word.size() && word[i] == '.') {
    ++i;
    if (digits() == 0) return false;
  }
  if (i < word.size() && (word[i] == 'e' || word[i] == 'E')) {
    ++i;
    if (i < word.size() && (word[i] == '+' || word[i] == '-')) ++i;
    if (digits() == 0) return false;
  }
  return i == word.size();
}

void AppendUtf8(uint32_t code, base::Bytes* out) {
  if (code < 0x80) {
    out->push_back(static_cast<char>(code));
  } else if (code < 0x800) {
    out->push_back(static_cast<char>(0xC0 | code >> 6));
    out->push_back(static_cast<char>(0x80 | (code & 0x3F)));
  } else if (code < 0x10000) {
    out->push_back(static_cast<char>(0xE0 | code >> 12));
    out->push_back(static_cast<char>(0x80 | (code >> 6 & 0x3F)));
    out->push_back(static_cast<char>(0x80 | (code & 0x3F)));
  } else {
    out->push_back(static_cast<char>(0xF0 | code >> 18));
    out->push_back(static_cast<char>(0x80 | (code >> 12 & 0x3F)));
    out->push_back(static_cast<char>(0x80 | (code >> 6 & 0x3F)));
    out->push_back(static_cast<char>(0x80 | (code & 0x3F)));
  }
}

char ShortEscape(char c) {
  switch (c) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case '"':
    case '\\':
    case '/':
      return c;
    default:
      return '\0';
  }
}

// Of an array or an object that begins so.
char EndOf(char begin) {
  return begin == '[' ? ']' : '}';
}

}  // namespace

bool JsonReader::Fail(base::ByteView what) {
  if (status_.ok()) {
    status_ = {base::Code::kInvalidArgument,
               "json: at byte " + std::to_string(position_) + ": " + std::string(what)};
  }
  return false;
}

char JsonReader::Peek() {
  while (position_ < text_.size() && IsSpace(text_[position_])) ++position_;
  return position_ < text_.size() ? text_[position_] : '\0';
}

bool JsonReader::Skip(char c) {
  if (Peek() != c || position_ == text_.size()) return false;
  ++position_;
  return true;
}

bool JsonReader::Expect(char c) {
  return Skip(c) || Fail(std::string("expected '") + c + "'");
}

bool JsonReader::ReadString(base::Bytes* out) {
  out->clear();
  if (!Expect('"')) return false;
  while (true) {
    const size_t begin = position_;
    while (position_ < text_.size() && IsPlain(text_[position_])) ++position_;
    out->append(text_, begin, position_ - begin);
    if (position_ == text_.size()) return Fail("a string without an end");
    const char c = text_[position_++];
    if (c == '"') return base::IsUtf8(*out) || Fail("a string that is no UTF-8");
    if (c != '\\') return Fail("a control character in a string");
    if (!ReadEscape(out)) return false;
  }
}

bool JsonReader::ReadEscape(base::Bytes* out) {
  if (position_ == text_.size()) return Fail("a string without an end");
  const char c = text_[position_++];
  if (const char plain = ShortEscape(c); plain != '\0') {
    out->push_back(plain);
    return true;
  }
  if (c != 'u') return Fail("an unknown escape");
  uint32_t code = 0;
  if (!ReadHex4(&code)) return false;
  if (code >= 0xD800 && code < 0xDC00) {
    uint32_t low = 0;
    if (text_.substr(position_, 2) != "\\u") return Fail("half of a surrogate pair");
    position_ += 2;
    if (!ReadHex4(&low)) return false;
    if (low < 0xDC00 || low > 0xDFFF) return Fail("half of a surrogate pair");
    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
  } else if (code >= 0xDC00 && code <= 0xDFFF) {
    return Fail("half of a surrogate pair");
  }
  AppendUtf8(code, out);
  return true;
}

bool JsonReader::ReadHex4(uint32_t* out) {
  const base::ByteView digits = text_.substr(position_, 4);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), *out, 16);
  if (error != std::errc() || digits.size() != 4 || end != digits.data() + 4) {
    return Fail("a malformed \\u escape");
  }
  position_ += 4;
  return true;
}

bool JsonReader::ReadWord(base::ByteView* out) {
  Peek();
  const size_t begin = position_;
  while (position_ < text_.size() && IsWordByte(text_[position_])) ++position_;
  *out = text_.substr(begin, position_ - begin);
  if (*out == "true" || *out == "false" || *out == "null" || IsNumber(*out)) return true;
  position_ = begin;
  return Fail("expected a value");
}

bool JsonReader::SkipName(char begin) {
  base::Bytes name;
  return begin != '{' || (ReadString(&name) && Expect(':'));
}

bool JsonReader::SkipValue(size_t depth) {
  base::Bytes open;  // how what has no end yet begins
  base::Bytes text;
  base::ByteView word;
  do {
    const char begin = Peek();
    if (begin == '[' || begin == '{') {
      if (open.size() == depth) return Fail("nested too deeply");
      Skip(begin);
      if (!Skip(EndOf(begin))) {
        open.push_back(begin);
        if (!SkipName(begin)) return false;
        continue;
      }
    } else if (begin == '"' ? !ReadString(&text) : !ReadWord(&word)) {
      return false;
    }
    // A value has ended, and with it what does not go on.
    while (!open.empty() && !Skip(',')) {
      if (!Expect(EndOf(open.back()))) return false;
      open.pop_back();
    }
    if (!open.empty() && !SkipName(open.back())) return false;
  } while (!open.empty());
  return true;
}

}  // namespace gateway
