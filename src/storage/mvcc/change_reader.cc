#include "storage/mvcc/change_reader.h"

#include "storage/mvcc/reads.h"

namespace mvcc {

base::Result<bool> ChangeReader::Step(Reads& reads, size_t max, const ReadPin::StepVisitor& visit) {
  ASSIGN_OR_RETURN(const auto pin, reads.Pin(base::Revision()));
  return pin->HistoryStep(&next_, max, visit);
}

}  // namespace mvcc
