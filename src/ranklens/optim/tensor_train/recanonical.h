#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ranklens/base/spec.h"
#include "ranklens/optim/adam.h"
#include "ranklens/optim/tensor_train/gradients.h"
#include "ranklens/optim/tensor_train/observed_trains.h"

namespace ranklens::optim {

/// Adam on the cores of trains that are orthogonalised again every so many steps.
struct RecanonicalOptions {
  double lr = 1e-3;
  std::int64_t every = 100;
  double beta1 = 0.9, beta2 = 0.999, eps = 1e-8;
};

inline constexpr std::string_view kRecanonicalAdam = "recanonical_adam";
RecanonicalOptions read_recanonical_options(base::SpecReader& spec);
std::string spec_of(const RecanonicalOptions& options);

/// The control beside the methods that move a train as a whole: Adam on the cores as on any
/// tensors, but before the first step and then every `every` steps the cores are orthogonalised
/// towards the middle one, with the norm shared by all: the same network in another gauge.
///
/// First moments, which are means of gradients, are carried through the change of gauge exactly.
/// Second moments are no tensors and begin anew; the first square that they then hold is that of
/// the carried mean, since a mean over the root of a single other gradient could be a step of any
/// length. All other tensors move by plain Adam.
class RecanonicalAdam final : public Optimiser {
 public:
  explicit RecanonicalAdam(RecanonicalOptions options);

  double step(nn::State& state, Objective& objective, double rate = 1) override;
  std::string spec() const override { return spec_of(options_); }
  std::map<std::string, at::Tensor> save() const override;
  void load(const std::map<std::string, at::Tensor>& saved) override;
  /// As of ObservedTrains: "drift/NAME" grows until the cores are orthogonalised again.
  std::map<std::string, double> observed() const override { return observed_.numbers(); }

 private:
  /// Of a train: moments of each core, [r, n, r'].
  struct Moments {
    std::vector<at::Tensor> first, second;
    std::int64_t steps = 0;    ///< made so far: gradients that the first moments have seen
    std::int64_t squares = 0;  ///< that the second have
  };

  /// In a fresh gauge, cores and moments.
  void recanonicalise(TrainLayer& layer, Moments& moments) const;
  void update(std::vector<at::Tensor>& cores, const std::vector<at::Tensor>& gradients,
              Moments& moments, double rate) const;
  static void load_quantity(Moments& moments, const std::string& quantity, const at::Tensor& tensor,
                            const std::string& full);

  RecanonicalOptions options_;
  Adam dense_;
  std::map<std::string, Moments> memories_;
  ObservedTrains observed_;
};

}  // namespace ranklens::optim
