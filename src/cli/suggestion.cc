#include "cli/suggestion.h"

#include <algorithm>
#include <cctype>
#include <numeric>
#include <utility>

namespace cli {
namespace {

constexpr size_t kWrongLettersMax = 2;
constexpr size_t kNamesMax = 3;
// What a word must have so that names count that go on behind it.
constexpr size_t kBeginMin = 3;

char Lower(char character) {
  return static_cast<char>(std::tolower(static_cast<unsigned char>(character)));
}

bool Begins(const std::string& word, const std::string& name) {
  return word.size() <= name.size() &&
         std::equal(word.begin(), word.end(), name.begin(),
                    [](char a, char b) { return Lower(a) == Lower(b); });
}

// How many letters must be added, dropped or replaced, or neighbours exchanged, to make one of the
// other (optimal string alignment).
size_t Distance(const std::string& a, const std::string& b) {
  std::vector<size_t> before;
  std::vector<size_t> above;
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (size_t i = 1; i <= a.size(); ++i) {
    before = std::exchange(above, row);
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const char letter = Lower(a[i - 1]);
      const size_t replaced = above[j - 1] + (letter == Lower(b[j - 1]) ? 0 : 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, replaced});
      if (i < 2 || j < 2 || letter != Lower(b[j - 2]) || Lower(a[i - 2]) != Lower(b[j - 1]))
        continue;
      row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row[b.size()];
}

}  // namespace

bool Resembles(const std::string& word, const std::string& name) {
  return Begins(word, name) || Distance(word, name) <= kWrongLettersMax;
}

std::string DidYouMean(const std::string& word, const std::vector<std::string>& names,
                       const std::string& before) {
  std::vector<std::pair<size_t, std::string>> near;
  for (const std::string& name : names) {
    const size_t distance = Distance(word, name);
    if (distance == 0) return "";
    // Of a short name the better part must be there.
    const bool is_slip = distance <= kWrongLettersMax && distance * 2 < name.size();
    const bool is_begun = word.size() >= kBeginMin && Begins(word, name);
    if (is_slip || is_begun) near.emplace_back(is_slip ? distance : kWrongLettersMax + 1, name);
  }
  if (near.empty()) return "";
  std::sort(near.begin(), near.end());
  near.resize(std::min(near.size(), kNamesMax));
  std::string text = "\nDid you mean this?\n";
  for (const auto& [distance, name] : near) text += "\t" + before + name + "\n";
  return text;
}

}  // namespace cli
