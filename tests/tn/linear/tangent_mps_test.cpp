// Parts of tangent vectors from one pass through a matrix product state, against the projection of
// the gradient as a sum of products.
#include "ranklens/tn/linear/tangent_mps.h"

#include <algorithm>
#include <complex>
#include <string>

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "ranklens/base/random.h"
#include "ranklens/base/threads.h"

#include "testing/expect_error.h"

namespace ranklens::tn {
namespace {

struct Classifier {
  TangentSpace space;
  std::vector<CoreForms> forms;
  std::size_t label = 0;

  std::vector<at::Tensor> parts() const {
    std::vector<at::Tensor> zeros;
    for (const auto& core : space.left) zeros.push_back(at::zeros_like(core).requires_grad_());
    return zeros;
  }
};

constexpr std::int64_t kClasses = 3, kFeatures = 2;

Classifier classifier_of(std::size_t sites, std::size_t label, std::int64_t most,
                         at::ScalarType type) {
  base::Stream stream(3, "noise", "tangent-mps");
  TensorTrain train;
  std::int64_t left = 1;
  for (std::size_t k = 0; k <= sites; ++k) {
    const auto middle = k == label ? kClasses : kFeatures;
    const auto right =
        std::min({most, left * middle, std::int64_t{1} << std::min<std::size_t>(sites - k, 10)});
    train.cores.push_back(stream.normal({left, middle, right}).to(type));
    left = right;
  }
  Classifier made{tangent_space(train), {}, label};
  made.space.log_scale = 0;
  made.forms = core_forms(made.space);
  return made;
}

void expect_relative(const at::Tensor& a, const at::Tensor& b, double tolerance,
                     const std::string& what) {
  EXPECT_LE((a - b).abs().max().item<double>(), tolerance * b.abs().max().item<double>()) << what;
}

/// sum_bl dy[b, l] phi_1(x_b) (x) ... (x) e_l (x) ... (x) phi_L(x_b), by which the whole tensor
/// moves the values.
CP whole_gradient(const at::Tensor& features, const at::Tensor& dy, std::size_t label) {
  const auto batch = features.size(0);
  CP terms{.weights = dy.reshape({-1}), .factors = {}};
  auto sites = features.unbind(1);
  for (auto& site : sites) site = site.repeat_interleave(kClasses, 0);
  sites.insert(sites.begin() + static_cast<std::ptrdiff_t>(label),
               at::eye(kClasses, features.options()).repeat({batch, 1}));
  for (const auto& site : sites) terms.factors.push_back(site.t().contiguous());
  return terms;
}

void expect_projection(const Classifier& made, std::int64_t batch, double tolerance,
                       const std::string& what) {
  const auto sites = static_cast<std::int64_t>(made.space.left.size()) - 1;
  base::Stream stream(4, "noise", "tangent-mps");
  const auto type = made.space.left[0].scalar_type();
  const auto phi = stream.normal({batch, sites, kFeatures}).to(type);
  const auto parts = made.parts();
  const auto found = tangent_mps_classifier(phi, made.forms, parts, made.label);
  const auto same = mps_classifier(phi, point(made.space).cores, made.label);
  expect_relative(unscaled(found), unscaled(same), tolerance, what + ": values");
  const auto dy = stream.normal({batch, kClasses}).to(type);
  const auto gradients = torch::autograd::grad({found.value}, parts, {dy});
  const auto tangent = gauged(made.space, gradients);
  const auto scale = at::exp2(-found.exponent).to(at::kDouble);
  const auto expected =
      project(made.space, whole_gradient(phi, (dy * scale.unsqueeze(1)).to(type), made.label));
  // A core that is square has no direction of its own: its part is nothing but rounding.
  const auto difference = tangent + std::complex<double>(-1) * expected;
  EXPECT_LE(norm(difference), tolerance * norm(expected)) << what;
}

TEST(TangentMps, IsTheProjectionWhereverTheLabelStands) {
  for (const std::size_t label : {0U, 1U, 4U, 7U, 8U})
    expect_projection(classifier_of(8, label, 5, at::kDouble), 7, 1e-11,
                      "label at " + std::to_string(label));
}

// More samples than a tile has, more sites than are taken between two rescalings, threads.
TEST(TangentMps, IsTheProjectionOfManySamplesAndSites) {
  const base::ThreadScope threads(2);
  expect_projection(classifier_of(23, 9, 6, at::kDouble), 600, 1e-10, "many");
  expect_projection(classifier_of(23, 9, 6, at::kFloat), 300, 2e-4, "float32");
}

TEST(TangentMps, FormsMakeUpTheTrainAtEveryCentre) {
  const auto made = classifier_of(6, 2, 4, at::kDouble);
  const auto whole = full(point(made.space));
  for (std::size_t centre = 0; centre < made.forms.size(); ++centre) {
    TensorTrain train;
    for (std::size_t k = 0; k < made.forms.size(); ++k) {
      const auto& one = made.forms[k];
      train.cores.push_back(k < centre ? one.left : k > centre ? one.right : one.centre);
    }
    expect_relative(full(train), whole, 1e-13, "centre at " + std::to_string(centre));
  }
}

TEST(TangentMps, RefusesWhatItCannotDo) {
  const auto made = classifier_of(4, 2, 3, at::kDouble);
  const auto parts = made.parts();
  const auto phi = at::ones({2, 4, kFeatures}, at::kDouble);
  testing::expect_error([&] { tangent_mps_classifier(phi, made.forms, parts, 5); },
                        "a core for each");
  const auto y = tangent_mps_classifier(phi, made.forms, parts, 2).value.sum();
  testing::expect_error([&] { torch::autograd::grad({y}, parts, {}, true, true); },
                        "differentiated twice");
}

}  // namespace
}  // namespace ranklens::tn
