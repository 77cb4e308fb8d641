#include "k8s/yaml_output.h"

#include <algorithm>
#include <cstdio>
#include <utility>
#include <vector>

#include "base/float_text.h"
#include "base/go_text.h"
#include "k8s/plain_scalar.h"
#include "k8s/yaml_key_order.h"

namespace k8s {
namespace {

constexpr size_t kWidth = 80;
constexpr size_t kIndent = 2;
constexpr size_t kShortNameBytes = 128;  // a longer one stands behind a "?"

bool IsSpace(char character) {
  return character == ' ';
}

bool IsPrintable(char32_t character) {
  if (character == U'\uFEFF') return false;
  return character == '\n' || (character >= 0x20 && character <= 0x7E) || character == 0x85 ||
         (character >= 0xA0 && character <= 0xD7FF) || (character >= 0xE000 && character <= 0xFFFD);
}

bool IsBreak(char32_t character) {
  return character == '\r' || character == '\n' || character == 0x85 || character == 0x2028 ||
         character == 0x2029;
}

// As JSON, by way of which Go comes to YAML, has bytes that are no UTF-8.
std::string WithoutDamage(std::string_view text) {
  std::string mended;
  while (!text.empty()) {
    const size_t size = base::Utf8Length(text);
    mended += size == 0 ? "\uFFFD" : text.substr(0, size);
    text.remove_prefix(std::max<size_t>(size, 1));
  }
  return mended;
}

// What a text may be written as; libyaml's analysis.
struct Forms {
  bool plain = true;
  bool single_quoted = true;
  bool block = true;
};

class Analysis {
 public:
  explicit Analysis(std::string_view text) : text_(text) {
    forms_.plain = !text.starts_with("---") && !text.starts_with("...");
    for (size_t at = 0; at < text.size();) {
      const size_t size = base::Utf8Length(text.substr(at));
      Look(at, size, base::Utf8Decode(text.substr(at, size)));
      at += size;
    }
    if (text.empty()) forms_.block = false;
  }
  const Forms& forms() const { return forms_; }

 private:
  void Look(size_t at, size_t size, char32_t character) {
    const bool is_first = at == 0;
    const size_t end = at + size;
    const bool is_last = end == text_.size();
    const bool blank_follows = is_last || text_[end] == ' ' || text_[end] == '\t' || BreakAt(end);
    if (IsIndicator(character, is_first, blank_follows)) forms_.plain = false;
    if (!IsPrintable(character)) forms_ = {false, false, false};
    const bool is_space = character == ' ';
    const bool is_break = IsBreak(character);
    if ((is_space || is_break) && (is_first || is_last)) forms_.plain = false;
    if (is_space && is_last) forms_.block = false;
    if (is_space && after_break_) forms_.plain = forms_.single_quoted = false;
    if (is_break && after_space_) forms_ = {false, false, false};
    if (is_break) forms_.plain = false;
    after_space_ = is_space;
    after_break_ = is_break;
    after_blank_ = is_space || is_break || character == '\t';
  }

  bool BreakAt(size_t at) const {
    return IsBreak(base::Utf8Decode(text_.substr(at, base::Utf8Length(text_.substr(at)))));
  }

  bool IsIndicator(char32_t character, bool is_first, bool blank_follows) const {
    if (character == ':') return blank_follows;
    if (!is_first) return character == '#' && after_blank_;
    if (character == '?' || character == '-') return blank_follows;
    return character < 0x80 &&
           std::string_view("#,[]{}&*!|>'\"%@`").find(static_cast<char>(character)) !=
               std::string_view::npos;
  }

  std::string_view text_;
  Forms forms_;
  bool after_space_ = false;
  bool after_break_ = false;
  bool after_blank_ = true;
};

class Emitter {
 public:
  std::string TakeText() && { return std::move(text_); }

