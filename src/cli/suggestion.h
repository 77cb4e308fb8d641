#pragma once

#include <string>
#include <vector>

// What somebody may have meant who mistyped a word: added behind etcd's own texts, as lines of
// their own, so that what looks for these finds them.

namespace cli {

// Whether `word` may be a slip for `name`: one or two letters are wrong, or the rest is missing.
// The case of letters does not count.
bool Resembles(const std::string& word, const std::string& name);

// "\nDid you mean this?\n\tname\n", with `before` in front of each of `names` that the word
// resembles, the nearest first, three at most; empty if it resembles none, or is one.
std::string DidYouMean(const std::string& word, const std::vector<std::string>& names,
                       const std::string& before = "");

}  // namespace cli
