#include "ranklens/compress/choose.h"

#include "ranklens/compress/allocate.h"
#include "ranklens/compress/measure.h"

namespace ranklens::compress {
namespace {

using Candidates = std::vector<std::vector<Candidate>>;

/// The weights whose chosen form has a guessed error.
std::vector<std::size_t> guesses(const Candidates& candidates,
                                 const std::vector<std::size_t>& chosen) {
  std::vector<std::size_t> weights;
  for (std::size_t k = 0; k < chosen.size(); ++k)
    if (candidates[k][chosen[k]].estimated) weights.push_back(k);
  return weights;
}

}  // namespace

void report_layers(const base::Progress& progress, const char* stage, std::size_t done,
                   std::size_t total) {
  base::report(progress, {.stage = stage,
                          .done = static_cast<double>(done),
                          .total = static_cast<double>(total),
                          .unit = "layers"});
}

std::vector<Candidate> choose(const std::vector<at::Tensor>& weights, double ratio,
                              const base::Progress& progress) {
  Candidates candidates;
  std::int64_t all = 0;
  for (const auto& weight : weights) {
    all += weight.numel();
    candidates.push_back(candidates_for(weight));
    report_layers(progress, "weighing formats", candidates.size(), weights.size());
  }
  const auto budget = static_cast<std::int64_t>(ratio * static_cast<double>(all));
  auto chosen = allocate(candidates, budget);
  for (auto left = guesses(candidates, chosen); !left.empty(); left = guesses(candidates, chosen)) {
    for (std::size_t done = 0; done < left.size(); ++done) {
      const auto k = left[done];
      report_layers(progress, "computing what was chosen", done, left.size());
      measure(weights[k], candidates[k], chosen[k]);
    }
    chosen = allocate(candidates, budget);
  }
  std::vector<Candidate> forms;
  for (std::size_t k = 0; k < chosen.size(); ++k) forms.push_back(candidates[k][chosen[k]]);
  return forms;
}

}  // namespace ranklens::compress
