#include <google/protobuf/descriptor.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "base/base64.h"
#include "base/check.h"
#include "base/varint.h"
#include "base/wire.h"
#include "net/gateway/json_reader.h"
#include "net/gateway/transcoder.h"

namespace gateway {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;

const FieldDescriptor* FindField(const Descriptor& type, const base::Bytes& name) {
  const FieldDescriptor* const field = type.FindFieldByName(name);
  return field != nullptr ? field : type.FindFieldByCamelcaseName(name);
}

// An integer as JSON may write it, with a fraction or an exponent as long as it is whole.
template <typename Integer>
std::optional<Integer> ParseInteger(base::ByteView text) {
  Integer value = 0;
  const char* const end = text.data() + text.size();
  const std::from_chars_result whole = std::from_chars(text.data(), end, value);
  if (whole.ec == std::errc() && whole.ptr == end) return value;
  double number = 0;
  const auto [last, error] = std::from_chars(text.data(), end, number);
  constexpr double kExact = 9007199254740992;  // 2^53
  if (error != std::errc() || last != end || std::trunc(number) != number ||
      std::abs(number) > kExact ||
      number < static_cast<double>(std::numeric_limits<Integer>::min()) ||
      number > static_cast<double>(std::numeric_limits<Integer>::max())) {
    return std::nullopt;
  }
  return static_cast<Integer>(number);
}

// Base64 as Go's protojson takes it: a text with one of the letters "-_" has the alphabet for URLs;
// padding is there if, and only if, the length is a multiple of four; line breaks do not matter.
// Spoils `*text`.
std::optional<base::Bytes> DecodeBase64(base::Bytes* text) {
  const bool is_padded = text->size() % 4 == 0;
  bool has_url_digits = false;
  bool has_other_digits = false;
  bool has_breaks = false;
  for (const char c : *text) {
    has_url_digits |= c == '-' || c == '_';
    has_other_digits |= c == '+' || c == '/';
    has_breaks |= c == '\r' || c == '\n';
  }
  if (has_url_digits && has_other_digits) return std::nullopt;
  if (has_url_digits) {
    for (char& c : *text) c = c == '-' ? '+' : c == '_' ? '/' : c;
  }
  if (has_breaks) std::erase_if(*text, [](char c) { return c == '\r' || c == '\n'; });
  const bool fits = is_padded ? text->size() % 4 == 0 : !text->ends_with('=');
  return fits ? base::Base64Decode(*text) : std::nullopt;
}

// The messages within messages that an encoder has written, with lengths that are known only at
// their ends. Each leaves one byte for its length. Those of 128 bytes and more need more room,
// which is made once, when all is written: however deep a value lies, its bytes move once.
class Lengths {
 public:
  // A message that has begun.
  struct Open {
    size_t begin;
    size_t long_one;  // in long_
    size_t more = 0;  // what the lengths of those within it take beyond a byte
  };

  // Whose bytes begin at `begin`, after the one for its length.
  Open Begin(size_t begin) {
    long_.push_back({begin, 0});
    return {.begin = begin, .long_one = long_.size() - 1};
  }
  // Gives what its own length, and those within it, take beyond a byte.
  size_t End(const Open& message, base::Bytes* out) {
    const size_t size = out->size() - message.begin + message.more;
    if (size < kShort) {
      (*out)[message.begin - 1] = static_cast<char>(size);
      long_.pop_back();  // those within it were short as well
      return 0;
    }
    long_[message.long_one].size = size;
    return message.more + base::VarintSize(size) - 1;
  }
  // With all lengths at their places, which take so much beyond a byte.
  base::Bytes Whole(base::Bytes out, size_t more) const {
    if (long_.empty()) return out;
    base::Bytes whole;
    whole.reserve(out.size() + more);
    size_t copied = 0;
    for (const Long& message : long_) {
      whole.append(out, copied, message.begin - 1 - copied);
      char size[base::kVarintBytesMax];
      whole.append(size, base::PutVarint(message.size, size));
      copied = message.begin;
    }
    return whole.append(out, copied);
  }

