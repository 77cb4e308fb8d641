#include "app/import_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "observe/testing/memory_sink.h"
#include "runtime/simulated/scheduler.h"

namespace app {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ImportReportTest : public ::testing::Test {
 protected:
  runtime::simulated::Scheduler scheduler_{7};
  observe::testing::MemorySink sink_;
  const observe::Logger logger_{&scheduler_.clock(), &sink_, {}};
  ImportReport report_{&scheduler_.clock(), &logger_};
};

TEST_F(ImportReportTest, AShortImportTellsNothing) {
  scheduler_.RunFor(seconds(60));  // the start was long, not the import
  for (uint64_t page = 0; page <= 100; ++page) {
    report_(page * 4096, 100 * 4096);
    scheduler_.RunFor(milliseconds(29));
  }
  EXPECT_THAT(sink_.lines(), IsEmpty());
}

TEST_F(ImportReportTest, ALongOneTellsHowFarItIsEveryThreeSeconds) {
  report_(0, 200);
  scheduler_.RunFor(seconds(3));
  report_(50, 200);
  report_(60, 200);
  scheduler_.RunFor(milliseconds(2999));
  report_(70, 200);
  EXPECT_THAT(sink_.lines(),
              ElementsAre(AllOf(HasSubstr("the import of etcd's database goes on"),
                                HasSubstr("\"read-bytes\":50"), HasSubstr("\"db-size-bytes\":200"),
                                HasSubstr("\"percent\":25"))));
  scheduler_.RunFor(milliseconds(1));
  report_(200, 200);
  ASSERT_THAT(sink_.lines(), SizeIs(2));
  EXPECT_THAT(sink_.lines().back(), HasSubstr("\"percent\":100"));
}

}  // namespace
}  // namespace app
