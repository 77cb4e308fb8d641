// Any bytes are a member's question for a hash, and the answer to one.

#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "net/peer/hash_answer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const base::ByteView in(reinterpret_cast<const char*>(data), size);
  const auto question = peer::ParseHashQuestion(in);
  if (question.ok()) {
    CHECK(*question == *peer::ParseHashQuestion(peer::HashQuestion(*question)));
  }
  const auto answer = peer::ParseHashAnswer(in);
  if (answer.ok()) {
    const auto again = peer::ParseHashAnswer(peer::HashAnswer(*answer));
    CHECK(again.ok() && again->hash == answer->hash && again->current == answer->current);
  }
  (void)peer::HashOf(400, in);
  return 0;
}
