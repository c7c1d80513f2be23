#include "ranklens/report/reproductions/alignment_page.h"

#include <algorithm>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace ranklens::report {
namespace {

using nlohmann::json;
using study::Outcome;
using AlignmentOptions = study::alignment::Options;
using ::testing::HasSubstr;

/// Every task ends aligned as given; squares have lists of leading vectors, too.
study::ExperimentResults made_up_alignments() {
  study::ExperimentResults results;
  for (int seed = 1; seed <= 5; ++seed) {
    const double noise = 1e-4 * seed;
    const auto put = [&](const std::string& task, double all, double leading = -1) {
      json cell{{"steps", {0, 10}},
                {"alignment", {1, all - noise}},
                {"invariance", {1, 0.9}},
                {"loss", {1, 0.1}}};
      if (leading >= 0) cell["leading alignment"] = {1, leading - noise};
      results.cells[fmt::format("{}-s{}", task, seed)] = cell;
    };
    put("autoencoder", 1, 1);
    put("regression", 0.9, 0.8);
    put("regression-low_rank", 0.6, 0.79);
    put("regression-train", 0.88, 0.2);
    put("kronecker", 0.92, 0.9), put("kronecker-train", 0.6, 0.4);
    put("images-squared", 0.99), put("images-logistic", 0.99);
    put("toeplitz", 0.7), put("convolution", 0.5);
  }
  return results;
}

const Verdict& verdict_about(const std::vector<Verdict>& verdicts, const std::string& words) {
  return *std::find_if(verdicts.begin(), verdicts.end(), [&](const Verdict& one) {
    return one.question.find(words) != std::string::npos;
  });
}

TEST(AlignmentPage, ComparesLayersOfLowRankOverAsManyLeadingDirections) {
  const auto data = alignment_page({}, made_up_alignments(), "ranklens reproduce");
  ASSERT_EQ(data.verdicts.size(), 8U);
  const auto& low = verdict_about(data.verdicts, "of low rank").verdict;
  EXPECT_EQ(low.outcome, Outcome::supported);
  EXPECT_NEAR(low.difference.mean, -0.01, 1e-12);  // 0.79 - 0.8, and not 0.6 - 0.9
  const auto& train = verdict_about(data.verdicts, "cut to tensor trains").verdict;
  EXPECT_NEAR(train.difference.mean, -0.02, 1e-12);  // over all: trains are of full rank
  const auto& begun = verdict_about(data.verdicts, "that begin aligned").verdict;
  EXPECT_NEAR(begun.difference.mean, -0.32, 1e-12);
  EXPECT_EQ(begun.outcome, Outcome::contradicted);
  EXPECT_EQ(verdict_about(data.verdicts, "Convolutions").verdict.outcome, Outcome::supported);
  EXPECT_THAT(to_csv(data.tables.at(0)), HasSubstr("of the 3 leading vectors"));
  EXPECT_FALSE(page(data).empty());
}

TEST(AlignmentPage, AReducedRunGivesNoAnswer) {
  AlignmentOptions options;
  options.side = 14;
  for (const auto& one : alignment_page(options, made_up_alignments(), "").verdicts) {
    EXPECT_EQ(one.verdict.outcome, Outcome::undecided);
    EXPECT_THAT(one.verdict.reason, HasSubstr("a reduced run"));
  }
}

}  // namespace
}  // namespace ranklens::report