  // `indent`: of the lines of the value, if there are several; those of an object in a list go on
  // in the line of the dash. `in_object`: its lists are not indented.
  void Write(const Value& value, size_t indent, bool in_line, bool in_object) {
    if (const auto* const object = value.As<Value::Object>();
        object != nullptr && !object->empty()) {
      WriteObject(*object, indent, in_line);
    } else if (const auto* const list = value.As<Value::List>();
               list != nullptr && !list->empty()) {
      WriteList(*list, in_object ? indent - kIndent : indent, in_line);
    } else {
      WriteScalar(value, indent);
      Put("\n");
    }
  }

 private:
  void WriteObject(const Value::Object& object, size_t indent, bool in_line) {
    std::vector<const Member*> members;
    for (const Member& member : object) members.push_back(&member);
    std::sort(members.begin(), members.end(),
              [](const Member* a, const Member* b) { return YamlKeyIsBefore(a->name, b->name); });
    for (const Member* member : members) {
      if (!std::exchange(in_line, false)) StartLine(indent);
      const bool is_short =
          member->name.size() <= kShortNameBytes && member->name.find('\n') == std::string::npos;
      if (!is_short) Put("? ");
      WriteName(member->name);
      if (!is_short) {
        Put("\n");
        StartLine(indent);
      }
      Put(":");
      WriteBehind(member->value, indent + kIndent, /*in_object=*/true);
    }
  }

  void WriteList(const Value::List& list, size_t indent, bool in_line) {
    for (const Value& value : list) {
      if (!std::exchange(in_line, false)) StartLine(indent);
      Put("- ");
      Write(value, indent + kIndent, /*in_line=*/true, /*in_object=*/false);
    }
  }

  // Behind a colon.
  void WriteBehind(const Value& value, size_t indent, bool in_object) {
    const auto* const object = value.As<Value::Object>();
    const auto* const list = value.As<Value::List>();
    const bool is_block =
        (object != nullptr && !object->empty()) || (list != nullptr && !list->empty());
    Put(is_block ? "\n" : " ");
    Write(value, indent, /*in_line=*/false, in_object);
  }

  void WriteScalar(const Value& value, size_t indent) {
    if (const auto* const text = value.As<std::string>()) {
      WriteText(*text, indent);
    } else if (value.As<Value::Object>() != nullptr) {
      Put("{}");
    } else if (value.As<Value::List>() != nullptr) {
      Put("[]");
    } else if (const auto* const is = value.As<bool>()) {
      Put(*is ? "true" : "false");
    } else if (const auto* const number = value.As<int64_t>()) {
      Put(std::to_string(*number));
    } else if (const auto* const large = value.As<uint64_t>()) {
      Put(std::to_string(*large));
    } else if (const auto* const fraction = value.As<double>()) {
      Put(base::FormatFloat(*fraction));
    } else {
      Put("null");
    }
  }

  void WriteName(const std::string& name) {
    if (!base::IsUtf8(name)) return WriteName(WithoutDamage(name));
    const Forms forms = Analysis(name).forms();
    if (name.find('\n') != std::string::npos || !IsTextWhenPlain(name))
      return DoubleQuoted(name, 0);
    if (forms.plain) return Put(name);
    return forms.single_quoted ? SingleQuoted(name, 0) : DoubleQuoted(name, 0);
  }

  void WriteText(const std::string& text, size_t indent) {
    if (!base::IsUtf8(text)) return WriteText(WithoutDamage(text), indent);
    const Forms forms = Analysis(text).forms();
    if (text.find('\n') != std::string::npos) {
      return forms.block ? Literal(text, indent) : DoubleQuoted(text, indent);
    }
    if (!IsTextWhenPlain(text)) return DoubleQuoted(text, indent);
    if (forms.plain) return Plain(text, indent);
    return forms.single_quoted ? SingleQuoted(text, indent) : DoubleQuoted(text, indent);
  }

  // Goes on in the next line behind the space at `at`, if the line is full. Indent 0: never.
  bool Breaks(std::string_view text, size_t at, size_t indent, bool after_space) {
    if (indent == 0 || after_space || column_ <= kWidth) return false;
    if (at + 1 < text.size() && IsSpace(text[at + 1])) return false;
    Put("\n");
    StartLine(indent);
    return true;
  }

