#include "sink/session.hpp"

#include <charconv>

namespace chatear::bench {
namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::string_view content_end = "\r\n.\r\n";

/// Whether the line begins with `word` (in capitals), in any case, and a space or nothing behind
/// it.
bool is_command(std::string_view line, std::string_view word) {
    if (line.size() < word.size() || (line.size() > word.size() && line[word.size()] != ' ')) {
        return false;
    }
    for (std::size_t i = 0; i < word.size(); ++i) {
        const char upper =
            line[i] >= 'a' && line[i] <= 'z' ? static_cast<char>(line[i] - 32) : line[i];
        if (upper != word[i]) {
            return false;
        }
    }
    return true;
}

std::string_view address_in(std::string_view line) {
    const std::size_t begin = line.find('<');
    const std::size_t end = line.find('>');
    if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) {
        return {};
    }
    return line.substr(begin + 1, end - begin - 1);
}

/// Appends `content` without the dots that the client doubled (RFC 5321, 4.5.2).
void remove_dots(std::string_view content, std::string& to) {
    std::size_t begin = content.starts_with('.') ? 1 : 0;
    while (begin < content.size()) {
        const std::size_t found = content.find("\r\n.", begin);
        const std::size_t end = found == std::string_view::npos ? content.size() : found + 2;
        to.append(content.substr(begin, end - begin));
        begin = found == std::string_view::npos ? end : end + 1;
    }
}

}  // namespace

std::size_t Session::take(std::string_view input, std::string& output) {
    std::size_t taken = 0;
    while (state_ != State::finished && taken < input.size()) {
        const std::string_view rest = input.substr(taken);
        std::size_t used = 0;
        if (state_ == State::command) {
            used = take_command(rest, output);
        } else if (state_ == State::content) {
            used = take_content(rest, output);
        } else {
            used = take_chunk(rest, output);
        }
        if (used == 0) {
            break;
        }
        taken += used;
    }
    return taken;
}

std::size_t Session::take_command(std::string_view input, std::string& output) {
    const std::size_t end = input.find(line_end);
    if (end == std::string_view::npos || end + 2 > max_line_bytes) {
        if (input.size() >= max_line_bytes) {
            hang_up("500 5.5.2 the line is too long\r\n", output);
        }
        return 0;
    }
    const std::string_view line = input.substr(0, end);
    const std::size_t used = end + line_end.size();
    const bool ends_group = input.size() == used;
    if (is_command(line, "MAIL")) {
        mail(output);
    } else if (is_command(line, "RCPT")) {
        recipient(line, output);
    } else if (is_command(line, "BDAT") && options_.chunking) {
        chunk(line, output);
    } else if (is_command(line, "DATA")) {
        if (transaction_ != Transaction::recipient) {
            refuse("503 5.5.1 no valid recipients\r\n", output);
        } else if (!ends_group) {
            hang_up("554 5.5.0 content before the reply to DATA\r\n", output);
        } else {
            state_ = State::content;
            scanned_ = 0;
            output += "354 end data with <CR><LF>.<CR><LF>\r\n";
        }
    } else if (is_command(line, "RSET")) {
        reset();
        output += "250 2.0.0 ok\r\n";
    } else if (is_command(line, "EHLO") || is_command(line, "HELO")) {
        if (!ends_group) {
            hang_up("554 5.5.0 commands before the reply to EHLO\r\n", output);
            return used;
        }
        reset();
        output += "250-bench-sink\r\n250-SIZE 67108864\r\n250-8BITMIME\r\n";
        output += options_.pipelining ? "250-PIPELINING\r\n" : "";
        output += options_.chunking ? "250-CHUNKING\r\n" : "";
        output += "250 ENHANCEDSTATUSCODES\r\n";
    } else if (is_command(line, "NOOP")) {
        output += "250 2.0.0 ok\r\n";
    } else if (is_command(line, "QUIT")) {
        output += "221 2.0.0 bye\r\n";
        state_ = State::finished;
    } else {
        refuse("502 5.5.2 not a command of this server\r\n", output);
    }
    return used;
}