 private:
  static constexpr size_t kShort = 128;
  struct Long {
    size_t begin;
    size_t size;  // with all lengths within it
  };
  // In the order of their beginnings; with those that have no end yet.
  std::vector<Long> long_;
};

class Encoder {
 public:
  explicit Encoder(base::ByteView json) : reader_(json) {}

  base::Result<base::Bytes> Run(const Descriptor& type) {
    if (reader_.AtEnd()) return base::Bytes();
    levels_.push_back({.type = &type});
    bool good = Begin('{');
    while (good && !levels_.empty()) good = GoOn();
    if (!good) return reader_.status();
    return lengths_.Whole(std::move(out_), more_);
  }

 private:
  // The fields, and the unions, of one message that have come, by their indices.
  struct Seen {
    static bool Add(int index, uint64_t* indices) {
      CHECK_LT(index, 64);
      const uint64_t bit = uint64_t{1} << index;
      return (std::exchange(*indices, *indices | bit) & bit) == 0;
    }
    uint64_t fields = 0;
    uint64_t oneofs = 0;
  };
  // A message that has begun; the others are within the one before.
  struct Level {
    const Descriptor* type;
    Lengths::Open open = {};  // but for the outermost
    Seen seen = {};
    bool begun = false;                     // a field has come
    const FieldDescriptor* list = nullptr;  // of messages, that has begun
  };

  // Reads on to where the next message begins or the innermost one ends.
  bool GoOn() {
    Level& level = levels_.back();
    if (level.list != nullptr) {
      if (reader_.Skip(',')) return BeginMessage(*level.list);
      if (!End(']')) return false;
      level.list = nullptr;
    }
    if (!std::exchange(level.begun, true)) {
      if (reader_.Peek() == '}') return EndMessage();
    } else if (!reader_.Skip(',')) {
      return EndMessage();
    }
    if (!reader_.ReadString(&name_) || !reader_.Expect(':')) return false;
    const FieldDescriptor* const field = FindField(*level.type, name_);
    if (field == nullptr) return reader_.SkipValue(kJsonDepthMax - depth_);
    return Field(*field, &level);
  }

  // An array or an object.
  bool Begin(char c) {
    if (!reader_.Expect(c)) return false;
    return ++depth_ <= kJsonDepthMax || reader_.Fail("nested too deeply");
  }
  bool End(char c) {
    --depth_;
    return reader_.Expect(c);
  }

  bool BeginMessage(const FieldDescriptor& field) {
    if (!Begin('{')) return false;
    const auto number = static_cast<uint32_t>(field.number());
    base::WireWriter(&out_).BytesHeader(number, 0);
    levels_.push_back({.type = field.message_type(), .open = lengths_.Begin(out_.size())});
    return true;
  }

  bool EndMessage() {
    if (!End('}')) return false;
    const Level level = levels_.back();
    levels_.pop_back();
    if (levels_.empty()) {
      more_ = level.open.more;
    } else {
      levels_.back().open.more += lengths_.End(level.open, &out_);
    }
    return true;
  }

  bool Field(const FieldDescriptor& field, Level* level) {
    if (!Seen::Add(field.index(), &level->seen.fields)) {
      return reader_.Fail("a field that is there twice");
    }
    if (reader_.Peek() == 'n') {
      base::ByteView null;
      return reader_.ReadWord(&null);
    }
    const auto* const oneof = field.containing_oneof();
    if (oneof != nullptr && !Seen::Add(oneof->index(), &level->seen.oneofs)) {
      return reader_.Fail("a second field of a union");
    }
    const bool is_message = field.type() == FieldDescriptor::TYPE_MESSAGE;
    if (!field.is_repeated()) return is_message ? BeginMessage(field) : Scalar(field);
    if (!Begin('[')) return false;
    if (reader_.Peek() == ']') return End(']');
    if (is_message) {
      level->list = &field;
      return BeginMessage(field);
    }
    do {
      if (!Scalar(field)) return false;
    } while (reader_.Skip(','));
    return End(']');
  }

