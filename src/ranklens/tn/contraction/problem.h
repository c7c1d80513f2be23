#pragma once

#include <filesystem>
#include <map>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "ranklens/tn/contraction/path.h"

namespace ranklens::tn {

/// A path that a file brought, with the costs that it states.
struct StoredPath {
  Path path;
  double log2_size = 0;
  double log10_flops = 0;
};

/// What a problem's file says.
struct Problem {
  Expression expression;
  std::string dtype;                          ///< of the operands, "" where the file is silent
  std::map<std::string, StoredPath> paths;    ///< by what they minimise
  std::map<std::string, std::string> broken;  ///< what is wrong with the other paths, by their name
};

/// The path that the file has under this name; none where it has none. Error where it is broken.
const StoredPath* find_path(const Problem& problem, const std::string& name);

/// Reads a problem of either form: {"format_string", "shapes", and perhaps "dtype" and "paths"}
/// with an equation and row-major shapes, or {"inputs", "output", "size_dict"} with lists of
/// labels, which are strings or integers, and the labels' sizes. `what` names it in messages. Error
/// where it is neither; a path that is none only matters to those who ask for it.
Problem parse_problem(const nlohmann::json& json, const std::string& what);

/// A path of an expression from an object with one of "ssa_path", "linear_path" (lists of numbers)
/// and "edge_path" (a list of labels), as `ranklens path --json` prints. Error, which begins with
/// `what`, where it has none of them, or one that is no path of the expression.
Path parse_path(const Expression& expression, const nlohmann::json& json, const std::string& what);

/// The labels that such an object says are sliced ("sliced", a list of labels), ascending; none
/// where it says nothing. Error for a label that does not exist or is there twice.
Labels parse_sliced(const Expression& expression, const nlohmann::json& json,
                    const std::string& what);

/// parse_problem of a file.
Problem read_problem(const std::filesystem::path& file);

}  // namespace ranklens::tn
