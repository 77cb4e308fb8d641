#include "raft/testing/transcript.h"

#include <gtest/gtest.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <sstream>

#include "base/testing/source_path.h"

namespace raft::testing {
namespace {

constexpr std::string_view kSeparator = "----";

std::vector<std::string> SplitLines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::vector<std::string> SplitValues(std::string_view text) {
  if (!text.empty() && text.front() == '(') text = text.substr(1, text.size() - 2);
  std::vector<std::string> values;
  std::string value;
  for (char c : text) {
    if (c == ',') {
      values.push_back(std::exchange(value, {}));
    } else if (c != ' ') {
      value += c;
    }
  }
  if (!value.empty() || !values.empty()) values.push_back(value);
  return values;
}

// Splits at blanks outside of parentheses.
std::vector<std::string> SplitWords(const std::string& line) {
  std::vector<std::string> words;
  std::string word;
  int depth = 0;
  for (char c : line + " ") {
    depth += (c == '(') - (c == ')');
    if (c == ' ' && depth == 0) {
      if (!word.empty()) words.push_back(std::exchange(word, {}));
    } else {
      word += c;
    }
  }
  return words;
}

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

std::optional<std::string> ReadFile(const std::string& path) {
  const File file(std::fopen(path.c_str(), "rb"));
  if (file == nullptr) return std::nullopt;
  std::string content;
  char piece[4096];
  while (const size_t size = std::fread(piece, 1, sizeof piece, file.get())) {
    content.append(piece, size);
  }
  return content;
}

void WriteFile(const std::string& path, const std::string& content) {
  const File file(std::fopen(path.c_str(), "wb"));
  ASSERT_NE(file, nullptr) << path;
  EXPECT_EQ(std::fwrite(content.data(), 1, content.size(), file.get()), content.size()) << path;
}

class Parser {
 public:
  explicit Parser(const std::string& text) : lines_(SplitLines(text)) {}

  // False at the end of the file.
  bool Next(Case* out) {
    *out = {};
    if (!ReadCommand(out)) return false;
    while (at_ < lines_.size() && lines_[at_] != kSeparator) out->input += Keep(out) + "\n";
    if (at_ < lines_.size()) Keep(out);
    ReadExpected(out);
    return true;
  }
  // What follows the last case.
  const std::string& trailer() const { return trailer_; }

 private:
  const std::string& Keep(Case* out) {
    const std::string& line = lines_[at_++];
    out->preface += line + "\n";
    return line;
  }

  bool ReadCommand(Case* out) {
    while (at_ < lines_.size() && (lines_[at_].empty() || lines_[at_][0] == '#')) Keep(out);
    if (at_ == lines_.size()) {
      trailer_ = out->preface;
      return false;
    }
    out->line = static_cast<int>(at_) + 1;
    const std::vector<std::string> words = SplitWords(Keep(out));
    out->command = words.front();
    for (size_t i = 1; i < words.size(); ++i) {
      const size_t equals = words[i].find('=');
      Argument argument{words[i].substr(0, equals), {}};
      if (equals != std::string::npos) argument.values = SplitValues(words[i].substr(equals + 1));
      out->arguments.push_back(std::move(argument));
    }
    return true;
  }

  void ReadExpected(Case* out) {
    if (at_ < lines_.size() && lines_[at_] == kSeparator) {
      ++at_;
      while (at_ + 1 < lines_.size() &&
             (lines_[at_] != kSeparator || lines_[at_ + 1] != kSeparator)) {
        out->expected += lines_[at_++] + "\n";
      }
      at_ += 2;
    } else {
      while (at_ < lines_.size() && !lines_[at_].empty()) out->expected += lines_[at_++] + "\n";
    }
    if (at_ < lines_.size() && lines_[at_].empty()) ++at_;
  }

  std::vector<std::string> lines_;
  size_t at_ = 0;
  std::string trailer_;
};

void Append(const Case& c, const std::string& output, std::string* text) {
  *text += c.preface;
  const bool block = output.find("\n\n") != std::string::npos;
  if (block) *text += "----\n";
  *text += output;
  if (block) *text += "----\n----\n";
  *text += "\n";
}

}  // namespace

const std::vector<std::string>* Case::Find(std::string_view key) const {
  for (const Argument& argument : arguments) {
    if (argument.key == key) return &argument.values;
  }
  return nullptr;
}

std::vector<uint64_t> Case::Numbers() const {
  std::vector<uint64_t> numbers;
  for (const Argument& argument : arguments) {
    if (!argument.values.empty()) continue;
    uint64_t number = 0;
    const char* end = argument.key.data() + argument.key.size();
    const auto [rest, error] = std::from_chars(argument.key.data(), end, number);
    if (error == std::errc() && rest == end) numbers.push_back(number);
  }
  return numbers;
}

uint64_t ToNumber(std::string_view text) {
  uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  EXPECT_TRUE(error == std::errc() && rest == end) << text;
  return number;
}

uint64_t Case::Number(size_t position) const {
  const std::vector<uint64_t> numbers = Numbers();
  if (position < numbers.size()) return numbers[position];
  ADD_FAILURE() << "line " << line << ": " << command << " lacks a number";
  return 0;
}

TranscriptResult RunTranscript(const std::string& path, bool rewritable, const Handler& handler) {
  TranscriptResult result;
  const std::optional<std::string> content = ReadFile(path);
  if (!content.has_value()) return result;
  result.found = true;

  const bool rewrite = rewritable && std::getenv("RAFT_REWRITE") != nullptr;
  std::string rewritten;
  Parser parser(*content);
  for (Case c; parser.Next(&c);) {
    ++result.cases;
    std::string output = handler(c);
    if (!output.empty() && output.back() != '\n') output += '\n';
    Append(c, output, &rewritten);
    if (rewrite) continue;
    EXPECT_EQ(output, c.expected) << path << ":" << c.line << ": " << c.command;
  }
  if (rewrite) {
    while (rewritten.ends_with("\n\n")) rewritten.pop_back();
    WriteFile(path, rewritten + parser.trailer());
  }
  return result;
}

std::string PublishedTranscripts() {
  if (const char* folder = std::getenv("RAFT_TRANSCRIPTS"); folder != nullptr) return folder;
  return base::testing::SourcePath("../shared/raft-transcripts");
}

}  // namespace raft::testing
