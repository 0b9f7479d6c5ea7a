#pragma once

#include "smtp/classification.hpp"
#include "smtp/reply.hpp"

#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace chatear::smtp::test {

/// A mail server without a network: eats bytes, cut anywhere, and answers, as one of the real ones
/// does (facts of them: docs/smtp.md). It keeps what it has taken.
class SmtpServerModel {
public:
    struct Habits {
        /// Refuses MAIL while a transaction is open; else a second MAIL starts anew.
        bool refuses_nested_mail = true;
        /// 503 to every command that stands behind a content in the same write (Haraka).
        bool refuses_merging = false;
        /// Announces CHUNKING and takes no BDAT, but throws its bytes away.
        bool refuses_chunking = false;
        /// Announces CHUNKING and does not know BDAT: its bytes are commands.
        bool knows_no_chunking = false;
        /// To a chunk that is not the last; any but 250 throws its bytes away.
        int code_to_part = 250;
        /// 354 to DATA although no recipient was taken.
        bool waits_without_recipient = false;
        /// One RSET is free in front of each content that it takes or judges; it hangs up when more
        /// than so many others have come (Exim: 10).
        std::size_t most_resets = 1'000'000;
    };

    struct Taken {
        std::string mail_from;
        std::string rcpt_to;
        std::string content;
    };

    /// Code of its answer to MAIL, RCPT, or a content; 0 = hangs up.
    using Judge = std::function<int(Step step, std::string_view of_whom)>;

    SmtpServerModel(Habits habits, Judge judge) : habits_(habits), judge_(std::move(judge)) {}

    /// What one write of the client brings; answers go to replies().
    void receive(std::string_view bytes) {
        input_ += bytes;
        behind_content_ = false;
        while (!hung_up_ && step()) {
        }
    }

    std::deque<Reply>& replies() { return replies_; }
    const std::vector<Taken>& taken() const { return taken_; }
    bool hung_up() const { return hung_up_; }

private:
    bool step() {
        if (in_data_) {
            return take_data();
        }
        if (chunk_) {
            return take_chunk();
        }
        const std::size_t end = input_.find("\r\n");
        if (end == std::string::npos) {
            return false;
        }
        const std::string line = input_.substr(0, end);
        input_.erase(0, end + 2);
        command(line);
        return true;
    }

    void command(const std::string& line) {
        if (line.starts_with("BDAT ") && !habits_.knows_no_chunking) {
            chunk_ = std::stoul(line.substr(5));
            is_last_ = line.ends_with(" LAST");
            return;
        }
        if (has_parts_ && line != "RSET") {
            answer(503);
            return;
        }
        if (habits_.refuses_merging && behind_content_) {
            answer(503);
            return;
        }
        if (line == "RSET") {
            on_reset();
        } else if (line.starts_with("MAIL FROM:<")) {
            on_mail(line);
        } else if (line.starts_with("RCPT TO:<")) {
            on_rcpt(line);
        } else if (line == "DATA") {
            on_data();
        } else {
            answer(500);
        }
    }

    void on_reset() {
        forget();
        if (!std::exchange(reset_is_free_, false)) {
            ++resets_;
        }
        answer(resets_ > habits_.most_resets ? 554 : 250);
        hung_up_ = resets_ > habits_.most_resets;
    }

    void on_mail(const std::string& line) {
        const std::string who = address(line);
        if (mail_from_ && habits_.refuses_nested_mail) {
            answer(503);
            return;
        }
        const int code = judge_(Step::mail, who);
        if (code / 100 == 2) {
            forget();
            mail_from_ = who;
        }
        answer(code);
    }

    void on_rcpt(const std::string& line) {
        const std::string who = address(line);
        const int code = mail_from_ ? judge_(Step::rcpt, who) : 503;
        if (code / 100 == 2) {
            recipients_.push_back(who);
        }
        answer(code);
    }

    void on_data() {
        if (!mail_from_ || (recipients_.empty() && !habits_.waits_without_recipient)) {
            answer(503);
            return;
        }
        in_data_ = true;
        answer(354);
    }

    bool take_data() {
        const std::string framed = "\r\n" + input_;
        const std::size_t end = framed.find("\r\n.\r\n");
        if (end == std::string::npos) {
            return false;
        }
        std::string content = framed.substr(0, end + 2);
        for (std::size_t dot = 0; (dot = content.find("\r\n.", dot)) != std::string::npos; ++dot) {
            content.erase(dot + 2, 1);
        }
        content.erase(0, 2);
        input_.erase(0, end + 3);
        in_data_ = false;
        finish(content);
        return true;
    }

    bool take_chunk() {
        if (input_.size() < *chunk_) {
            return false;
        }
        const std::string content = input_.substr(0, *chunk_);
        input_.erase(0, *chunk_);
        chunk_.reset();
        if (habits_.refuses_chunking) {
            answer(503);
        } else if (!mail_from_ || recipients_.empty() || (habits_.refuses_merging && behind_content_)) {
            answer(503);
        } else if (is_last_) {
            finish(parts_ + content);
        } else {
            take_part(content);
        }
        return true;
    }

    void take_part(const std::string& content) {
        if (habits_.code_to_part / 100 == 2) {
            parts_ += content;
            has_parts_ = true;
        }
        answer(habits_.code_to_part);
    }

    void finish(const std::string& content) {
        reset_is_free_ = true;
        if (recipients_.empty()) {
            forget();
            answer(250);
            return;
        }
        const int code = judge_(Step::content, recipients_.front());
        if (code / 100 == 2) {
            for (const std::string& recipient : recipients_) {
                taken_.push_back({*mail_from_, recipient, content});
            }
        }
        forget();
        answer(code);
        behind_content_ = true;
    }

    void answer(int code) {
        if (code == 0) {
            hung_up_ = true;
            return;
        }
        replies_.push_back({code, "words"});
        hung_up_ = code == 421;
    }

    void forget() {
        mail_from_.reset();
        recipients_.clear();
        parts_.clear();
        has_parts_ = false;
    }

    static std::string address(const std::string& line) {
        const std::size_t from = line.find('<') + 1;
        return line.substr(from, line.find('>') - from);
    }

    Habits habits_;
    Judge judge_;
    std::string input_;
    std::deque<Reply> replies_;
    std::vector<Taken> taken_;
    std::optional<std::string> mail_from_;
    std::vector<std::string> recipients_;
    bool in_data_ = false;
    std::optional<std::size_t> chunk_;
    bool is_last_ = false;
    std::string parts_;
    bool has_parts_ = false;
    bool behind_content_ = false;
    bool reset_is_free_ = true;
    std::size_t resets_ = 0;
    bool hung_up_ = false;
};

}  // namespace chatear::smtp::test