void Session::mail(std::string& output) {
    if (transaction_ != Transaction::none) {
        refuse("503 5.5.1 nested MAIL command\r\n", output);
        return;
    }
    transaction_ = Transaction::mail;
    output += "250 2.1.0 ok\r\n";
}

void Session::recipient(std::string_view line, std::string& output) {
    if (transaction_ != Transaction::mail && transaction_ != Transaction::recipient) {
        refuse("503 5.5.1 need MAIL command\r\n", output);
        return;
    }
    const std::string_view address = address_in(line);
    if (address.empty()) {
        refuse("501 5.1.3 no address\r\n", output);
        return;
    }
    if (transaction_ == Transaction::mail) {
        recipient_.assign(address);
    }
    transaction_ = Transaction::recipient;
    output += "250 2.1.5 ok\r\n";
}

void Session::chunk(std::string_view line, std::string& output) {
    const char* const end = line.data() + line.size();
    chunk_bytes_ = 0;
    const auto [stopped, error] = std::from_chars(line.data() + 5, end, chunk_bytes_);
    const std::string_view more(stopped, static_cast<std::size_t>(end - stopped));
    chunk_is_last_ = more.size() == 5 && more.front() == ' ' && is_command(more.substr(1), "LAST");
    if (line.size() < 6 || error != std::errc() || (!more.empty() && !chunk_is_last_)) {
        hang_up("521 5.5.4 a BDAT command that cannot be followed\r\n", output);  // Nor what comes.
        return;
    }
    if (chunk_bytes_ + collected_.size() > max_message_bytes) {
        hang_up("552 5.3.4 too large\r\n", output);
        return;
    }
    chunk_is_refused_ =
        transaction_ != Transaction::recipient && transaction_ != Transaction::chunks;
    if (chunk_bytes_ == 0) {
        end_chunk({}, output);
    } else {
        state_ = State::chunk;
    }
}

std::size_t Session::take_chunk(std::string_view input, std::string& output) {
    if (input.size() < chunk_bytes_) {
        return 0;
    }
    end_chunk(input.substr(0, chunk_bytes_), output);
    return chunk_bytes_;
}

void Session::end_chunk(std::string_view bytes, std::string& output) {
    state_ = State::command;
    if (chunk_is_refused_) {
        refuse("503 5.5.1 no valid recipients\r\n", output);
    } else if (!chunk_is_last_) {
        collected_ += bytes;
        transaction_ = Transaction::chunks;
        output += "250 2.0.0 ok\r\n";
    } else if (collected_.empty()) {
        end_message(bytes, true, output);
    } else {
        collected_ += bytes;
        end_message(collected_, true, output);
    }
}

std::size_t Session::take_content(std::string_view input, std::string& output) {
    if (input.starts_with(".\r\n")) {
        end_message({}, false, output);
        return 3;
    }
    const std::size_t end = input.find(content_end, scanned_);
    if (end == std::string_view::npos) {
        // The end may be cut anywhere.
        scanned_ = input.size() < content_end.size() ? 0 : input.size() - content_end.size() + 1;
        if (input.size() > max_message_bytes) {
            hang_up("552 5.3.4 too large\r\n", output);
        }
        return 0;
    }
    const std::string_view content = input.substr(0, end + line_end.size());
    if (content.starts_with('.') || content.find("\r\n.") != std::string_view::npos) {
        remove_dots(content, collected_);
        end_message(collected_, false, output);
    } else {
        end_message(content, false, output);
    }
    return end + content_end.size();
}

void Session::end_message(std::string_view content, bool in_chunks, std::string& output) {
    const Fault fault = tally_.add(content, recipient_, in_chunks);
    if (fault == Fault::none) {
        output += "250 2.0.0 ok\r\n";
    } else {
        output += "554 5.6.0 ";
        output += name_of(fault);
        output += "\r\n";
    }
    reset();
    state_ = State::command;
}

void Session::reset() {
    transaction_ = Transaction::none;
    collected_.clear();
}

void Session::refuse(std::string_view reply, std::string& output) {
    tally_.add_refusal();
    output += reply;
}

void Session::hang_up(std::string_view reply, std::string& output) {
    refuse(reply, output);
    state_ = State::finished;
}

}  // namespace chatear::bench
