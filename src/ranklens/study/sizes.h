#pragma once

#include <string>
#include <vector>

#include "ranklens/study/cell.h"
#include "ranklens/study/statistics.h"

/// What an arm's trained networks hold. Ranks that were found differ from seed to seed, and so does
/// all that follows from them: a value a seed, of the cells that came to something. Tables and
/// claims take their numbers from here.
namespace ranklens::study {

std::vector<SeedValue> parameters_of(const std::vector<Cell>& cells, const std::string& arm);
/// Of one image; nothing of cells of earlier versions.
std::vector<SeedValue> flops_of(const std::vector<Cell>& cells, const std::string& arm);
/// 1 - stored / dense over the weights of linear maps and convolutions, r (m + n) numbers for rank
/// r, without biases and norms. Nothing where a cell of the arm does not know it.
std::vector<SeedValue> saved_of(const std::vector<Cell>& cells, const std::string& arm);
/// How the weights are stored after training, seed by seed: one text where all agree, else that of
/// the first seed, which it names.
std::string storage_of(const std::vector<Cell>& cells, const std::string& arm);

/// 0 for none.
double mean(const std::vector<SeedValue>& values);

}  // namespace ranklens::study
