#include "cli/table.h"
#include "ctl/printer.h"
#include "ctl/rows.h"

namespace ctl {
namespace {

class TablePrinter final : public Printer {
 public:
  explicit TablePrinter(std::FILE* out) : Printer("table", out) {}

  Outcome MemberList(const etcd::MemberListResponse& response) override {
    return Table(MemberRows(response));
  }
  Outcome Health(const std::vector<EndpointHealth>& endpoints) override {
    return Table(HealthRows(endpoints));
  }
  Outcome Status(const std::vector<EndpointStatus>& endpoints) override {
    return Table(StatusRows(endpoints));
  }
  Outcome AdmissionRuleList(const etcd::AdmissionRuleListResponse& response) override {
    return Table(AdmissionRuleRows(response));
  }
  Outcome Usage(const etcd::UsageResponse& response) override { return Table(UsageRows(response)); }
  Outcome HashKv(const std::vector<EndpointHashKv>& endpoints) override {
    return Table(HashKvRows(endpoints));
  }

 private:
  Outcome Table(const cli::Rows& rows) { return Show(cli::RenderTable(rows, paint())); }
};

}  // namespace

std::unique_ptr<Printer> NewTablePrinter(std::FILE* out) {
  return std::make_unique<TablePrinter>(out);
}

}  // namespace ctl
