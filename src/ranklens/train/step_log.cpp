#include "ranklens/train/step_log.h"

#include <sstream>

#include <nlohmann/json.hpp>

#include "ranklens/base/files.h"
#include "ranklens/base/json_number.h"
#include "ranklens/train/observed.h"

namespace ranklens::train {
namespace {

using nlohmann::json;

/// Whether it is a whole line of one of the first `steps`.
bool is_of_first(const std::string& line, std::int64_t steps) {
  const auto parsed = json::parse(line, nullptr, false);
  if (!parsed.is_object() || !parsed.contains("step")) return false;
  const auto& step = parsed.at("step");
  return step.is_number_integer() && step.get<std::int64_t>() <= steps;
}

}  // namespace

StepLog::StepLog(std::filesystem::path folder, std::int64_t every)
    : path_(folder.empty() ? std::move(folder) : folder / "steps.jsonl"), every_(every) {}

bool StepLog::wants(std::int64_t step) const {
  return !path_.empty() && every_ > 0 && step % every_ == 0;
}

void StepLog::add(std::int64_t step, double loss, const std::map<std::string, double>& observed) {
  if (!wants(step) || observed.empty()) return;
  json numbers = json::object();
  for (const auto& [name, value] : summarised(observed))
    numbers[name] = base::number_or_null(value);
  waiting_ +=
      json{{"step", step}, {"loss", base::number_or_null(loss)}, {"observed", numbers}}.dump();
  waiting_ += '\n';
}

void StepLog::write() {
  if (waiting_.empty()) return;
  base::append_to_file(path_, waiting_);
  waiting_.clear();
}

void StepLog::resume(std::int64_t steps) const {
  if (path_.empty() || !std::filesystem::exists(path_)) return;
  std::istringstream lines(base::read_file(path_));
  std::string kept;
  for (std::string line; std::getline(lines, line);) {
    if (is_of_first(line, steps)) kept += line + '\n';
  }
  base::write_file(path_, kept);
}

}  // namespace ranklens::train
