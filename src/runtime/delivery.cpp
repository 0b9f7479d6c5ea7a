#include "runtime/delivery.hpp"

#include <utility>

namespace chatear::runtime {
namespace {

constexpr std::size_t usual_log_fields = 4;

}  // namespace

asio::awaitable<bool> Delivery::begin_content() {
    const std::shared_ptr<State> state = state_;
    const bool allowed = co_await state->judge.begin_content(*state->event, state->claim);
    if (allowed) {
        note_begun(*state);
    }
    co_return allowed;
}

std::optional<bool> Delivery::begin_content_at_once() {
    const std::optional<bool> allowed =
        state_->judge.begin_content_at_once(*state_->event, state_->claim);
    if (allowed.value_or(false)) {
        note_begun(*state_);
    }
    return allowed;
}

void Delivery::note_begun(State& state) {
    ++state.contents;
    state.content_unanswered = true;
    state.content_begun = true;
}

void Delivery::content_answered(bool accepted, std::string_view words) {
    if (std::exchange(state_->content_unanswered, false) && !accepted) {
        --state_->contents;
        state_->content_begun = state_->contents > 0;
    }
    state_->judge.content_answered(state_->claim, accepted, words);
}

void Delivery::log_field(std::string_view name, std::string value) {
    if (state_->log_fields.empty()) {
        state_->log_fields.reserve(usual_log_fields);
    }
    state_->log_fields.emplace_back(name, std::move(value));
}

void Delivery::note(std::string_view column, std::string value) {
    state_->notes.emplace_back(column, std::move(value));
}

}  // namespace chatear::runtime
