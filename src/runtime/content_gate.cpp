#include "runtime/content_gate.hpp"

namespace chatear::runtime {

void ContentGate::renewed(BootTime asked_at) {
    if (!ever_renewed_ || asked_at - renewed_at_ > lease) {
        ++lease_number_;
    }
    ever_renewed_ = true;
    renewed_at_ = asked_at;
}

bool ContentGate::lease_fresh() const {
    return ever_renewed_ && clock_.boot_time() - renewed_at_ <= lease;
}

bool ContentGate::verdicts_flow() const {
    return waiting_.empty() || clock_.boot_time() - *waiting_.begin() < longest_wait;
}

}  // namespace chatear::runtime
