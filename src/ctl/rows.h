#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ctl/printer.h"

// Answers as rows: what the simple and the table format share.

namespace ctl {

using Row = std::vector<std::string>;
struct Rows {
  Row header;
  std::vector<Row> rows;
};

Rows MemberRows(const etcd::MemberListResponse& response);
Rows HealthRows(const std::vector<EndpointHealth>& endpoints);
Rows StatusRows(const std::vector<EndpointStatus>& endpoints);
Rows AdmissionRuleRows(const etcd::AdmissionRuleListResponse& response);
Rows HashKvRows(const std::vector<EndpointHashKv>& endpoints);

}  // namespace ctl