  bool Scalar(const FieldDescriptor& field) {
    const auto number = static_cast<uint32_t>(field.number());
    base::WireWriter writer(&out_);
    switch (field.type()) {
      case FieldDescriptor::TYPE_STRING: {
        if (!reader_.ReadString(&text_)) return false;
        writer.Bytes(number, text_);
        return true;
      }
      case FieldDescriptor::TYPE_BYTES:
        return Base64(number, &writer);
      case FieldDescriptor::TYPE_BOOL:
        return Bool(number, &writer);
      case FieldDescriptor::TYPE_ENUM:
        return Enum(*field.enum_type(), number, &writer);
      case FieldDescriptor::TYPE_INT64:
        return Integer<int64_t>(number, &writer);
      case FieldDescriptor::TYPE_UINT64:
        return Integer<uint64_t>(number, &writer);
      case FieldDescriptor::TYPE_INT32:
        return Integer<int32_t>(number, &writer);
      case FieldDescriptor::TYPE_UINT32:
        return Integer<uint32_t>(number, &writer);
      default:
        return reader_.Fail("a field of a type that no request has");
    }
  }

  bool Base64(uint32_t number, base::WireWriter* writer) {
    if (!reader_.ReadString(&text_)) return false;
    const std::optional<base::Bytes> bytes = DecodeBase64(&text_);
    if (!bytes.has_value()) return reader_.Fail("bytes that are no base64");
    writer->Bytes(number, *bytes);
    return true;
  }

  bool Bool(uint32_t number, base::WireWriter* writer) {
    base::ByteView word;
    if (!reader_.ReadWord(&word)) return false;
    if (word != "true" && word != "false") return reader_.Fail("expected true or false");
    writer->Bool(number, word == "true");
    return true;
  }

  // A number, or a string that holds one.
  bool Word(base::ByteView* word) {
    if (reader_.Peek() != '"') return reader_.ReadWord(word);
    if (!reader_.ReadString(&text_)) return false;
    *word = text_;
    return true;
  }

  bool Enum(const EnumDescriptor& type, uint32_t number, base::WireWriter* writer) {
    if (reader_.Peek() == '"') {
      if (!reader_.ReadString(&text_)) return false;
      const auto* const value = type.FindValueByName(text_);
      if (value != nullptr) writer->Varint(number, static_cast<uint64_t>(int64_t{value->number()}));
      return true;
    }
    base::ByteView word;
    if (!reader_.ReadWord(&word)) return false;
    const std::optional<int32_t> value = ParseInteger<int32_t>(word);
    if (!value.has_value()) return reader_.Fail("expected a value of an enum");
    writer->Varint(number, static_cast<uint64_t>(int64_t{*value}));
    return true;
  }

  template <typename Type>
  bool Integer(uint32_t number, base::WireWriter* writer) {
    base::ByteView word;
    if (!Word(&word)) return false;
    const std::optional<Type> value = ParseInteger<Type>(word);
    if (!value.has_value()) return reader_.Fail("a number that is not in the field's range");
    writer->Varint(number, static_cast<uint64_t>(*value));
    return true;
  }

  JsonReader reader_;
  std::vector<Level> levels_;
  size_t depth_ = 0;  // of arrays and objects, these among them
  base::Bytes out_;   // without the rest of long messages' lengths
  Lengths lengths_;
  size_t more_ = 0;  // what that rest takes
  base::Bytes name_;
  base::Bytes text_;
};

}  // namespace

base::Result<base::Bytes> ToBinary(const Descriptor& type, base::ByteView json) {
  return Encoder(json).Run(type);
}

}  // namespace gateway
