#include "ranklens/tn/contraction/problem.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "ranklens/base/error.h"
#include "ranklens/base/json.h"
#include "ranklens/tn/contraction/replay.h"

namespace ranklens::tn {
namespace {

using Json = nlohmann::json;

const Json& json_member(const Json& object, const char* key, Json::value_t type,
                        const std::string& what) {
  const auto at = object.find(key);
  base::require(at != object.end() && at->type() == type, "{} has no {} '{}'", what,
                Json(type).type_name(), key);
  return *at;
}

std::int64_t json_integer(const Json& value, const std::string& what) {
  base::require(value.is_number_integer(), "{} has {} where an integer is needed", what,
                value.dump(-1, ' ', false, Json::error_handler_t::replace));
  base::require(!value.is_number_unsigned() || value.get<std::uint64_t>() <= INT64_MAX,
                "{} has {}, which is too large", what, value.dump());
  return value.get<std::int64_t>();
}

std::vector<std::int64_t> json_integers(const Json& list, const std::string& what) {
  base::require(list.is_array(), "{} has {} where a list of integers is needed", what,
                list.type_name());
  std::vector<std::int64_t> values;
  for (const auto& value : list) values.push_back(json_integer(value, what));
  return values;
}

std::vector<std::string> label_names(const Json& list, const std::string& what) {
  base::require(list.is_array(), "{} has {} where a list of labels is needed", what,
                list.type_name());
  std::vector<std::string> names;
  for (const auto& label : list) {
    names.push_back(label.is_string() ? label.get<std::string>()
                                      : std::to_string(json_integer(label, what)));
  }
  return names;
}

Expression expression_of_lists(const Json& json, const std::string& what) {
  std::vector<std::vector<std::string>> inputs;
  for (const auto& input : json_member(json, "inputs", Json::value_t::array, what)) {
    inputs.push_back(label_names(input, what));
  }
  const auto output = label_names(json_member(json, "output", Json::value_t::array, what), what);
  std::map<std::string, std::int64_t> sizes;
  for (const auto& [name, size] :
       json_member(json, "size_dict", Json::value_t::object, what).items()) {
    sizes[name] = json_integer(size, what);
  }
  return with_sizes(parse_equation(inputs, output), sizes);
}

Expression expression_of_equation(const Json& json, const std::string& what) {
  std::vector<Shape> shapes;
  for (const auto& shape : json_member(json, "shapes", Json::value_t::array, what)) {
    shapes.push_back(json_integers(shape, what));
  }
  const auto& equation = json_member(json, "format_string", Json::value_t::string, what);
  return make_expression(equation.get_ref<const std::string&>(), shapes);
}

Steps json_steps(const Json& list, const std::string& what) {
  Steps steps;
  for (const auto& step : list) steps.push_back(json_integers(step, what));
  return steps;
}

Labels labels_named(const Expression& expression, const Json& list, const std::string& what) {
  Labels labels;
  for (const auto& name : label_names(list, what)) {
    const auto at = std::find(expression.names.begin(), expression.names.end(), name);
    base::require(at != expression.names.end(), "{} names the label '{}', which does not exist",
                  what, name);
    labels.push_back(static_cast<Label>(at - expression.names.begin()));
  }
  return labels;
}

StoredPath stored_path(const Json& json, std::size_t operands, const std::string& what) {
  base::require(json.is_object(), "{} is no object", what);
  const auto steps = json_steps(json_member(json, "path", Json::value_t::array, what), what);
  const auto number = [&](const char* key) {
    const auto at = json.find(key);
    base::require(at == json.end() || at->is_number(), "{} has a '{}' that is no number", what,
                  key);
    return at == json.end() ? 0.0 : at->get<double>();
  };
  return {.path = path_from_linear(operands, steps),
          .log2_size = number("log2_size"),
          .log10_flops = number("log10_flops")};
}

/// What `parse` gives; the place comes before what is wrong.
template <class Parse>
auto naming(const std::string& place, const Parse& parse) {
  try {
    return parse();
  } catch (const base::Error& error) {
    base::fail("{}: {}", place, error.what());
  }
}

void read_paths(const Json& paths, const std::string& what, Problem& problem) {
  for (const auto& [name, json] : paths.items()) {
    try {
      problem.paths[name] = stored_path(json, problem.expression.inputs.size(), "it");
    } catch (const base::Error& error) {
      problem.paths.erase(name);
      problem.broken[name] = fmt::format("{}, path '{}': {}", what, name, error.what());
    }
  }
}

}  // namespace

Problem parse_problem(const Json& json, const std::string& what) {
  base::require(json.is_object() && (json.contains("inputs") || json.contains("format_string")),
                "{} is no contraction problem: it has neither 'inputs' nor 'format_string'", what);
  Problem problem;
  if (json.contains("inputs")) {
    problem.expression = expression_of_lists(json, what);
    return problem;
  }
  problem.expression = expression_of_equation(json, what);
  if (json.contains("dtype"))
    problem.dtype = json_member(json, "dtype", Json::value_t::string, what);
  if (!json.contains("paths")) return problem;
  read_paths(json_member(json, "paths", Json::value_t::object, what), what, problem);
  return problem;
}

const StoredPath* find_path(const Problem& problem, const std::string& name) {
  const auto broken = problem.broken.find(name);
  if (broken != problem.broken.end()) base::fail("{}", broken->second);
  const auto stored = problem.paths.find(name);
  return stored == problem.paths.end() ? nullptr : &stored->second;
}

Path parse_path(const Expression& expression, const Json& json, const std::string& what) {
  const auto operands = expression.inputs.size();
  const auto list = [&](const char* key) -> const Json& {
    return json_member(json, key, Json::value_t::array, what);
  };
  base::require(json.is_object(), "{} is no path: it is no object", what);
  if (json.contains("ssa_path")) {
    const auto steps = json_steps(list("ssa_path"), what);
    return naming(what, [&] { return path_from_ssa(operands, steps); });
  }
  if (json.contains("linear_path")) {
    const auto steps = json_steps(list("linear_path"), what);
    return naming(what, [&] { return path_from_linear(operands, steps); });
  }
  base::require(json.contains("edge_path"),
                "{} is no path: it has neither 'ssa_path' nor 'linear_path' nor 'edge_path'", what);
  const auto order = labels_named(expression, list("edge_path"), what);
  return naming(what, [&] { return path_from_edges(expression, order); });
}

Labels parse_sliced(const Expression& expression, const Json& json, const std::string& what) {
  if (!json.contains("sliced")) return {};
  const auto named = labels_named(expression, json.at("sliced"), what);
  auto sliced = label_set(named);
  base::require(sliced.size() == named.size(), "{} slices a label twice", what);
  return sliced;
}

Problem read_problem(const std::filesystem::path& file) {
  return parse_problem(base::read_json(file), "'" + file.string() + "'");
}

}  // namespace ranklens::tn
