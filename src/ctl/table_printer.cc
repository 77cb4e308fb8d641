#include "cli/table.h"
#include "ctl/printer.h"
#include "ctl/rows.h"

namespace ctl {
namespace {

class TablePrinter final : public Printer {
 public:
  explicit TablePrinter(std::FILE* out) : Printer("table", out) {}

  Outcome MemberList(const etcd::MemberListResponse& response) override {
    return Show(cli::RenderTable(MemberRows(response)));
  }
  Outcome Health(const std::vector<EndpointHealth>& endpoints) override {
    return Show(cli::RenderTable(HealthRows(endpoints)));
  }
  Outcome Status(const std::vector<EndpointStatus>& endpoints) override {
    return Show(cli::RenderTable(StatusRows(endpoints)));
  }
  Outcome AdmissionRuleList(const etcd::AdmissionRuleListResponse& response) override {
    return Show(cli::RenderTable(AdmissionRuleRows(response)));
  }
  Outcome Usage(const etcd::UsageResponse& response) override {
    return Show(cli::RenderTable(UsageRows(response)));
  }
  Outcome HashKv(const std::vector<EndpointHashKv>& endpoints) override {
    return Show(cli::RenderTable(HashKvRows(endpoints)));
  }
};

}  // namespace

std::unique_ptr<Printer> NewTablePrinter(std::FILE* out) {
  return std::make_unique<TablePrinter>(out);
}

}  // namespace ctl
