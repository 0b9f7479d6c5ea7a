#pragma once

#include "base/error.hpp"

namespace chatear::postgres {

/// One statement was cancelled (57014): it ran into its time limit, or somebody ended it. It had no
/// effect, and its connection lives. Whoever does not care takes it for what it is, an outage.
class StatementCancelled final : public Unavailable {
public:
    using Unavailable::Unavailable;
};

}  // namespace chatear::postgres
