#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bench/measurement.h"

namespace bench {

// What one round has measured at one of the two sides.
struct Round {
  Measurement measurement;
  std::optional<double> server_cpu_seconds;  // that the members took for it
};

// Rounds at side A and at side B, as many of each.
struct Comparison {
  std::string command;
  std::vector<std::string> endpoints_a;
  std::vector<std::string> endpoints_b;
  std::vector<Round> a = {};
  std::vector<Round> b = {};
};

// Something that was measured of one series, as the median of the rounds; 0 where it is unknown.
struct Compared {
  std::string series;
  std::string name;  // "requests_per_second", "p50_seconds", "server_cpu_seconds_per_request"
  double a = 0;
  double b = 0;

  // How many times as large B's is; 0 if it cannot be said.
  double Ratio() const { return a > 0 ? b / a : 0; }
};
std::vector<Compared> Compare(const Comparison& comparison);

std::string TextReport(const Comparison& comparison);
std::string JsonReport(const Comparison& comparison);
std::string CsvReport(const Comparison& comparison);

}  // namespace bench
