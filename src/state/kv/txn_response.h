#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/ids.h"
#include "state/kv/range.h"

namespace kv {

// The TxnResponse of one transaction, as its operations are carried out. Responses within it have
// headers with nothing but the revision.
class TxnResponse {
 public:
  void AddRange(base::Revision revision, const RangeRead& read);
  // `body`: the response without its header.
  void AddPut(base::Revision revision, base::ByteView body);
  void AddDeleteRange(base::Revision revision, base::ByteView body);
  // That of a transaction within: its header is there, and empty.
  void AddTxn(base::ByteView body);

  // The TxnResponse without its header.
  base::Bytes Body(bool succeeded) const;

  // The parts of a body that is written in one go: what stands before the responses, and what
  // AddRange adds.
  static size_t BeginSize(bool succeeded);
  static char* WriteBegin(bool succeeded, char* out);
  static size_t RangeSize(base::Revision revision, const RangeRead& read);
  static char* WriteRange(base::Revision revision, const RangeRead& read, char* out);

 private:
  // Adds all of a ResponseOp but the `body_size` bytes of the response's body, and returns where
  // these belong.
  char* Add(uint32_t kind, base::Revision revision, size_t body_size);
  void Add(uint32_t kind, base::Revision revision, base::ByteView body);

  base::Bytes responses_;
};

}  // namespace kv
