#pragma once

#include <string>

#include <CLI/App.hpp>

#include "ranklens/tn/contraction/plan.h"
#include "ranklens/tn/contraction/run_bytes.h"

#include "common.h"

namespace ranklens::app {

/// What `path` and `contract` both take for the search.
struct PlanFlags {
  double seconds = 1;
  int trials = 0;
  std::string minimize = "flops";
  std::string method = "auto";
  std::string memory;
};

void add_plan_options(CLI::App& command, PlanFlags& flags);

/// The type of that name. Error where it is none that is contracted.
c10::ScalarType contracted_dtype(const std::string& name);

/// `setting` says what --memory is held against; all threads of the program run.
tn::PlanOptions plan_options(const PlanFlags& flags, const Common& common,
                             const tn::Expression& expression, tn::RunSetting setting);

/// The path, and what it slices, of a file that `ranklens path --out` wrote.
tn::Plan read_plan(const tn::Expression& expression, const std::string& file);

}  // namespace ranklens::app
