#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "ranklens/study/statistics.h"

/// The one way from a table to a verdict.
namespace ranklens::study {

enum class Outcome { supported, contradicted, undecided };

enum class Relation {
  greater,  ///< first - second > threshold
  less,     ///< first - second < threshold
  within    ///< |first - second| < threshold: the arms are matched
};

/// A claim about the difference of two arms in one number. "Accuracy is kept" is
/// {.relation = greater, .threshold = -margin}.
struct Claim {
  std::string text;           ///< the sentence that is judged
  std::string unit{};         ///< of the number, for sentences: "percentage points"; may be empty
  std::string each = "seed";  ///< what there is one pair of numbers of: "repeat" of timings
  Relation relation = Relation::greater;
  double threshold = 0;
  double level = 0.95;
  /// With fewer seeds the verdict is `undecided`, whatever the interval says, and the interval's
  /// own answer is given as the tendency.
  std::int64_t needed_seeds = 5;
  /// Whether the claim is about accuracy (or loss) at convergence: such a claim is undecided where
  /// fewer epochs were trained than the full recipe has.
  bool at_convergence = false;
};

struct Verdict {
  Outcome outcome = Outcome::undecided;
  /// What the intervals alone say, the controls' among them; differs from `outcome` only where a
  /// rule forbids an answer (too few seeds, reduced epochs). The page shows it as "preliminary".
  Outcome tendency = Outcome::undecided;
  bool preliminary() const { return outcome != tendency; }
  Summary difference{};  ///< first - second over the seeds; count 0 if there was nothing to judge
  double effect = 0;     ///< study::effect_size
  std::string reason{};  ///< one sentence: seeds, difference, interval, and what decided
};

/// Supported if the whole interval of the paired differences satisfies the claim, contradicted if
/// the whole interval violates it, else undecided. Undecided with a reason, never an error: no
/// pair, one seed, a value that is not finite, a seed that was lost (what is left is what went
/// well). Errors: a level outside (0, 1), lists of different
/// length.
///
/// `controls`: what the first arm's own number must beat before more of it counts as better, in
/// pairs of that number and the control's; `first` and `second` are plural nouns of a sentence
/// ("the Grad-CAM maps of tt", "random maps"). A claim that would be supported is undecided unless
/// the interval of each pair's difference lies above 0 (below it for Relation::less); a control
/// without a value was not beaten. The other outcomes do not ask for them.
Verdict judge(const Claim& claim, const PairedSamples& samples,
              std::span<const PairedSamples> controls = {});

/// Whether the arms' accuracies agree: supported if the interval of their difference lies within
/// -+margin (in percentage points, as the values), contradicted if it lies outside, else undecided
/// ("not shown").
Verdict accuracy_matched(const PairedSamples& accuracies, double margin);

std::string_view to_string(Outcome outcome);

}  // namespace ranklens::study
