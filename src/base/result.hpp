#pragma once

#include "base/error.hpp"

#include <boost/system/result.hpp>

namespace chatear {

/// A value, or why there is none. Unwrap in plain sight: `if (!r) return r.error();`.
template <typename T>
using Result = boost::system::result<T, Error>;

}  // namespace chatear
