#pragma once

#include <cstdint>
#include <string>

#include <ATen/core/Tensor.h>
#include <nlohmann/json_fwd.hpp>

#include "ranklens/optim/dmrg/classifier.h"
#include "ranklens/study/training/trial.h"

/// The sweeps of `mps-mnist`.
namespace ranklens::study::reproductions {

/// What a grey value x becomes: (1, x / 4), (1 - x, x), or (cos(pi x / 2), sin(pi x / 2)). The
/// first two span the same functions, but with x / 4 a product of k pixels costs 4^k in the state's
/// norm, so that gradients find functions of few pixels first.
enum class SiteMap { quarter, linear, cosine };
std::string to_string(SiteMap map);  ///< "1, x/4", "1-x, x", "cos, sin"

struct MpsSweeps {
  std::int64_t bond = 10, sweeps = 3;  ///< largest rank; times forth and back
  SiteMap map = SiteMap::quarter;
  optim::LabelCore label = optim::LabelCore::middle;
  double damping = 0.1;    ///< of the gradients: optim::DmrgOptions
  std::uint64_t seed = 0;  ///< of the start
};

/// Everything that sweeps depend on but the images and the seed, for the settings of an experiment.
nlohmann::json to_json(const MpsSweeps& how);

/// Images [n, 1, h, w] in means of 2x2 pixels, row by row: [n, h w / 4, 2], float32.
at::Tensor site_features(const at::Tensor& images, SiteMap map);

/// Trains by optim::DmrgClassifier on all training images and describes it as study::run() does, an
/// epoch being a sweep. The cores are kept in the folder after each sweep: a run that was killed or
/// interrupted goes on from the last one, to the same end. Null where it was interrupted, which is
/// looked at after each bond. An Error if the memory is not there, or if the folder holds other
/// sweeps.
nlohmann::json run_sweeps(const MpsSweeps& how, const TrialData& data,
                          const Experiment::Work& work);

}  // namespace ranklens::study::reproductions
