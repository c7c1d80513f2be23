#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "ranklens/base/utf8.h"
#include "ranklens/tn/contraction/plan.h"
#include "ranklens/tn/contraction/slices.h"

namespace ranklens::tn {
namespace {

constexpr std::size_t kWidest = 60;  // characters of an equation that is written out

Labels labels_of_both(const Step& step) {
  Labels all;
  std::set_union(step.left_labels.begin(), step.left_labels.end(), step.right_labels.begin(),
                 step.right_labels.end(), std::back_inserter(all));
  return all;
}

/// Writes equations: labels side by side where each name is one character, else with spaces.
class EquationWriter {
 public:
  explicit EquationWriter(const Expression& expression)
      : names_(expression.names),
        spaced_(std::any_of(names_.begin(), names_.end(), [](const std::string& name) {
          return base::count_code_points(name) != 1;
        })) {}

  /// "ab,bc->ac", or nothing where that has more than kWidest characters.
  std::string operator()(const std::vector<const Labels*>& inputs, const Labels& output) const {
    std::string text;
    std::size_t width = 0;
    const auto append = [&](std::string_view more) {
      text += more;
      width += base::count_code_points(more);
      return width <= kWidest;
    };
    const auto append_term = [&](const Labels& labels) {
      for (std::size_t k = 0; k < labels.size(); ++k) {
        if (k > 0 && spaced_ && !append(" ")) return false;
        if (!append(names_[static_cast<std::size_t>(labels[k])])) return false;
      }
      return true;
    };
    for (std::size_t k = 0; k < inputs.size(); ++k) {
      if ((k > 0 && !append(",")) || !append_term(*inputs[k])) return "";
    }
    return append("->") && append_term(output) ? text : "";
  }

 private:
  const std::vector<std::string>& names_;
  bool spaced_;
};

/// What a library for linear algebra calls a step: by which of its labels both tensors have, and
/// which of those stay. (How our kernels compute it is another matter: layout.h.)
std::string routine_of(const Expression& expression, const Step& step) {
  bool batch = false, summed = false, left = false, right = false;
  for (const auto label : labels_of_both(step)) {
    if (expression.sizes[static_cast<std::size_t>(label)] == 1) continue;
    const auto in = [&](const Labels& labels) {
      return std::binary_search(labels.begin(), labels.end(), label);
    };
    const bool both = in(step.left_labels) && in(step.right_labels), stays = in(step.labels);
    // What one tensor alone has and the result lacks is summed over beforehand.
    (both ? (stays ? batch : summed) : (in(step.left_labels) ? left : right)) |= both || stays;
  }
  if (!summed) {
    if (left && right) return batch ? "batched GER" : "GER";
    return left || right ? "scaling" : "by element";
  }
  const std::string name = left && right ? "GEMM" : left || right ? "GEMV" : "DOT";
  return batch ? "batched " + name : name;
}

/// Rows of texts in columns as wide as they need to be; a column is flush left or right.
class TextTable {
 public:
  explicit TextTable(std::string flush) : flush_(std::move(flush)), widths_(flush_.size(), 0) {}

  void add(std::vector<std::string> row) {
    for (std::size_t k = 0; k < row.size(); ++k) {
      widths_[k] = std::max(widths_[k], base::count_code_points(row[k]));
    }
    rows_.push_back(std::move(row));
  }

  std::string text() const {
    std::string text;
    for (const auto& row : rows_) {
      std::string line;
      for (std::size_t k = 0; k < row.size(); ++k) {
        const std::string space(widths_[k] - base::count_code_points(row[k]), ' ');
        line += k > 0 ? "  " : "";
        line += flush_[k] == 'r' ? space + row[k] : row[k] + space;
      }
      text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
    }
    return text;
  }

 private:
  std::string flush_;  // 'l' or 'r' by column
  std::vector<std::size_t> widths_;
  std::vector<std::vector<std::string>> rows_;
};

std::string power_of_two(double log2) { return fmt::format("2^{:.2f}", log2); }

/// The expression without its sliced labels: all that a table of steps is about.
Expression one_slice(const Expression& expression, const Plan& plan) {
  return slice_of(Slices(expression, plan.sliced), expression);
}

/// Tensors that are left, with their labels, in the order in which operands and results came.
class TensorsLeft {
 public:
  explicit TensorsLeft(const Expression& expression) {
    for (const auto& labels : expression.inputs) tensors_.push_back(label_set(labels));
    gone_.assign(tensors_.size(), false);
    count_ = tensors_.size();
  }
  void merge(const Step& step) {
    gone_[static_cast<std::size_t>(step.left)] = gone_[static_cast<std::size_t>(step.right)] = true;
    tensors_.push_back(step.labels);
    gone_.push_back(false);
    --count_;
  }
  std::size_t count() const { return count_; }
  std::vector<const Labels*> terms() const {
    std::vector<const Labels*> terms;
    for (std::size_t k = 0; k < tensors_.size(); ++k) {
      if (!gone_[k]) terms.push_back(&tensors_[k]);
    }
    return terms;
  }

