#include "ranklens/study/cell.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "ranklens/base/error.h"
#include "ranklens/base/json_number.h"

namespace ranklens::study {
namespace {

constexpr std::string_view kBetweenValues = " and ";

}  // namespace

std::optional<double> value_of(const Cell& cell, const std::string& key,
                               const std::string& metric) {
  for (const auto* part : {&cell.scores, &cell.agreement}) {
    const auto values = part->find(key);
    if (values == part->end()) continue;
    const auto value = values->second.find(metric);
    if (value != values->second.end()) return value->second;
  }
  return std::nullopt;
}

bool all_failed(const std::vector<Cell>& cells) {
  return !cells.empty() && std::all_of(cells.begin(), cells.end(),
                                       [](const Cell& cell) { return !cell.failure.empty(); });
}

std::vector<std::string> provenance_values(const Cell& cell, const std::string& key) {
  const auto found = cell.provenance.find(key);
  if (found == cell.provenance.end()) return {};
  std::vector<std::string> values;
  std::string_view rest = found->second;
  for (auto end = rest.find(kBetweenValues); end != rest.npos; end = rest.find(kBetweenValues)) {
    values.emplace_back(rest.substr(0, end));
    rest.remove_prefix(end + kBetweenValues.size());
  }
  values.emplace_back(rest);
  return values;
}

std::string joined(const std::vector<std::string>& values) {
  return fmt::format("{}", fmt::join(values, kBetweenValues));
}

std::string provenance(const std::vector<Cell>& cells, const std::string& key) {
  if (cells.empty()) return "";
  const auto found = cells.front().provenance.find(key);
  return found == cells.front().provenance.end() ? "" : found->second;
}

std::string cell_name(const std::string& arm, std::uint64_t seed) {
  return fmt::format("{}-s{}", arm, seed);
}

std::filesystem::path cell_path(const std::filesystem::path& folder, const std::string& arm,
                                std::uint64_t seed) {
  return folder / "cells" / (cell_name(arm, seed) + ".json");
}

nlohmann::json to_json(const Cell& cell) {
  auto history = nlohmann::json::array();
  for (const auto& epoch : cell.history) history.push_back(train::to_json(epoch));
  nlohmann::json object{{"arm", cell.arm},
                        {"seed", cell.seed},
                        {"identity", cell.identity},
                        {"parameters", cell.parameters},
                        {"flops", cell.flops},
                        {"head", cell.head},
                        {"accuracy", cell.accuracy},
                        {"loss", base::number_or_null(cell.loss)},
                        {"history", history},
                        {"scores", cell.scores},
                        {"agreement", cell.agreement},
                        {"blank", cell.blank},
                        {"left_out", cell.left_out},
                        {"seconds", cell.seconds},
                        {"provenance", cell.provenance},
                        {"failure", cell.failure}};
  // Where there is nothing to say, cells are what they were in earlier versions.
  if (cell.dense_weights > 0) {
    object["weights"] = cell.weights;
    object["dense_weights"] = cell.dense_weights;
  }
  if (!cell.recipe.empty()) object["recipe"] = cell.recipe;
  if (cell.rate != 1) object["rate"] = cell.rate;
  return object;
}

Cell read_cell(const nlohmann::json& object, const std::string& where) {
  Cell cell;
  try {
    object.at("arm").get_to(cell.arm);
    object.at("seed").get_to(cell.seed);
    object.at("identity").get_to(cell.identity);
    object.at("parameters").get_to(cell.parameters);
    object.at("head").get_to(cell.head);
    object.at("accuracy").get_to(cell.accuracy);
    cell.loss = base::number_or_nan(object.at("loss"));
    for (const auto& epoch : object.at("history"))
      cell.history.push_back(train::read_metrics(epoch));
    object.at("scores").get_to(cell.scores);
    object.at("agreement").get_to(cell.agreement);
    // Cells of earlier versions lack these.
    if (object.contains("flops")) object.at("flops").get_to(cell.flops);
    if (object.contains("blank")) object.at("blank").get_to(cell.blank);
    if (object.contains("left_out")) object.at("left_out").get_to(cell.left_out);
    cell.weights = object.value("weights", std::int64_t{0});
    cell.dense_weights = object.value("dense_weights", std::int64_t{0});
    cell.recipe = object.value("recipe", std::string());
    cell.rate = object.value("rate", 1.0);
    object.at("seconds").get_to(cell.seconds);
    object.at("provenance").get_to(cell.provenance);
    object.at("failure").get_to(cell.failure);
  } catch (const nlohmann::json::exception& error) {
    base::fail("{} is not a cell of a study: {}", where, error.what());
  }
  return cell;
}

}  // namespace ranklens::study
