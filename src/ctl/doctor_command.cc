#include "ctl/doctor_command.h"

#include <algorithm>
#include <string>
#include <vector>

#include "ctl/connection.h"
#include "ctl/doctor_checks.h"
#include "ctl/doctor_facts.h"
#include "ctl/json.h"

namespace ctl {
namespace {

cli::Color ColorOf(Finding::Severity severity) {
  switch (severity) {
    case Finding::Severity::kError:
      return cli::Color::kRed;
    case Finding::Severity::kWarning:
      return cli::Color::kYellow;
    case Finding::Severity::kNote:
      break;
  }
  return cli::Color::kDim;
}

}  // namespace

std::string DoctorText(const std::vector<Finding>& findings, const cli::Painter& paint) {
  if (findings.empty()) return paint(cli::Color::kGreen, "nothing is wrong") + "\n";
  std::string text;
  for (const Finding& finding : findings) {
    text += paint(ColorOf(finding.severity), SeverityName(finding.severity) + ":") + " " +
            finding.subject + ": " + finding.what + "\n    " + finding.advice + "\n";
  }
  return text;
}

std::string DoctorJson(const std::vector<Finding>& findings) {
  std::string text = "[";
  for (const Finding& finding : findings) {
    if (text.size() > 1) text += ',';
    text += "{\"severity\":" + JsonString(SeverityName(finding.severity)) +
            ",\"subject\":" + JsonString(finding.subject) +
            ",\"what\":" + JsonString(finding.what) + ",\"advice\":" + JsonString(finding.advice) +
            "}";
  }
  return text + "]\n";
}

Outcome RunDoctor(const Invocation& invocation) {
  if (!invocation.arguments.empty()) {
    return Failed(kExitBadArguments, "doctor command accepts no arguments");
  }
  Globals globals;
  if (Outcome outcome = ReadGlobals(invocation, &globals); !outcome.ok()) return outcome;
  const std::string& format = globals.printer->format();
  if (format != "simple" && format != "json") {
    return Failed(kExitBadFeature, "doctor prints simple and json alone");
  }
  std::vector<std::string> endpoints;
  if (Outcome outcome = ListEndpoints(invocation, globals, &endpoints); !outcome.ok()) {
    return outcome;
  }
  const std::vector<Finding> findings = Diagnose(GatherFacts(globals, endpoints));
  Print(invocation.out,
        format == "json" ? DoctorJson(findings) : DoctorText(findings, globals.printer->paint()));
  const bool is_ill = std::any_of(findings.begin(), findings.end(), [](const Finding& finding) {
    return finding.severity == Finding::Severity::kError;
  });
  return {is_ill ? kExitError : kExitSuccess};
}

}  // namespace ctl