 private:
  std::vector<Labels> tensors_;
  std::vector<bool> gone_;
  std::size_t count_ = 0;
};

std::string table_of_steps(const Expression& expression, const Path& path) {
  TextTable table("rrrrrrlll");
  table.add(
      {"left", "right", "result", "scaling", "flops", "size", "routine", "step", "what is left"});
  const EquationWriter write(expression);
  TensorsLeft left(expression);
  const auto steps = replay(expression, path);
  for (const auto& step : steps) {
    const bool last = &step == &steps.back();
    const auto all = labels_of_both(step);
    auto text =
        write({&step.left_labels, &step.right_labels}, last ? expression.output : step.labels);
    if (text.empty()) {
      text = fmt::format("{} and {} labels -> {}", step.left_labels.size(),
                         step.right_labels.size(), step.labels.size());
    }
    left.merge(step);
    // Each tensor writes a comma, an arrow or a label, so that many are too many at once.
    auto rest = last                     ? write({&expression.output}, expression.output)
                : left.count() > kWidest ? ""
                                         : write(left.terms(), expression.output);
    if (rest.empty()) rest = fmt::format("{} tensors", left.count());
    table.add({std::to_string(step.left), std::to_string(step.right), std::to_string(step.result),
               std::to_string(all.size()), power_of_two(log2_elements(expression, all)),
               power_of_two(log2_elements(expression, step.labels)), routine_of(expression, step),
               std::move(text), std::move(rest)});
  }
  return table.text();
}

/// 2^3.00 = 8, or, of many digits, 2^64.00 = 10^19.27.
std::string readable_power(double log2) {
  constexpr double few_digits = 20;
  if (log2 < few_digits) return fmt::format("{} = {:.4g}", power_of_two(log2), std::exp2(log2));
  return fmt::format("{} = 10^{:.2f}", power_of_two(log2), log2 * std::log10(2.0));
}

std::string heading_of(const Expression& expression, const Plan& plan) {
  std::string text;
  const auto line = [&](const char* name, const std::string& value) {
    text += fmt::format("{:>24}  {}\n", name, value);
  };
  const EquationWriter write(expression);
  std::vector<const Labels*> inputs;
  for (const auto& labels : expression.inputs) inputs.push_back(&labels);
  const auto equation = write(inputs, expression.output);
  const auto naive = naive_cost(expression);
  if (!equation.empty()) line("contraction", equation);
  line("tensors", std::to_string(expression.inputs.size()));
  line("labels", std::to_string(expression.sizes.size()));
  line("scaling", fmt::format("{}, naively {}", scaling_of(expression, plan), naive.scaling));
  line("naive multiply-adds", readable_power(naive.log2_flops));
  line("multiply-adds", readable_power(plan.cost.log2_flops));
  line("speed-up", readable_power(naive.log2_flops - plan.cost.log2_flops));
  line("largest result", readable_power(plan.cost.log2_size) + " elements");
  line("all results", readable_power(plan.cost.log2_write) + " elements");
  if (plan.bytes > 0) line("memory of a run", fmt::format("{:.0f} bytes", plan.bytes));
  if (!plan.sliced.empty()) {
    line("slices", fmt::format("{}, of {}", readable_power(plan.log2_slices),
                               quoted(expression, plan.sliced)));
  }
  line("found by", fmt::format("{}, {} trees in {:.2f} s", plan.method, plan.trials, plan.seconds));
  return text;
}

}  // namespace

std::size_t scaling_of(const Expression& expression, const Plan& plan) {
  const auto slice = one_slice(expression, plan);
  std::size_t most = 0;
  for (const auto& step : replay(slice, plan.path)) {
    most = std::max(most, labels_of_both(step).size());
  }
  return plan.path.empty() ? label_set(slice.inputs.front()).size() : most;
}

std::string describe(const Expression& expression, const Plan& plan) {
  auto text = heading_of(expression, plan) + "\n";
  if (plan.path.empty()) return text;
  if (!plan.sliced.empty()) text += "of one slice:\n";
  return text + table_of_steps(one_slice(expression, plan), plan.path);
}

}  // namespace ranklens::tn
