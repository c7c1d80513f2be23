#pragma once

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ranklens/base/error.h"

namespace ranklens::testing {

/// Expects that `call` throws exactly `Kind` (Error or SystemError) with one line that contains
/// `part`.
template <class Kind = base::Error, class Call>
void expect_error(Call&& call, const std::string& part) {
  try {
    call();
    ADD_FAILURE() << "nothing was thrown; expected: " << part;
  } catch (const base::Error& error) {
    EXPECT_EQ(typeid(error), typeid(Kind)) << error.what();
    EXPECT_THAT(error.what(), ::testing::HasSubstr(part));
    EXPECT_THAT(error.what(), ::testing::Not(::testing::HasSubstr("\n")));
  }
}

/// The message of the base::Error that `call` throws, or "" when it throws none.
template <class Call>
std::string error_of(Call&& call) {
  try {
    call();
  } catch (const base::Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace ranklens::testing
