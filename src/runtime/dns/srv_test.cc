#include "runtime/dns/srv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace runtime::dns {
namespace {

using ::testing::ElementsAre;

void Put16(uint16_t number, std::string* packet) {
  packet->push_back(static_cast<char>(number >> 8));
  packet->push_back(static_cast<char>(number));
}

void PutName(std::string_view name, std::string* packet) {
  while (!name.empty()) {
    const size_t dot = std::min(name.find('.'), name.size());
    packet->push_back(static_cast<char>(dot));
    packet->append(name.substr(0, dot));
    name.remove_prefix(std::min(dot + 1, name.size()));
  }
  packet->push_back('\0');
}

// An answer to the question for "_s._tcp.d".
std::string Answer(const std::vector<SrvRecord>& records) {
  std::string packet;
  for (const uint16_t field : {1, 0x8180, 1, static_cast<int>(records.size()), 0, 0}) {
    Put16(field, &packet);
  }
  PutName("_s._tcp.d", &packet);
  for (const uint16_t field : {33, 1}) Put16(field, &packet);
  for (const SrvRecord& record : records) {
    std::string data;
    for (const uint16_t field : {record.priority, record.weight, record.port}) {
      Put16(field, &data);
    }
    PutName(record.target, &data);
    for (const uint16_t field : {0xc00c, 33, 1, 0, 60, static_cast<int>(data.size())}) {
      Put16(field, &packet);
    }
    packet += data;
  }
  return packet;
}

TEST(SrvTest, RecordsComeInTheOrderOfTheirPrioritiesAndWeights) {
  const SrvRecord a{.target = "a.d", .port = 1, .priority = 10, .weight = 1};
  const SrvRecord b{.target = "b.d", .port = 2, .priority = 10, .weight = 5};
  const SrvRecord c{.target = "c.d", .port = 3, .priority = 1, .weight = 0};
  EXPECT_THAT(*ParseSrvAnswer(Answer({a, b, c})), ElementsAre(c, b, a));
}

// Each would become a part of a URL, among others separated by commas.
TEST(SrvTest, ATargetThatIsNoHostNameIsLeftOut) {
  const SrvRecord good{.target = "a-1_x.d", .port = 1};
  EXPECT_THAT(*ParseSrvAnswer(Answer({{.target = "a,b=http://c", .port = 2},
                                      {.target = "a/b"},
                                      {.target = "a@b"},
                                      {.target = ""},
                                      good})),
              ElementsAre(good));
}

TEST(SrvTest, TooManyRecordsAreNotAllTaken) {
  const std::vector<SrvRecord> many(1000, SrvRecord{.target = "a", .port = 1});
  EXPECT_EQ(ParseSrvAnswer(Answer(many))->size(), kSrvRecordsMax);
}

TEST(SrvTest, BytesThatAreNoAnswerAreRefused) {
  const std::string answer = Answer({{.target = "a.d", .port = 1}});
  for (size_t size = 0; size < answer.size(); ++size) {
    EXPECT_EQ(ParseSrvAnswer(answer.substr(0, size)).status().code(), base::Code::kDataLoss)
        << size;
  }
  EXPECT_EQ(ParseSrvAnswer(answer)->size(), 1u);
}

TEST(SrvTest, AnAnswerWithoutRecordsHasNone) {
  EXPECT_EQ(ParseSrvAnswer(Answer({}))->size(), 0u);
}

}  // namespace
}  // namespace runtime::dns
