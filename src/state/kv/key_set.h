#pragma once

#include <map>
#include <string>
#include <string_view>

namespace kv {

// The keys that deletions of a transaction name, as ranges that do not touch. Keys are borrowed.
class KeySet {
 public:
  // [key, range_end), or the one key without an end. An end of one zero byte is, other than
  // elsewhere, that key and so before every other: such a deletion is not looked at, as in etcd.
  void Add(std::string_view key, std::string_view range_end);
  void Add(const KeySet& other);

  bool Contains(std::string_view key) const;

 private:
  // An end past the last byte of `key`: the key that follows it.
  struct End {
    std::string_view key;
    bool after = false;  // the end is just after `key`, not before it

    friend auto operator<=>(const End&, const End&) = default;
  };
  void Insert(std::string_view begin, End end);

  std::map<std::string_view, End> ranges_;  // by their begin
};

}  // namespace kv
