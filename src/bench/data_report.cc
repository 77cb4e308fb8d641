#include "bench/data_report.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <vector>

#include "base/float_text.h"
#include "base/go_text.h"
#include "base/json_string.h"
#include "base/status.h"
#include "bench/text_report.h"

namespace bench {
namespace {

constexpr std::array kPercentiles = {50.0, 75.0, 90.0, 95.0, 99.0, 99.9, 99.99, 99.999};

double Seconds(runtime::Duration duration) {
  return std::chrono::duration<double>(duration).count();
}
// As JSON has numbers: none is endless.
std::string Number(double value) {
  return std::isfinite(value) ? base::FormatFloat(value) : "0";
}
std::string Time(runtime::Duration duration) {
  return Number(Seconds(duration));
}
std::string Count(uint64_t count) {
  return std::to_string(count);
}
std::string Bool(bool value) {
  return value ? "true" : "false";
}

// An object of such fields, each "\"name\": value"; or a list.
std::string Block(char open, const std::vector<std::string>& parts, char close,
                  const std::string& indent) {
  if (parts.empty()) return std::string(1, open) + close;
  return std::string(1, open) + "\n" + indent + "  " + base::Join(parts, ",\n" + indent + "  ") +
         "\n" + indent + close;
}
std::string Field(const std::string& name, const std::string& value) {
  return "\"" + name + "\": " + value;
}
std::string Inline(const std::vector<std::string>& fields) {
  return "{" + base::Join(fields, ", ") + "}";
}

std::string Latency(const ctl::Histogram& latencies) {
  std::vector<std::string> percentiles;
  for (const double percent : kPercentiles) {
    percentiles.push_back(Field(base::FormatFloat(percent), Time(latencies.AtPercentile(percent))));
  }
  return Inline(
      {Field("min", Time(latencies.smallest())), Field("mean", Number(latencies.MeanSeconds())),
       Field("stddev", Number(latencies.DeviationSeconds())),
       Field("max", Time(latencies.largest())), Field("percentiles", Inline(percentiles))});
}

std::string Errors(const Results& results, const std::string& indent) {
  std::vector<std::string> errors;
  for (const auto& [error, count] : results.errors) {
    errors.push_back(
        Inline({Field("code", base::JsonString(std::string(base::CodeName(error.code)))),
                Field("text", base::JsonString(error.text)), Field("count", Count(count))}));
  }
  return Block('[', errors, ']', indent);
}

std::string Course(const Timeline& timeline, const std::string& indent) {
  std::vector<std::string> spans;
  for (size_t i = 0; i < timeline.spans().size(); ++i) {
    const ctl::Histogram& span = timeline.spans()[i];
    spans.push_back(
        Inline({Field("at", Time(timeline.span() * i)), Field("requests", Count(span.count())),
                Field("p50", Time(span.AtPercentile(50))),
                Field("p99", Time(span.AtPercentile(99))), Field("max", Time(span.largest()))}));
  }
  return Block('[', spans, ']', indent);
}

std::string SeriesObject(const Series& series) {
  const std::string indent = "    ";
  const std::string inner = indent + "  ";
  return Block('{',
               {Field("name", base::JsonString(series.name)), Field("seconds", Time(series.took)),
                Field("requests", Count(series.results.done())),
                Field("requests_per_second", Number(series.PerSecond())),
                Field("failed", Count(series.results.failed())),
                Field("errors", Errors(series.results, inner)),
                Field("latency_seconds", Latency(series.results.latencies)),
                Field("timeline_span_seconds", Time(series.results.timeline.span())),
                Field("timeline", Course(series.results.timeline, inner))},
               '}', indent);
}

// As CSV has it where it may hold commas or quotes.
std::string Quoted(const std::string& text) {
  std::string out = "\"";
  for (const char character : text) out += character == '"' ? "\"\"" : std::string(1, character);
  return out + "\"";
}

}  // namespace

std::string JsonReport(const Measurement& measurement) {
  std::vector<std::string> endpoints;
  for (const std::string& endpoint : measurement.endpoints) {
    endpoints.push_back(base::JsonString(endpoint));
  }
  std::vector<std::string> series;
  for (const Series& each : measurement.series) series.push_back(SeriesObject(each));
  const bool from_due = measurement.rate > 0 && measurement.from_due;
  return Block(
             '{',
             {Field("command", base::JsonString(measurement.command)),
              Field("endpoints", "[" + base::Join(endpoints, ", ") + "]"),
              Field("conns", Count(measurement.connections)),
              Field("clients", Count(measurement.clients)), Field("rate", Number(measurement.rate)),
              Field("latency_from", from_due ? "\"due\"" : "\"sent\""),
              Field("client_cpu_seconds", Number(measurement.client_cpu_seconds)),
              Field("interrupted", Bool(measurement.cut.interrupted)),
              Field("failure", base::JsonString(measurement.cut.failure)),
              Field("series", Block('[', series, ']', "  "))},
             '}', "") +
         "\n";
}

std::string CsvReport(const Measurement& measurement) {
  std::string out = "series,seconds,requests,requests_per_second,failed,min,mean,stddev,max";
  for (const double percent : kPercentiles) out += ",p" + base::FormatFloat(percent);
  out += "\n";
  for (const Series& series : measurement.series) {
    const ctl::Histogram& latencies = series.results.latencies;
    out += Quoted(series.name) + "," + Time(series.took) + "," + Count(series.results.done()) +
           "," + Number(series.PerSecond()) + "," + Count(series.results.failed()) + "," +
           Time(latencies.smallest()) + "," + Number(latencies.MeanSeconds()) + "," +
           Number(latencies.DeviationSeconds()) + "," + Time(latencies.largest());
    for (const double percent : kPercentiles) out += "," + Time(latencies.AtPercentile(percent));
    out += "\n";
  }
  return out;
}

std::string PerfdashReport(const Series& series) {
  const auto milliseconds = [&series](double percent) {
    constexpr double kMilli = 1e3;
    constexpr double kDigits = 1e4;
    const double value = EtcdPercentile(series.results.latencies, percent) * kMilli;
    return Number(std::round(value * kDigits) / kDigits);
  };
  std::string operation = series.name;
  std::transform(operation.begin(), operation.end(), operation.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::toupper(letter)); });
  const std::string data =
      Block('{',
            {Field("Perc50", milliseconds(50)), Field("Perc90", milliseconds(90)),
             Field("Perc99", milliseconds(99))},
            '}', "      ");
  const std::string labels =
      Block('{', {Field("Operation", base::JsonString(operation))}, '}', "      ");
  const std::string item = Block(
      '{', {Field("data", data), Field("labels", labels), Field("unit", "\"ms\"")}, '}', "    ");
  return Block('{', {Field("version", "\"v1\""), Field("dataItems", Block('[', {item}, ']', "  "))},
               '}', "");
}

}  // namespace bench
