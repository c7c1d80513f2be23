#include "ranklens/tn/contraction/plan.h"

#include "ranklens/tn/contraction/greedy.h"
#include "ranklens/tn/contraction/replay.h"

namespace ranklens::tn {

Path quick_path(const Expression& expression) {
  const auto network = network_of(expression);
  Random random(1);
  const auto by_growth = greedy_path(network, {.rule = GreedyRule::growth}, random);
  const auto by_step = greedy_path(network, {.rule = GreedyRule::step}, random);
  return cost_of(expression, by_growth).log2_flops <= cost_of(expression, by_step).log2_flops
             ? by_growth
             : by_step;
}

}  // namespace ranklens::tn
