#pragma once

#include <utility>

namespace chatear {

/// Runs `action` at the end of the scope that it stands in, however that ends.
template <typename Action>
class OnExit {
public:
    explicit OnExit(Action action) : action_(std::move(action)) {}
    ~OnExit() { action_(); }
    OnExit(const OnExit&) = delete;
    OnExit& operator=(const OnExit&) = delete;

private:
    Action action_;
};

}  // namespace chatear
