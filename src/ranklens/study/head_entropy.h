#pragma once

#include <map>
#include <string>

#include "ranklens/nn/network.h"
#include "ranklens/tn/train/tensor_train.h"

namespace ranklens::study {

/// The modes with which a head that is no tensor train is read as one.
struct HeadModes {
  tn::Shape out, in;
};

/// Those of the matched tensor train's head; empty where a network of the zoo has none.
HeadModes head_modes(const nn::Network& matched);

/// Entanglement of the weight "head.weight" read as a tensor train: of its own cores, or of what it
/// stands for with the modes given. "entropy bond 1", ... in nats, and "entropy core 2", ... of
/// each inner core's modes against all others (those of the first and the last core are their
/// bonds'). Nothing where there is no such weight, it does not have these modes, is zero or not
/// finite: what is observed never ends a training.
std::map<std::string, double> head_entropies(const nn::Network& network, const HeadModes& modes);

}  // namespace ranklens::study
