// What the filter of cells refuses, for whoever answers the refused calls to look up.
#pragma once

#include "base/error.hpp"
#include "sandbox/jail_spec.hpp"
#include "sandbox/refusals.hpp"

namespace cellblock::jailer {

base::Result<sandbox::Refusals> cell_refusals(const sandbox::JailSpec& spec);

}  // namespace cellblock::jailer
