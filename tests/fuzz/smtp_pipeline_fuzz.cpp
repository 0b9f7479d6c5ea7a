// Contents and a server that answers anything, at any time, in any number: every message ends,
// once; its content cannot be told from the end of it or from another message, leaves only when
// permitted, and is accepted only by a 2xx to the whole of it.
#include "smtp/mail_pipeline.hpp"
#include "smtp/wire_content.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace chatear::smtp;

void check(bool holds) {
    if (!holds) {
        std::abort();
    }
}

void check_canonical(std::string_view content) {
    for (std::size_t at = 0; at < content.size(); ++at) {
        check(content[at] != '\0');
        check(content[at] != '\n' || (at > 0 && content[at - 1] == '\r'));
        check(content[at] != '\r' || content[at + 1] == '\n');
    }
    check(content.empty() || content.ends_with("\r\n"));
}

void check_stuffed(std::string_view canonical) {
    const std::string framed = "\r\n" + dot_stuffed(std::string(canonical)).append(end_of_content);
    check(framed.find("\r\n.\r\n") == framed.size() - 5);
}

class Fuzzed {
public:
    Fuzzed(Conduct conduct, std::string content)
        : content_(std::move(content)), pipeline_(conduct) {}

    /// One step of what may happen at any time.
    void step(std::uint8_t choice) {
        constexpr std::array codes = {250, 354, 421, 450, 503, 550, 502, 220};
        switch (choice % 4) {
            case 0:
                add();
                break;
            case 1:
                write();
                break;
            case 2:
                reply(codes.at((choice / 4) % codes.size()));
                break;
            default:
                ask((choice / 4) % 8 != 0);
                break;
        }
        for (const MailPipeline::Ended& one : ended_) {
            check_end(one);
        }
        ended_.clear();
    }

    void end() {
        for (const MailPipeline::Ended& one : pipeline_.on_connection_lost("gone", true)) {
            check_end(one);
        }
        check(under_way_.empty());
    }

private:
    void add() {
        if (pipeline_.has_room()) {
            const Envelope envelope{"shop@a.test", "ann@b.test", false};
            under_way_.insert(pipeline_.add(envelope, Mail{"", content_}));
        }
    }

    void write() {
        for (const std::string_view piece : pipeline_.take_output({})) {
            check(!piece.empty());
        }
    }

    void reply(int code) {
        const bool to_content = pipeline_.awaited() == Step::content;
        pipeline_.on_reply({code, ""}, ended_);
        for (const MailPipeline::Ended& one : ended_) {
            const bool accepted = one.result.status == SendStatus::accepted;
            check(!accepted || (to_content && code / 100 == 2));
        }
    }

    void ask(bool granted) {
        if (const auto id = pipeline_.next_to_ask()) {
            permitted_ += granted ? 1 : 0;
            pipeline_.on_permission(*id, granted, {}, ended_);
        }
    }

    void check_end(const MailPipeline::Ended& one) {
        check(under_way_.erase(one.id) == 1);
        const bool left = one.result.status == SendStatus::accepted || one.result.content_began ||
                          one.result.status == SendStatus::in_doubt;
        check(!left || permitted_-- > 0);
        check(one.result.status != SendStatus::in_doubt || one.result.content_began);
    }

    std::string content_;
    MailPipeline pipeline_;
    std::set<MailPipeline::Id> under_way_;
    std::vector<MailPipeline::Ended> ended_;
    int permitted_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::size_t most_steps = 64;
    if (size < 2) {
        return 0;
    }
    const bool pipelining = (data[0] & 1) != 0;
    const Conduct conduct{
        .pipelining = pipelining,
        .merging = pipelining && (data[0] & 2) != 0,
        .chunking = pipelining && (data[0] & 4) != 0,
        .chunking_proven = (data[0] & 32) != 0,
        .window = 1U + (data[0] >> 3U) % 4U};
    const std::size_t steps = data[1] % most_steps;
    const std::size_t begin = 2 + std::min(steps, size - 2);
    const std::string_view rest(reinterpret_cast<const char*>(data) + begin, size - begin);
    const std::string content = canonical_content(std::string(rest));
    check_canonical(content);
    check_stuffed(content);
    Fuzzed fuzzed(conduct, content);
    for (std::size_t at = 2; at < begin; ++at) {
        fuzzed.step(data[at]);
    }
    fuzzed.end();
    return 0;
}