  void Plain(std::string_view text, size_t indent) {
    for (size_t at = 0; at < text.size(); ++at) {
      const bool after_space = at > 0 && IsSpace(text[at - 1]);
      if (IsSpace(text[at]) && Breaks(text, at, indent, after_space)) continue;
      Put(text.substr(at, 1));
    }
  }

  void SingleQuoted(std::string_view text, size_t indent) {
    Put("'");
    for (size_t at = 0; at < text.size(); ++at) {
      const bool is_inside = at > 0 && at + 1 < text.size();
      const bool after_space = at > 0 && IsSpace(text[at - 1]);
      if (IsSpace(text[at]) && is_inside && Breaks(text, at, indent, after_space)) continue;
      Put(text[at] == '\'' ? "''" : text.substr(at, 1));
    }
    Put("'");
  }

  void DoubleQuoted(std::string_view text, size_t indent) {
    Put("\"");
    bool after_space = false;
    for (size_t at = 0; at < text.size();) {
      const size_t size = base::Utf8Length(text.substr(at));
      const std::string_view part = text.substr(at, size);
      const char32_t character = base::Utf8Decode(part);
      const bool is_inside = at > 0 && at + 1 < text.size();
      if (IsSpace(text[at]) && is_inside && indent > 0 && !after_space && column_ > kWidth) {
        Put("\n");
        StartLine(indent);
        if (IsSpace(text[at + 1])) Put("\\");
      } else if (!IsPrintable(character) || IsBreak(character) || part == "\"" || part == "\\") {
        Put(Escape(character));
      } else {
        Put(part);
      }
      after_space = IsSpace(text[at]);
      at += size;
    }
    Put("\"");
  }

  static std::string Escape(char32_t character) {
    constexpr std::pair<char32_t, char> kNames[] = {
        {0, '0'},     {7, 'a'},    {8, 'b'},    {9, 't'},      {10, 'n'},
        {11, 'v'},    {12, 'f'},   {13, 'r'},   {27, 'e'},     {'"', '"'},
        {'\\', '\\'}, {0x85, 'N'}, {0xA0, '_'}, {0x2028, 'L'}, {0x2029, 'P'}};
    for (const auto& [named, name] : kNames) {
      if (named == character) return {'\\', name};
    }
    char text[16];
    const char* const format =
        character <= 0xFF ? "\\x%02X" : (character <= 0xFFFF ? "\\u%04X" : "\\U%08X");
    std::snprintf(text, sizeof text, format, static_cast<unsigned>(character));
    return text;
  }

  // "|", what is to be known of its begin and end, and its lines.
  void Literal(std::string_view text, size_t indent) {
    Put("|");
    if (IsSpace(text.front()) || text.front() == '\n') Put(std::to_string(kIndent));
    if (text.back() != '\n') {
      Put("-");
    } else if (text.size() == 1 || text[text.size() - 2] == '\n') {
      Put("+");
    }
    if (text.back() == '\n') text.remove_suffix(1);  // which ends the scalar's last line
    for (size_t begin = 0; begin <= text.size();) {
      const size_t end = std::min(text.find('\n', begin), text.size());
      Put("\n");
      if (end > begin) StartLine(std::max(indent, kIndent));
      Put(text.substr(begin, end - begin));
      begin = end + 1;
    }
  }

  void StartLine(size_t indent) { Put(std::string(indent, ' ')); }

  void Put(std::string_view text) {
    text_ += text;
    for (const char byte : text) {
      if (byte == '\n') {
        column_ = 0;
      } else if ((static_cast<unsigned char>(byte) & 0xC0U) != 0x80U) {
        ++column_;
      }
    }
  }

  std::string text_;
  size_t column_ = 0;  // characters of the last line
};

}  // namespace

std::string WriteYaml(const Value& value) {
  Emitter emitter;
  emitter.Write(value, 0, /*in_line=*/false, /*in_object=*/false);
  return std::move(emitter).TakeText();
}

}  // namespace k8s
