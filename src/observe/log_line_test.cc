#include "observe/log_line.h"

#include <gtest/gtest.h>

#include <limits>

namespace observe {
namespace {

using std::chrono::seconds;

constexpr runtime::WallTime kNoon{1'777'636'800'123'456'789};

std::string Line(std::string_view message, std::initializer_list<Field> fields,
                 LogFormat format = LogFormat::kJson) {
  const LogEntry entry{Level::kWarn, kNoon, seconds(0), {"/src/server/replica.cc", 123},
                       message,      fields};
  return FormatLine(entry, format);
}

// What follows the message in a JSON line.
std::string Fields(std::initializer_list<Field> fields) {
  const std::string line = Line("m", fields);
  return line.substr(line.find("\"msg\":\"m\"") + 9);
}

TEST(LogLineTest, JsonIsTheLineOfEtcd) {
  EXPECT_EQ(Line("hello", {{"key", "value"}}),
            "{\"level\":\"warn\",\"ts\":\"2026-05-01T12:00:00.123456Z\",\"caller\":"
            "\"server/replica.cc:123\",\"msg\":\"hello\",\"key\":\"value\"}");
}

TEST(LogLineTest, ConsoleSeparatesByTabsAndSpacesItsFields) {
  const std::string head = "2026-05-01T12:00:00.123456Z\twarn\tserver/replica.cc:123\thello";
  const std::vector<std::string> list = {"a", "b"};
  EXPECT_EQ(Line("hello", {}, LogFormat::kConsole), head);
  EXPECT_EQ(Line("hello", {{"key", "value"}, {"list", list}}, LogFormat::kConsole),
            head + "\t{\"key\": \"value\", \"list\": [\"a\", \"b\"]}");
}

TEST(LogLineTest, EveryTypeOfFieldHasItsForm) {
  const std::vector<std::string> list = {"x", "y\""};
  const std::vector<std::string> none;
  const std::string text = "owned";
  EXPECT_EQ(Fields({{"i", -5}, {"u", std::numeric_limits<uint64_t>::max()}, {"b", true}}),
            ",\"i\":-5,\"u\":18446744073709551615,\"b\":true}");
  EXPECT_EQ(Fields({{"s", text}, {"l", list}, {"n", none}}),
            ",\"s\":\"owned\",\"l\":[\"x\",\"y\\\"\"],\"n\":[]}");
  EXPECT_EQ(Fields({{"d", std::chrono::milliseconds(1500)}, {"e", std::chrono::microseconds(695)}}),
            ",\"d\":\"1.5s\",\"e\":\"695\u00b5s\"}");
  EXPECT_EQ(Fields({{"f", 0.25}, {"g", 1e21}, {"h", 100.0}}),
            ",\"f\":0.25,\"g\":1000000000000000000000,\"h\":100}");
  EXPECT_EQ(Fields({{"f", -1.0 / 3}, {"g", 9223372036854775808.0}, {"h", 0.0}, {"j", 1e-7}}),
            ",\"f\":-0.3333333333333333,\"g\":9223372036854776000,\"h\":0,\"j\":0.0000001}");
}

TEST(LogLineTest, NumbersThatJsonLacksAreTexts) {
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(
      Fields({{"a", infinity}, {"b", -infinity}, {"c", std::numeric_limits<double>::quiet_NaN()}}),
      ",\"a\":\"+Inf\",\"b\":\"-Inf\",\"c\":\"NaN\"}");
}

TEST(LogLineTest, TheSmallestNumberIsWrittenOut) {
  EXPECT_EQ(Fields({{"a", std::numeric_limits<double>::denorm_min()}}).size(),
            std::string(",\"a\":0.}").size() + 324);
}

TEST(LogLineTest, AnyBytesGiveOneLineOfValidText) {
  EXPECT_EQ(Fields({{"k", std::string_view("\"\\\n\r\t\0\x1f\x7f", 8)}}),
            ",\"k\":\"\\\"\\\\\\n\\r\\t\\u0000\\u001f\x7f\"}");
  EXPECT_EQ(Fields({{"k", "\xff\xc3(\xed\xa0\x80"}}),
            ",\"k\":\"\\ufffd\\ufffd(\\ufffd\\ufffd\\ufffd\"}");
  EXPECT_EQ(Fields({{"k\n", "<\u20ac>"}}), ",\"k\\n\":\"<\u20ac>\"}");
  EXPECT_EQ(Line("a\nb", {}, LogFormat::kConsole).find('\n'), std::string::npos);
}

TEST(LogLineTest, TheCallerIsTheLastFolderAndTheFile) {
  const auto caller = [](const char* file) {
    const LogEntry entry{Level::kInfo, kNoon, seconds(0), {file, 1}, "", {}};
    const std::string line = FormatLine(entry, LogFormat::kConsole);
    return line.substr(line.find("info\t") + 5);
  };
  EXPECT_EQ(caller("/a/b/c.cc"), "b/c.cc:1\t");
  EXPECT_EQ(caller("b/c.cc"), "b/c.cc:1\t");
  EXPECT_EQ(caller("c.cc"), "c.cc:1\t");
  EXPECT_EQ(caller("/c.cc"), "/c.cc:1\t");
}

TEST(LogLineTest, TimestampsHaveMicrosecondsAndTheZone) {
  EXPECT_EQ(FormatTimestamp({0}, seconds(0)), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(FormatTimestamp({-1000}, seconds(0)), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(FormatTimestamp({951'782'400'000'000'000}, seconds(0)), "2000-02-29T00:00:00.000000Z");
  EXPECT_EQ(FormatTimestamp(kNoon, seconds(7200)), "2026-05-01T14:00:00.123456+0200");
  EXPECT_EQ(FormatTimestamp(kNoon, seconds(-12600)), "2026-05-01T08:30:00.123456-0330");
}

}  // namespace
}  // namespace observe
