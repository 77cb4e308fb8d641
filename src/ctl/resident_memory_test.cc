#include "ctl/resident_memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace ctl {
namespace {

using ::testing::StartsWith;

TEST(ResidentMemoryTest, ItIsFoundOnAPageOfMetrics) {
  const auto bytes = FindResidentMemory(
      "# HELP process_resident_memory_bytes Resident memory size in bytes.\n"
      "# TYPE process_resident_memory_bytes gauge\n"
      "process_resident_memory_bytes 3.3554432e+07\n"
      "process_virtual_memory_bytes 1\n");
  ASSERT_TRUE(bytes.ok()) << bytes.status().ToString();
  EXPECT_EQ(*bytes, 32 << 20);
}

TEST(ResidentMemoryTest, WhatIsNoneIsToldSo) {
  EXPECT_EQ(FindResidentMemory("# nothing\n").status().message(),
            "could not find: process_resident_memory_bytes");
  EXPECT_EQ(FindResidentMemory("process_resident_memory_bytes many\n").status().message(),
            "parse error: \"many\" is no number");
}

TEST(ResidentMemoryTest, WhoCannotBeAskedIsNamed) {
  const auto bytes = FetchResidentMemory({.endpoints = {"unix:///nothing/there"}});
  ASSERT_FALSE(bytes.ok());
  EXPECT_THAT(std::string(bytes.status().message()), StartsWith("fetch error: "));
  EXPECT_THAT(std::string(bytes.status().message()), ::testing::HasSubstr("/nothing/there"));
}

}  // namespace
}  // namespace ctl
