#pragma once

#include <string>
#include <vector>

#include "utl/quorum_check.h"
#include "utl/recover_verdict.h"
#include "utl/survivor.h"

namespace utl {

// All that `etcdutl recover` has found out.
struct RecoverReport {
  std::vector<Survivor> survivors;
  Verdict verdict;
  std::vector<EndpointAnswer> answers;
  QuorumReport quorum;
};

// In a format of --write-out: simple, table, fields or json. Ends with a newline.
std::string Render(const RecoverReport& report, const std::string& format);

}  // namespace utl
