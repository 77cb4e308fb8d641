#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "state/auth/key_range.h"

namespace google::protobuf {
class MessageLite;
}

namespace v3 {

// Which keys a request names, as its bytes say.
class RequestKeys {
 public:
  RequestKeys();
  ~RequestKeys();

  const std::vector<auth::KeyRange>& ranges() const { return ranges_; }
  void Add(auth::KeyRange range) { ranges_.push_back(range); }
  // Those of the queue of a lock or an election: "name/" and what begins so.
  void AddQueue(const std::string& name);
  // Those that begin with it; all if it is empty.
  void AddPrefix(base::ByteView prefix);
  // Of whose bytes they are.
  void Keep(std::unique_ptr<google::protobuf::MessageLite> request);

 private:
  std::unique_ptr<google::protobuf::MessageLite> request_;
  std::vector<auth::KeyRange> ranges_;
  std::deque<std::string> made_;  // what ranges refer to beside the request
};

// How the calls of a method count for admission rules (state/admission).
struct Counting {
  enum class Kind : uint8_t {
    kNot,      // it is no tenant's request, or makes room
    kEach,     // each message of a client is a request
    kByStream  // its stream says which of its messages are
  };
  Kind kind = Kind::kNot;
  // Finds the keys of a message of kEach; false if it is none. Null: it names no keys.
  bool (*read)(base::ByteView message, RequestKeys* keys) = nullptr;
};

// Of a method of the services here, by the full name of its service. Nothing stands for a method
// that is forgotten here: to add it to a table of methods ends the process.
Counting CountingOf(std::string_view service, std::string_view method);

}  // namespace v3
