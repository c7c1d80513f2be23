#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ranklens/base/spec.h"
#include "ranklens/optim/optimiser.h"

namespace ranklens::optim {

/// The optimisers that move a tensor train as the tensor it stands for: the Riemannian ones,
/// "tt_psi" (splitting.h), "tsgo" (turning.h), and "dmrg" and "als" (sweep.h).
const std::vector<std::string>& train_methods();
bool is_train_method(std::string_view name);

/// The one that a spec names; its name must be one of them.
std::unique_ptr<Optimiser> make_train_optimiser(base::SpecReader& spec);

}  // namespace ranklens::optim
