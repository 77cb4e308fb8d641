#include "ctl/printer.h"

#include <gtest/gtest.h>

#include <functional>

#include "base/testing/golden.h"
#include "ctl/rows.h"
#include "ctl/testing/captured.h"

namespace ctl {
namespace {

// What a printer writes.
std::string Printed(const std::string& format, bool hex,
                    const std::function<Outcome(Printer&)>& print) {
  testing::Captured out;
  ::testing::internal::CaptureStderr();
  const Outcome outcome = print(*NewPrinter(format, hex, out.file()));
  const std::string complaints = ::testing::internal::GetCapturedStderr();
  return (outcome.ok() ? out.text() : outcome.error) +
         (complaints.empty() ? "" : "to standard error: " + complaints);
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

TEST(PrinterTest, WhatCannotBeWrittenEndsTheCommand) {
  std::FILE* const full = std::fopen("/dev/full", "w");
  ASSERT_NE(full, nullptr);
  for (const char* format : {"simple", "fields", "json", "protobuf"}) {
    const Outcome outcome = NewPrinter(format, /*hex=*/false, full)->Txn(Txn());
    EXPECT_EQ(outcome.exit_code, kExitError);
    EXPECT_EQ(outcome.error, "write /dev/stdout: no space left on device");
  }
  std::fclose(full);
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

constexpr etcd::ResponseHeader kHeader = {10, 11, 12, 13};

etcd::KeyValue Pair(const std::string& key) {
  return {key, 21, 22, 23, "value\x01", 24};
}

etcd::StatusResponse EverythingOfAStatus() {
  etcd::StatusResponse status;
  status.header = kHeader;
  status.version = "3.7.1";
  status.db_size = 20'480;
  status.db_size_in_use = 10'240;
  status.db_size_quota = 2'147'483'648;
  status.storage_version = "3.7.0";
  status.leader = 11;
  status.raft_index = 31;
  status.raft_term = 32;
  status.raft_applied_index = 33;
  status.errors = {"one", "two"};
  status.is_learner = true;
  status.has_downgrade_info = true;
  status.downgrade_enabled = true;
  status.downgrade_target_version = "3.6.0";
  return status;
}

using Answer = std::pair<std::string, std::function<Outcome(Printer&)>>;

std::vector<Answer> LeaseAnswers() {
  return {{"lease granted",
           [](Printer& to) {
             return to.LeaseGrant({kHeader, 0x7f, 60});
           }},
          {"lease revoked", [](Printer& to) { return to.LeaseRevoke(-2, {kHeader}); }},
          {"lease renewed",
           [](Printer& to) {
             return to.LeaseKeepAlive({kHeader, 0x7f, 60});
           }},
          {"lease's time",
           [](Printer& to) {
             return to.LeaseTimeToLive({kHeader, 0x7f, 59, 60, {}}, /*keys=*/false);
           }},
          {"lease's time and keys",
           [](Printer& to) {
             return to.LeaseTimeToLive({kHeader, 0x7f, 59, 60, {"a", "b\x01"}}, /*keys=*/true);
           }},
          {"lease that is gone",
           [](Printer& to) {
             return to.LeaseTimeToLive({kHeader, 0x7f, -1, 0, {}}, /*keys=*/true);
           }},
          {"leases",
           [](Printer& to) {
             return to.LeaseList({kHeader, {0x7f, 8}});
           }},
          {"no leases", [](Printer& to) {
             return to.LeaseList({kHeader, {}});
           }}};
}

std::vector<Answer> AuthAnswers() {
  using Type = etcd::PermissionType;
  const etcd::RoleGetResponse role{kHeader,
                                   {{Type::kRead, "a", ""},
                                    {Type::kWrite, "b\x01", "c"},
                                    {Type::kReadWrite, "d", "e"},
                                    {Type::kReadWrite, "f", std::string(1, 0)}}};
  return {{"status of auth",
           [](Printer& to) {
             return to.AuthStatus({kHeader, true, 14});
           }},
          {"auth is off",
           [](Printer& to) {
             return to.AuthStatus({kHeader, false, 1});
           }},
          {"user",
           [](Printer& to) {
             return to.UserGet("u", {kHeader, {"r", "s\x01"}});
           }},
          {"user without roles",
           [](Printer& to) {
             return to.UserGet("u", {kHeader, {}});
           }},
          {"users",
           [](Printer& to) {
             return to.UserList({kHeader, {"u", "v\x01"}});
           }},
          {"role", [=](Printer& to) { return to.RoleGet("r", role); }},
          {"role root",
           [](Printer& to) {
             return to.RoleGet("root", {kHeader, {{Type::kReadWrite, "", std::string(1, 0)}}});
           }},
          {"role root without permissions",
           [](Printer& to) {
             return to.RoleGet("root", {kHeader, {}});
           }},
          {"role without permissions",
           [](Printer& to) {
             return to.RoleGet("r", {kHeader, {}});
           }},
          {"roles",
           [](Printer& to) {
             return to.RoleList({kHeader, {"r", "s\x01"}});
           }},
          {"no roles",
           [](Printer& to) {
             return to.RoleList({kHeader, {}});
           }},
          {"role added", [](Printer& to) { return to.AuthChange("Role r created", {kHeader}); }}};
}

std::vector<Answer> AdmissionAnswers() {
  const etcd::AdmissionRuleListResponse rules{
      kHeader,
      {{"a", "ann", "", 100, 0, {}, 10},
       {"b", "", "p/\x01", 0, 1'000'000, std::chrono::milliseconds(1500), 0}}};
  return {{"rules", [=](Printer& to) { return to.AdmissionRuleList(rules); }},
          {"no rules",
           [](Printer& to) {
             return to.AdmissionRuleList({kHeader, {}});
           }},
          {"rule set",
           [](Printer& to) { return to.AdmissionChange("Admission rule a set", {kHeader}); }}};
}

std::vector<Answer> UsageAnswers() {
  const etcd::UsageResponse usage{kHeader,
                                  {{"a/", 2, 1000, 5}, {"b\x01", 1, 10, 1}, {"", 3, 9, 3}}};
  return {{"usage", [=](Printer& to) { return to.Usage(usage); }},
          {"usage of nothing", [](Printer& to) {
             return to.Usage({kHeader, {}});
           }}};
}

// What a watch tells, and its ends.
std::vector<Answer> AnswersOfWatches() {
  using Type = etcd::Event::Type;
  const WatchShown events{kHeader,
                          {{Type::kPut, Pair("a"), {}}, {Type::kDelete, Pair("b"), Pair("b")}}};
  const WatchShown compacted{.header = kHeader, .compact_revision = 7, .canceled = true};
  return {{"events", [=](Printer& to) { return to.Watch(events); }},
          {"watch compacted", [=](Printer& to) { return to.Watch(compacted); }},
          {"watch refused", [](Printer& to) { return to.Watch({.canceled = true}); }}};
}

// Every other kind of answer, once with everything in it and once with little.
std::vector<Answer> Answers() {
  const etcd::GetResponse get{kHeader, {Pair("a"), Pair("b")}, true, 3};
  const etcd::PutResponse put{kHeader, Pair("a")};
  const etcd::DeleteResponse deletion{kHeader, 2, {Pair("a"), Pair("b")}};
  etcd::TxnResponse txn{kHeader, false, {}};
  for (const auto& op : {etcd::OpResponse{get}, {put}, {deletion}, {Txn()}}) {
    txn.responses.push_back(op);
  }
  const etcd::MemberListResponse members{
      kHeader,
      {{171, "name", {"http://p:1", "http://p:2"}, {"http://c:1", "http://c:2"}, false},
       {172, "", {"http://p:3"}, {}, true}}};
  const etcd::AlarmResponse alarms{kHeader,
                                   {{171, etcd::AlarmType::kNoSpace},
                                    {172, etcd::AlarmType::kCorrupt},
                                    {173, etcd::AlarmType::kNone},
                                    {0, etcd::AlarmType::kCorrupt}}};
  const std::vector<EndpointHealth> health = {{"e:1", true, "1ms", ""},
                                              {"e:2", false, "2ms", "broken"}};
  const std::vector<EndpointStatus> status = {{"e:1", EverythingOfAStatus()}, {"e:2", {}}};
  const std::vector<EndpointHashKv> hashes = {{"e:1", {kHeader, 41, 42, 43}}, {"e:2", {}}};
  return {{"get", [=](Printer& to) { return to.Get(get); }},
          {"get nothing", [=](Printer& to) { return to.Get({}); }},
          {"get values alone",
           [=](Printer& to) {
             to.ShowOnlyValues();
             return to.Get(get);
           }},
          {"put", [=](Printer& to) { return to.Put(put); }},
          {"put anew",
           [=](Printer& to) {
             return to.Put({kHeader, {}});
           }},
          {"delete", [=](Printer& to) { return to.Delete(deletion); }},
          {"delete nothing", [=](Printer& to) { return to.Delete({}); }},
          {"txn", [=](Printer& to) { return to.Txn(txn); }},
          {"txn that succeeded", [=](Printer& to) { return to.Txn(Txn()); }},
          {"members", [=](Printer& to) { return to.MemberList(members); }},
          {"no members", [=](Printer& to) { return to.MemberList({}); }},
          {"member added",
           [=](Printer& to) {
             return to.MemberAdd({kHeader, members.members[0], members.members});
           }},
          {"learner added",
           [=](Printer& to) {
             return to.MemberAdd({kHeader, members.members[1], members.members});
           }},
          {"member removed",
           [=](Printer& to) {
             return to.MemberChange(Printer::Change::kRemoved, 171, {kHeader, members.members});
           }},
          {"member updated",
           [=](Printer& to) {
             return to.MemberChange(Printer::Change::kUpdated, 171, {kHeader, {}});
           }},
          {"member promoted",
           [=](Printer& to) {
             return to.MemberChange(Printer::Change::kPromoted, ~uint64_t{0}, {kHeader, {}});
           }},
          {"leader moved", [](Printer& to) { return to.MoveLeader(171, 172, {}); }},
          {"downgraded",
           [](Printer& to) {
             return to.Downgrade(etcd::DowngradeAction::kEnable, {kHeader, "3.7"});
           }},
          {"alarms", [=](Printer& to) { return to.Alarm(alarms); }},
          {"health", [=](Printer& to) { return to.Health(health); }},
          {"no health", [=](Printer& to) { return to.Health({}); }},
          {"status", [=](Printer& to) { return to.Status(status); }},
          {"hashes", [=](Printer& to) { return to.HashKv(hashes); }}};
}

std::string Hexadecimal(const std::string& bytes) {
  std::string text;
  char digits[3];
  for (const unsigned char byte : bytes) {
    std::snprintf(digits, sizeof digits, "%02x", byte);
    text += digits;
  }
  return text + "\n";
}

TEST(PrinterTest, EveryAnswerInEveryFormatIsAsItWasRecorded) {
  std::string text;
  std::vector<Answer> answers = Answers();
  for (Answer& answer : LeaseAnswers()) answers.push_back(std::move(answer));
  for (Answer& answer : AuthAnswers()) answers.push_back(std::move(answer));
  for (Answer& answer : AdmissionAnswers()) answers.push_back(std::move(answer));
  for (Answer& answer : UsageAnswers()) answers.push_back(std::move(answer));
  for (Answer& answer : AnswersOfWatches()) answers.push_back(std::move(answer));
  for (const bool hex : {false, true}) {
    for (const char* const format : {"simple", "fields", "json", "protobuf", "table"}) {
      for (const auto& [name, print] : answers) {
        text += "===== " + name + ", " + format + (hex ? ", --hex" : "") + "\n";
        const std::string printed = Printed(format, hex, print);
        const bool is_text = std::string_view(format) != "protobuf";
        text += is_text ? printed : Hexadecimal(printed);
      }
    }
  }
  base::testing::ExpectGolden("src/ctl/testdata/printers.txt", text);
}

}  // namespace
}  // namespace ctl
