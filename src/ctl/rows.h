#pragma once

#include "cli/table.h"
#include "ctl/printer.h"

// Answers as rows: what the simple and the table format share.

namespace ctl {

using cli::Row;
using cli::Rows;

Rows MemberRows(const etcd::MemberListResponse& response);
Rows HealthRows(const std::vector<EndpointHealth>& endpoints);
Rows StatusRows(const std::vector<EndpointStatus>& endpoints);
Rows AdmissionRuleRows(const etcd::AdmissionRuleListResponse& response);
Rows UsageRows(const etcd::UsageResponse& response);
Rows HashKvRows(const std::vector<EndpointHashKv>& endpoints);

}  // namespace ctl
