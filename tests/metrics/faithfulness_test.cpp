#include "ranklens/metrics/faithfulness.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <gtest/gtest.h>

#include "ranklens/base/error.h"

#include "metrics/maps.h"

namespace ranklens::metrics {
namespace {

// Two classes: the sum of w * x over the first channel, and zero.
ScoreFunction linear(const at::Tensor& weights) {
  return [weights](const at::Tensor& images) {
    const at::Tensor sum = (images.select(1, 0) * weights).sum({1, 2});
    return at::stack({sum, at::zeros_like(sum)}, 1);
  };
}

const at::Tensor kImage = map_of({4, 3, 2, 1}, 2).unsqueeze(1);  // [1,1,2,2]
const at::Tensor kTarget = at::zeros({1}, at::kLong);
const ScoreFunction kSum = linear(at::ones({2, 2}, at::kDouble));

TEST(Deletion, CurveOfALinearScore) {
  // The map ranks the pixels 1, 3, 2, 4: logits 10, then less 4, 2, 3, 1.
  const Curve curve = deletion(kSum, kImage, map_of({9, 5, 7, 1}, 2), kTarget,
                               {.score = Score::logit, .pixels_per_step = 1});
  EXPECT_TRUE(curve.scores.equal(map_of({10, 6, 4, 1, 0}, 1).squeeze(0)));
  EXPECT_TRUE(curve.fractions.equal(at::tensor({0.0, 0.25, 0.5, 0.75, 1.0}, at::kDouble)));
  EXPECT_DOUBLE_EQ(value(curve.area), (8 + 5 + 2.5 + 0.5) / 4);
}

TEST(Insertion, RunsTheOtherWay) {
  const Curve curve = insertion(kSum, kImage, map_of({9, 5, 7, 1}, 2), kTarget,
                                {.score = Score::logit, .pixels_per_step = 1});
  EXPECT_TRUE(curve.scores.equal(map_of({0, 4, 6, 9, 10}, 1).squeeze(0)));
}

TEST(Deletion, SoftmaxIsTheProbabilityOfTheTarget) {
  const Curve curve =
      deletion(kSum, kImage, map_of({9, 5, 7, 1}, 2), kTarget, {.pixels_per_step = 2});
  for (const auto& [point, logit] : {std::pair{0, 10.0}, std::pair{1, 4.0}, std::pair{2, 0.0}}) {
    EXPECT_NEAR(value(curve.scores[0], point), 1 / (1 + std::exp(-logit)), 1e-12);
  }
}

TEST(Deletion, TheRightOrderIsTheBestOrder) {
  // For a linear score, ranking by w * x is optimal: no permutation of the ranks does better.
  const at::Tensor weights = map_of({0.5, -1, 2, 0.1}, 2)[0];
  const auto score = linear(weights);
  const CurveOptions options{.score = Score::logit, .pixels_per_step = 1};
  const auto area = [&](const at::Tensor& map) {
    return value(deletion(score, kImage, map, kTarget, options).area);
  };
  const double best = area(kImage.squeeze(1) * weights);
  std::vector<double> ranks{1, 2, 3, 4};
  do {
    EXPECT_GE(area(map_of(ranks, 2)), best - 1e-12);
  } while (std::next_permutation(ranks.begin(), ranks.end()));
}

TEST(Curves, StepsRoundDownAndMayStopEarly) {
  const at::Tensor image = at::ones({1, 1, 5, 5}, at::kDouble);
  const at::Tensor map = numbers({1, 5, 5}, 1);
  const auto score = linear(at::ones({5, 5}, at::kDouble));
  // 25 pixels in 4 steps: 6, 12, 18, 25.
  const Curve four = deletion(score, image, map, kTarget, {.score = Score::logit, .steps = 4});
  EXPECT_TRUE(four.scores.equal(map_of({25, 19, 13, 7, 0}, 1).squeeze(0)));
  EXPECT_NEAR(value(four.area), (6 * 22 + 6 * 16 + 6 * 10 + 7 * 3.5) / 25, 1e-13);
  const Curve even = deletion(score, image, map, kTarget,
                              {.score = Score::logit, .steps = 4, .area = Area::equal_steps});
  EXPECT_NEAR(value(even.area), (22 + 16 + 10 + 3.5) / 4, 1e-13);
  // By default one row's worth of pixels a step; half of 25 pixels is 12.
  const Curve half =
      deletion(score, image, map, kTarget, {.score = Score::logit, .largest_fraction = 0.5});
  EXPECT_TRUE(half.scores.equal(map_of({25, 20, 15, 13}, 1).squeeze(0)));
  EXPECT_NEAR(value(half.area), (5 * 22.5 + 5 * 17.5 + 2 * 14) / 12, 1e-13);
}

TEST(Curves, AllChannelsOfAPixelGoTogether) {
  const at::Tensor image = numbers({1, 3, 2, 2}, 8);
  std::vector<at::Tensor> seen;
  const ScoreFunction spy = [&](const at::Tensor& images) {
    for (std::int64_t i = 0; i < images.size(0); ++i) seen.push_back(images[i].clone());
    return at::zeros({images.size(0), 2}, at::kFloat);
  };
  deletion(spy, image, map_of({1, 2, 4, 3}, 2), kTarget, {.value = 0.5, .pixels_per_step = 1});
  ASSERT_EQ(seen.size(), 5u);
  EXPECT_TRUE(seen[0].equal(image[0]));
  at::Tensor second = image[0].clone();
  second.select(1, 1).select(1, 0).fill_(0.5);  // row 1, column 0 has the largest value
  EXPECT_TRUE(seen[1].equal(second));
  EXPECT_TRUE(seen[4].equal(at::full_like(image[0], 0.5)));
}

TEST(Curves, BatchesDoNotChangeThem) {
  const at::Tensor images = numbers({7, 2, 4, 4}, 2);
  const at::Tensor maps = numbers({7, 4, 4}, 3);
  const at::Tensor targets = at::tensor({0, 1, 0, 1, 1, 0, 0}, at::kLong);
  const auto score = linear(numbers({4, 4}, 4));
  std::int64_t largest = 0;
  const ScoreFunction counting = [&](const at::Tensor& batch) {
    largest = std::max(largest, batch.size(0));
    return score(batch);
  };
  CurveOptions options = curve_preset("paper", Game::insertion);
  const Curve one = insertion(score, images, maps, targets, options);
  options.batch = 3;
  const Curve three = insertion(counting, images, maps, targets, options);
  EXPECT_EQ(largest, 3);
  EXPECT_TRUE(one.scores.allclose(three.scores, 1e-12, 1e-12));
}

TEST(Curves, OneRunServesSeveralScores) {
  const at::Tensor images = numbers({7, 2, 4, 4}, 2);
  const at::Tensor maps = numbers({7, 4, 4}, 3);
  const at::Tensor targets = at::tensor({0, 1, 0, 1, 1, 0, 0}, at::kLong);
  const auto score = linear(numbers({4, 4}, 4));
  for (const Game game : {Game::deletion, Game::insertion}) {
    CurveOptions options = curve_preset("paper", game);
    options.batch = 4;
    const std::array kinds{Score::logit, Score::softmax};
    const auto both = perturbation_curves(game, score, images, maps, targets, options, kinds);
    for (std::size_t k = 0; k < kinds.size(); ++k) {
      options.score = kinds[k];
      const Curve one = perturbation_curve(game, score, images, maps, targets, options);
      EXPECT_TRUE(both[k].scores.equal(one.scores));
      EXPECT_TRUE(both[k].area.equal(one.area));
      EXPECT_TRUE(both[k].fractions.equal(one.fractions));
    }
    EXPECT_FALSE(both[0].area.equal(both[1].area));
  }
}

TEST(Curves, ConstantMapsActAsRandomOnes) {
  // A score of the upper rows only: a row-by-row order would delete them first.
  at::Tensor weights = at::zeros({16, 16}, at::kDouble);
  weights.narrow(0, 0, 8).fill_(1.0 / 128);
  const Curve curve =
      deletion(linear(weights), at::ones({1, 1, 16, 16}, at::kDouble),
               at::zeros({1, 16, 16}, at::kDouble), kTarget, {.score = Score::logit});
  EXPECT_NEAR(value(curve.area), 0.5, 0.05);
}

TEST(Baseline, MeanAndBlurKeepWhatTheyShould) {
  const at::Tensor images = numbers({2, 3, 6, 5}, 7);
  const at::Tensor mean = baseline_images(images, {.baseline = Baseline::mean});
  EXPECT_NEAR(mean[1][2][3][4].item<double>(), images[1][2].mean().item<double>(), 1e-14);
  // A blur keeps constants, also at the edge and where the window is larger than the image.
  const at::Tensor flat = at::full({1, 3, 4, 4}, 0.7, at::kDouble);
  EXPECT_TRUE(baseline_images(flat, {.baseline = Baseline::blur}).allclose(flat, 1e-13));
  // One point becomes the window: exp(-r^2 / (2 sigma^2)) over the sum of 3x3 of them.
  at::Tensor point = at::zeros({1, 1, 7, 7}, at::kDouble);
  point[0][0][3][3] = 1;
  const at::Tensor spread = baseline_images(
      point, {.baseline = Baseline::blur, .blur_window = 3, .blur_sigma = 0.8})[0][0];
  const double e = std::exp(-1 / (2 * 0.64));
  const double sum = (1 + 2 * e) * (1 + 2 * e);
  EXPECT_NEAR(spread[3][3].item<double>(), 1 / sum, 1e-14);
  EXPECT_NEAR(spread[2][3].item<double>(), e / sum, 1e-14);
  EXPECT_NEAR(spread[2][4].item<double>(), e * e / sum, 1e-14);
  EXPECT_EQ(spread[1][3].item<double>(), 0);
}

TEST(Presets, NameWhatTheLibrariesDo) {
  EXPECT_EQ(curve_preset("paper", Game::deletion).baseline, Baseline::value);
  EXPECT_EQ(curve_preset("paper", Game::insertion).baseline, Baseline::blur);
  EXPECT_EQ(curve_preset("xplique", Game::insertion).baseline, Baseline::value);
  EXPECT_EQ(curve_preset("xplique", Game::deletion).steps, 10);
  EXPECT_EQ(curve_preset("torch-cam", Game::deletion).steps, 20);
  EXPECT_THROW(curve_preset("rise", Game::deletion), base::Error);
}

TEST(Curves, BadInputIsRefused) {
  const at::Tensor map = map_of({1, 2, 3, 4}, 2);
  EXPECT_THROW(deletion(kSum, kImage, numbers({1, 3, 2}, 1), kTarget), base::Error);
  EXPECT_THROW(deletion(kSum, kImage, map, at::full({1}, 2, at::kLong)), base::Error);
  EXPECT_THROW(deletion(kSum, kImage, map, at::full({1}, -1, at::kLong)), base::Error);
  EXPECT_THROW(deletion(kSum, kImage, map, at::zeros({2}, at::kLong)), base::Error);
  EXPECT_THROW(deletion(kSum, kImage, map / 0, kTarget), base::Error);
  const ScoreFunction broken = [](const at::Tensor& x) { return at::full({x.size(0), 2}, NAN); };
  EXPECT_THROW(deletion(broken, kImage, map, kTarget), base::Error);
  const ScoreFunction flat = [](const at::Tensor& x) { return at::zeros({x.size(0)}); };
  EXPECT_THROW(deletion(flat, kImage, map, kTarget), base::Error);
}

}  // namespace
}  // namespace ranklens::metrics
