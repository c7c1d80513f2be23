#include <algorithm>
#include <iterator>
#include <string>

#include <fmt/format.h>

#include "ranklens/tn/contraction/plan.h"
#include "ranklens/tn/contraction/slice.h"

namespace ranklens::tn {
namespace {

constexpr std::size_t kWidest = 60;  // of the equation of a step, in bytes of names

std::string joined_names(const Expression& expression, const Labels& labels) {
  const bool short_names = std::all_of(labels.begin(), labels.end(), [&](Label label) {
    return expression.names[static_cast<std::size_t>(label)].size() == 1;
  });
  std::string text;
  for (const auto label : labels) {
    if (!short_names && !text.empty()) text += ' ';
    text += expression.names[static_cast<std::size_t>(label)];
  }
  return text;
}

/// `result`: the labels of the step's result in the order in which they are wanted.
std::string step_text(const Expression& expression, const Step& step, const Labels& result) {
  auto text = joined_names(expression, step.left_labels) + "," +
              joined_names(expression, step.right_labels) + "->" + joined_names(expression, result);
  if (text.size() <= kWidest) return text;
  return fmt::format("{} and {} labels -> {}", step.left_labels.size(), step.right_labels.size(),
                     step.labels.size());
}

}  // namespace

std::string describe(const Expression& expression, const Plan& plan) {
  std::string text;
  const auto line = [&](const char* name, const std::string& value) {
    text += fmt::format("{:>24}  {}\n", name, value);
  };
  line("tensors", std::to_string(expression.inputs.size()));
  line("labels", std::to_string(expression.sizes.size()));
  line("multiply-adds",
       fmt::format("2^{:.2f} = 10^{:.2f}", plan.cost.log2_flops, plan.cost.log10_flops));
  line("largest result", fmt::format("2^{:.2f} elements", plan.cost.log2_size));
  line("all results", fmt::format("2^{:.2f} elements", plan.cost.log2_write));
  if (!plan.sliced.empty()) {
    line("slices",
         fmt::format("2^{:.2f}, of {}", plan.log2_slices, quoted(expression, plan.sliced)));
  }
  line("found by", fmt::format("{}, {} trees in {:.2f} s", plan.method, plan.trials, plan.seconds));
  if (!plan.sliced.empty()) text += "\nof one slice:";
  text += fmt::format("\n{:>7} {:>7} {:>8}  {:>8} {:>8}  {}\n", "left", "right", "result", "flops",
                      "size", "step");
  // As all else above, of one slice.
  const auto slice = with_fixed(expression, plan.sliced);
  const auto steps = replay(slice, plan.path);
  for (const auto& step : steps) {
    const bool last = &step == &steps.back();
    Labels all;
    std::set_union(step.left_labels.begin(), step.left_labels.end(), step.right_labels.begin(),
                   step.right_labels.end(), std::back_inserter(all));
    text += fmt::format("{:>7} {:>7} {:>8}  {:>8} {:>8}  {}\n", step.left, step.right, step.result,
                        fmt::format("2^{:.2f}", log2_elements(slice, all)),
                        fmt::format("2^{:.2f}", log2_elements(slice, step.labels)),
                        step_text(expression, step, last ? expression.output : step.labels));
  }
  return text;
}

}  // namespace ranklens::tn
