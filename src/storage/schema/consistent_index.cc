#include "storage/schema/consistent_index.h"

#include "storage/schema/schema.h"

namespace schema {
namespace {

base::Result<uint64_t> ReadNumber(backend::Reader& reader, std::string_view key) {
  ASSIGN_OR_RETURN(const auto value, reader.Get(Id(Bucket::kMeta), key));
  if (!value) return uint64_t{0};
  if (value->size() != sizeof(uint64_t)) {
    return base::Status(base::Code::kDataLoss,
                        "bucket meta, key " + std::string(key) + ": not a number of 8 bytes");
  }
  return base::Load64Be(value->data());
}

void PutNumber(std::string_view key, uint64_t number, backend::Batch* batch) {
  char bytes[sizeof number];
  base::Store64Be(bytes, number);
  batch->Put(Id(Bucket::kMeta), key, {bytes, sizeof bytes});
}

}  // namespace

void PutConsistentIndex(const ConsistentIndex& covered, backend::Batch* batch) {
  PutNumber(kConsistentIndex, covered.index.value(), batch);
  PutNumber(kTerm, covered.term.value(), batch);
}

base::Result<ConsistentIndex> ReadConsistentIndex(backend::Reader& reader) {
  ASSIGN_OR_RETURN(const uint64_t index, ReadNumber(reader, kConsistentIndex));
  ASSIGN_OR_RETURN(const uint64_t term, ReadNumber(reader, kTerm));
  return ConsistentIndex{base::Index(index), base::Term(term)};
}

}  // namespace schema
