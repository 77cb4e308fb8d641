#pragma once

#include <string>
#include <vector>

#include "bench/results.h"
#include "bench/wait.h"
#include "runtime/time.h"

namespace bench {

// What a command has measured of one kind of requests.
struct Series {
  std::string name;  // "put", "txn-mixed-read"
  Results results{};
  runtime::Duration took{};
  // What etcd's benchmark prints around its report.
  std::string before = {};
  std::string after = {};

  double PerSecond() const;
};

// What a command has measured, and over what.
struct Measurement {
  std::string command;
  std::vector<std::string> endpoints = {};
  size_t connections = 0;
  size_t clients = 0;
  double rate = 0;  // 0: closed loop
  bool from_due = true;
  std::string preface = {};  // printed first
  std::vector<Series> series = {};
  std::string appendix = {};      // printed last
  double client_cpu_seconds = 0;  // of this process, while requests were under way
  Cut cut = {};                   // if it has ended before its time

  uint64_t done() const;
  uint64_t failed() const;
};

}  // namespace bench
