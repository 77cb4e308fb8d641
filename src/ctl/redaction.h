#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ctl {

// Takes out of texts that others are to read what they must not know.
class Redaction {
 public:
  // Also as they stand within JSON; what is shorter than four bytes is left, as it may be a word.
  explicit Redaction(const std::vector<std::string>& secrets);

  // With "***" for each of the secrets. A text with a private key is left out as a whole: what it
  // is for the text says then.
  std::string Clean(std::string text) const;

 private:
  std::vector<std::string> secrets_;
};

// The last `lines` lines of a text, and no more than that many bytes of them.
std::string_view TailOf(std::string_view text, size_t lines, size_t bytes_max);

}  // namespace ctl
