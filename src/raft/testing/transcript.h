#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

// Tests as text, in the format of etcd/raft's data-driven tests:
//
//   # a comment
//   command argument key=value key=(value,value)
//   optional input lines
//   ----
//   expected output up to a blank line
//
// `----` twice opens expected output that may hold blank lines, and twice again closes it.

namespace raft::testing {

struct Argument {
  std::string key;
  std::vector<std::string> values;
};

struct Case {
  int line = 0;
  std::string command;
  std::vector<Argument> arguments;
  std::string input;
  std::string expected;
  // The text from the end of the case before up to and including the separator.
  std::string preface;

  // The values of `key`, null if there is no such argument.
  const std::vector<std::string>* Find(std::string_view key) const;
  // Of the arguments without values, the one at `position` as a number; the test fails without it.
  uint64_t Number(size_t position) const;
  // All arguments without values.
  std::vector<uint64_t> Numbers() const;
};

// A decimal number; the test fails at anything else.
uint64_t ToNumber(std::string_view text);

// Produces the output of one case.
using Handler = std::function<std::string(const Case&)>;

struct TranscriptResult {
  bool found = false;
  int cases = 0;
};

// Runs each case of the file and expects its output to be the same, byte by byte. With RAFT_REWRITE
// set in the environment and `rewritable`, writes the file anew with the output that came.
TranscriptResult RunTranscript(const std::string& path, bool rewritable, const Handler& handler);

// The folder that holds etcd/raft's own transcripts: $RAFT_TRANSCRIPTS, or raft-transcripts in the
// folder `shared` beside the source tree.
std::string PublishedTranscripts();

}  // namespace raft::testing
