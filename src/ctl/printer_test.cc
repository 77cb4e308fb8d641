#include "ctl/printer.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>

#include "ctl/json.h"
#include "ctl/rows.h"

namespace ctl {
namespace {

// What a printer writes.
std::string Printed(const std::string& format, bool hex,
                    const std::function<Outcome(Printer&)>& print) {
  char* text = nullptr;
  size_t size = 0;
  std::FILE* const file = open_memstream(&text, &size);
  const Outcome outcome = print(*NewPrinter(format, hex, file));
  std::fclose(file);
  std::string printed(text, size);
  std::free(text);
  return outcome.ok() ? printed : outcome.error;
}

etcd::TxnResponse Txn() {
  etcd::TxnResponse response;
  response.header = {1, 2, 5, 3};
  response.succeeded = true;
  etcd::GetResponse get;
  get.header.revision = 5;
  get.kvs.push_back({"k\x01", 2, 3, 4, "v", 255});
  get.count = 1;
  response.responses.push_back({get});
  response.responses.push_back({etcd::DeleteResponse{}});
  return response;
}

std::string PrintedTxn(const std::string& format, bool hex = false) {
  return Printed(format, hex, [](Printer& printer) { return printer.Txn(Txn()); });
}

TEST(PrinterTest, SimpleShowsResultsApart) {
  EXPECT_EQ(PrintedTxn("simple"), "SUCCESS\n\nk\x01\nv\n\n0\n");
  EXPECT_EQ(PrintedTxn("simple", true), "SUCCESS\n\n\\x6b\\x01\n\\x76\n\n0\n");
}

TEST(PrinterTest, FieldsQuoteTextsAndShowLeasesAndIdsInHexIfAsked) {
  const std::string text = PrintedTxn("fields", true);
  EXPECT_TRUE(
      text.starts_with("\"ClusterID\" : 1\n\"MemberID\" : 2\n\"Revision\" : 5\n"
                       "\"RaftTerm\" : 3\n\"Succeeded\" : true\n"))
      << text;
  EXPECT_NE(text.find("\"Key\" : \"k\\x01\"\n"), std::string::npos);
  EXPECT_NE(text.find("\"Lease\" : 00000000000000ff\n"), std::string::npos);
}

TEST(PrinterTest, JsonHasGosNamesAndLeavesOutWhatIsZero) {
  EXPECT_EQ(PrintedTxn("json"),
            "{\"header\":{\"cluster_id\":1,\"member_id\":2,\"revision\":5,\"raft_term\":3},"
            "\"succeeded\":true,\"responses\":[{\"Response\":{\"response_range\":{\"header\":"
            "{\"revision\":5},\"kvs\":[{\"key\":\"awE=\",\"create_revision\":2,"
            "\"mod_revision\":3,\"version\":4,\"value\":\"dg==\",\"lease\":255}],\"count\":1}}},"
            "{\"Response\":{\"response_delete_range\":{}}}]}\n");
}

TEST(PrinterTest, ATableCannotShowKeys) {
  EXPECT_EQ(PrintedTxn("table"), "table not supported as output format");
}

TEST(PrinterTest, ATableCentresTitlesAndAlignsCellsRight) {
  const auto print = [](Printer& printer) {
    return printer.HashKv({{"127.0.0.1:1", {.header = {}, .hash = 7, .hash_revision = 12}}});
  };
  EXPECT_EQ(Printed("table", false, print),
            "┌─────────────┬──────┬───────────────┐\n"
            "│  ENDPOINT   │ HASH │ HASH REVISION │\n"
            "├─────────────┼──────┼───────────────┤\n"
            "│ 127.0.0.1:1 │    7 │            12 │\n"
            "└─────────────┴──────┴───────────────┘\n");
}

TEST(PrinterTest, AnUnknownFormatHasNoPrinter) {
  EXPECT_EQ(NewPrinter("xml", false, stdout), nullptr);
}

TEST(HumanBytesTest, CountsInThousandsWithOneDigitBelowTen) {
  EXPECT_EQ(HumanBytes(0), "0 B");
  EXPECT_EQ(HumanBytes(999), "999 B");
  EXPECT_EQ(HumanBytes(1000), "1.0 kB");
  EXPECT_EQ(HumanBytes(9949), "9.9 kB");
  EXPECT_EQ(HumanBytes(20480), "20 kB");
  EXPECT_EQ(HumanBytes(2'147'483'648), "2.1 GB");
}

TEST(JsonStringTest, EscapesAsGoDoes) {
  EXPECT_EQ(JsonString("a\"\\\n\x01<&>\xff\xe2\x80\xa8é"),
            "\"a\\\"\\\\\\n\\u0001\\u003c\\u0026\\u003e\\ufffd\\u2028é\"");
}

}  // namespace
}  // namespace ctl
