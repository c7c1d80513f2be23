#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "ranklens/base/spec.h"
#include "ranklens/optim/adam.h"
#include "ranklens/optim/tensor_train/gradients.h"
#include "ranklens/optim/tensor_train/observed_trains.h"
#include "ranklens/optim/tensor_train/sweep_search.h"
#include "ranklens/optim/tensor_train/sweep_window.h"

namespace ranklens::optim {

/// How trains are trained a few cores at a time.
struct SweepOptions {
  enum class Method { dmrg, als };
  Method method = Method::dmrg;
  /// Of dmrg: largest rank that a split leaves. A bond that was above it comes down to it in the
  /// first split that does not raise the loss of its batch.
  std::int64_t bond = 20;
  double cutoff = 1e-4;  ///< of dmrg: share of the squared norm that a split may cut off
  int iterations = 4;    ///< of conjugate gradients at each place
  /// Places of each train that one step takes, one after the other on its batch; 0: as many as
  /// there are, from one end to the other.
  std::int64_t places = 1;
  /// How far one place may move what it holds, as a share of its norm; the schedule's factor
  /// multiplies it. read_sweep_options takes 0.1 for als.
  double reach = 0.3;
  double lr = 1e-3;  ///< of Adam, for all other tensors
};

/// "dmrg", "als".
const std::vector<std::string>& sweep_methods();
SweepOptions read_sweep_options(base::SpecReader& spec);
std::string spec_of(const SweepOptions& options);

/// Sweeps over the trains of a network: two cores at a time whose product is the variable, after
/// which a singular value decomposition finds the rank between them (dmrg: White 1992; for
/// learning, Stoudenmire and Schwab 2016, section 5), or one core at a time at fixed ranks (als:
/// Holtz, Rohwedder and Schneider 2012). All cores outside are orthogonal up to a common factor, so
/// that a distance between variables is one between weights and a truncation is the best one.
///
/// A step works on the batch of its objective. Of each train, in turn, it takes `places` pairs (or
/// cores), makes a few conjugate gradients with line searches there, splits, and moves on by one;
/// at the ends it turns. The next step goes on where this one ended, so that with the default of
/// one place a sweep over d cores takes d - 1 (d) batches. That suits mini-batches: a pair has many
/// numbers, and a whole sweep on one batch would fit that batch; for the same reason a place moves
/// by at most `reach` of its norm. With the whole data in one batch, places=0 and a large reach are
/// the method of the papers.
///
/// No local search raises the loss of the batch. A split by the cutoff may, by little; where `bond`
/// decides, the move is halved until the loss after the split is no higher than before, or the pair
/// stays. All other tensors move by one step of Adam on the gradient at the start. A place
/// takes about `iterations` times a gradient and two losses; the layers before the train are
/// evaluated once for all of them.
class SweepOptimiser final : public Optimiser {
 public:
  explicit SweepOptimiser(SweepOptions options);

  double step(nn::State& state, Objective& objective, double rate = 1) override;
  std::string spec() const override { return spec_of(options_); }
  std::map<std::string, at::Tensor> save() const override;
  void load(const std::map<std::string, at::Tensor>& saved) override;
  /// As of ObservedTrains; of dmrg also "cut/NAME", the largest share of the train's norm that a
  /// split of the last step cut off.
  std::map<std::string, double> observed() const override;

 private:
  /// Where the next step begins.
  struct Position {
    std::int64_t first = 0;
    bool rightward = true;
  };
  struct Visit;

  SweepWindow window_at(const tn::TensorTrain& train, const Position& position) const;
  LocalMinimum search(Visit& visit, const SweepWindow& window, double rate) const;
  WindowSplit split(Visit& visit, const SweepWindow& window, const LocalMinimum& found,
                    const at::Tensor& start, bool rightward) const;
  /// False where the loss was not finite.
  bool take(Visit& visit, Position& position, double rate) const;

  SweepOptions options_;
  Adam dense_;
  std::map<std::string, Position> positions_;
  ObservedTrains observed_;
  std::map<std::string, double> cuts_;
};

}  // namespace ranklens::optim
