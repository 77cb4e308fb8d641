#pragma once

#include <string>
#include <vector>

#include "cli/colors.h"
#include "ctl/command.h"
#include "ctl/doctor_checks.h"

namespace ctl {

// doctor: what is wrong with a cluster, and what to do about it.
Outcome RunDoctor(const Invocation& invocation);

// What it prints, for people and as JSON.
std::string DoctorText(const std::vector<Finding>& findings, const cli::Painter& paint = {});
std::string DoctorJson(const std::vector<Finding>& findings);

}  // namespace ctl
